"""Saying that something is wrong, and reading how it stands: /reclamation."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from markupsafe import Markup
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

import complaints
from bot import shortcuts
from bot.chat import Chat, Flow
from bot.dialogue import GO, NAMED
from bot.questions import OneOf, Option, Question
from bot.views import Button
from complaints import Category, Complaint, ComplaintState, Subject
from core import i18n
from core.errors import Refusal
from core.money import Money
from handlers.history import with_whom
from members import Member
from payments import Line, LineKind, Methods, history, payment_referred_to

_NEW, _SOMETHING_ELSE = "new", "-"
_OFFERED = 6
_SHOWN_NOTES = 4
_MARKS = {ComplaintState.OPEN: "🟠", ComplaintState.ANSWERED: "🔵", ComplaintState.CLOSED: "✅"}
_COMMON = (Category.WRONG_AMOUNT, Category.NOT_ME, Category.OTHER)
_CATEGORIES: dict[str | None, tuple[Category, ...]] = {
    "deposit": (Category.NOT_CREDITED, *_COMMON),
    "payout": (Category.NOT_RECEIVED, *_COMMON),
    "send": (Category.WRONG_PERSON, *_COMMON),
    None: (Category.NOT_ME, Category.OTHER),
}
_KINDS = {LineKind.DEPOSIT: "deposit", LineKind.PAYOUT: "payout", LineKind.SENT: "send", LineKind.RECEIVED: "send"}


class NoSuchPayment(Refusal):
    key = "refusal.complaint.no_such_payment"


@dataclass(frozen=True, slots=True)
class About:
    """What the complaint is about: one of the member's transactions, or nothing of the sort."""

    kind: str | None = None
    id: UUID | None = None
    reference: str | None = None

    @property
    def subject(self) -> Subject | None:
        if self.kind is None or self.id is None or self.reference is None:
            return None
        return Subject(self.kind, self.id, self.reference)


class PaymentOf(Question[About]):
    """One of the member's own transactions: chosen from the newest, or named by its reference."""

    columns = 1
    _ADAPTER: ClassVar = TypeAdapter(About)

    def __init__(self, member: Member, offered: list[tuple[str, About]], otherwise: str) -> None:
        self._member = member
        self._offered = offered
        self._otherwise = otherwise

    def options(self, language: str) -> list[Option]:
        known = [Option(label, self.dump(about)) for label, about in self._offered]
        return [*known, Option(self._otherwise, self.dump(About()))]

    async def read_text(self, text: str, session: AsyncSession) -> About:
        found = await payment_referred_to(session, self._member.id, text)
        if found is None:
            raise NoSuchPayment
        return About(*found)

    def dump(self, value: About) -> Any:
        return self._ADAPTER.dump_python(value, mode="json")

    def load(self, saved: Any) -> About:
        return self._ADAPTER.validate_python(saved)

    def told(self, value: About, language: str) -> str:
        return value.reference or self._otherwise


class WordsOf(Question[str]):
    """What somebody has to say, in their own words."""

    is_in_own_words = True

    async def read_text(self, text: str, session: AsyncSession) -> str:
        return complaints.checked_words(text)


def complain(methods: Methods, country: str) -> Flow:
    """Open a complaint, answer in one, or read how they stand; deadlines are by the holidays of `country`."""

    async def run(chat: Chat) -> None:
        if reference := chat.run.hints.get("complaint"):
            await _show_named(chat, reference)
            return
        mine = await complaints.complaints_of(chat.session, chat.member.id)
        if mine and "payment" not in chat.run.hints and chat.run.answer_to("payment") is None:
            chosen = await chat.ask("which", _which(chat, mine), lines=_lines(chat, mine))
            if chosen != _NEW:
                await _show_named(chat, chosen)
                return
        about = await chat.ask("payment", await _payments(chat, methods))
        names = [(each.value, str(chat.text(f"complaint.category.{each.value}"))) for each in _CATEGORIES[about.kind]]
        category = Category(await chat.ask("category", OneOf(names, columns=1)))
        words = await chat.ask("words", WordsOf())
        complaint = await complaints.complain(
            chat.session, chat.member, category, words, key=str(chat.run_id), country=country, subject=about.subject
        )
        chat.say(
            "complaint.opened", subject=f"complaint:{complaint.id}", buttons=[[_menu(chat)]],
            **facts(chat.member, complaint),
        )  # fmt: skip

    return run


async def reply(chat: Chat) -> None:
    """Say something more in a complaint; a button leads here."""
    complaint = await _own(chat, chat.run.hints.get("complaint"))
    if complaint is None:
        chat.say("complaint.none", buttons=[[_menu(chat)]])
        return
    words = await chat.ask("words", WordsOf(), text="complaint.ask.more", reference=complaint.reference)
    await complaints.say_more(chat.session, complaint, words)
    chat.say("complaint.more_noted", buttons=[[_menu(chat)]], **facts(chat.member, complaint))


async def settled(chat: Chat) -> None:
    """The member says that their complaint is settled; a button leads here."""
    complaint = await _own(chat, chat.run.hints.get("complaint"))
    if complaint is None:
        chat.say("complaint.none", buttons=[[_menu(chat)]])
        return
    await complaints.withdraw(chat.session, complaint)
    chat.say("complaint.withdrawn", buttons=[[_menu(chat)]], reference=complaint.reference)


def facts(member: Member, complaint: Complaint) -> dict[str, Any]:
    """What every sentence about a complaint may say."""
    about = complaint.about_reference
    return {
        "reference": complaint.reference,
        "payment": i18n.text(member.language, "complaint.about", reference=about) if about else "",
        "category": i18n.text(member.language, f"complaint.category.{complaint.category.value}"),
        "answer_by": i18n.moment(member.language, complaint.answer_by, member.time_zone),
        "end_by": i18n.moment(member.language, complaint.end_by, member.time_zone),
    }


async def answering_buttons(session: AsyncSession, member: Member, complaint: Complaint) -> list[list[Button]]:
    """What a member can do in a complaint that is not over."""
    hints = {"complaint": complaint.reference}
    return [
        [
            Button(
                i18n.text(member.language, f"button.{flow}"),
                data=await shortcuts.shortcut(session, member.id, flow, hints),
            )
            for flow in ("complaint_reply", "complaint_settled")
        ]
    ]  # fmt: skip


def report_button(member: Member, reference: str) -> Button:
    """A button under a receipt: something is wrong with this very transaction."""
    return Button(i18n.text(member.language, "button.complaint"), data=f"{GO}:complaint:{NAMED}{reference}")


async def _show_named(chat: Chat, reference: str) -> None:
    complaint = await _own(chat, reference)
    if complaint is None:
        chat.say("complaint.none", buttons=[[_menu(chat)]])
        return
    said = (await complaints.notes_of(chat.session, complaint.id))[-_SHOWN_NOTES:]
    notes = [
        chat.text(
            f"complaint.note.{each.author.value}", words=each.words,
            at=i18n.short_moment(chat.member.language, each.at, chat.member.time_zone),
        )
        for each in said
    ]  # fmt: skip
    is_over = complaint.state is ComplaintState.CLOSED
    buttons = [] if is_over else await answering_buttons(chat.session, chat.member, complaint)
    chat.say(
        "complaint.is", mark=_MARKS[complaint.state], state=_state(chat, complaint), notes=Markup("\n\n").join(notes),
        buttons=[*buttons, [_menu(chat)]], **facts(chat.member, complaint),
    )  # fmt: skip


def _which(chat: Chat, mine: list[Complaint]) -> OneOf:
    names = [(each.reference, f"{_MARKS[each.state]} {each.reference}") for each in mine]
    return OneOf([(_NEW, str(chat.text("complaint.new"))), *names], columns=1)


def _lines(chat: Chat, mine: list[Complaint]) -> Markup:
    lines = [
        chat.text("complaint.line", mark=_MARKS[each.state], state=_state(chat, each), **facts(chat.member, each))
        for each in mine
    ]
    return Markup("\n\n").join(lines)


def _state(chat: Chat, complaint: Complaint) -> str:
    if complaint.outcome is not None:
        return chat.text(f"complaint.outcome.{complaint.outcome.value}")
    state = (
        complaint.state.value if complaint.state is ComplaintState.ANSWERED or not complaint.answered_at else "again"
    )
    return chat.text(f"complaint.state.{state}", **facts(chat.member, complaint))


async def _payments(chat: Chat, methods: Methods) -> PaymentOf:
    page = await history(chat.session, chat.member.id, limit=_OFFERED)
    offered = [
        (await _label(chat, methods, line), About(_KINDS[line.kind], line.id, line.reference))
        for line in page.lines
        if line.kind in _KINDS
    ]
    return PaymentOf(chat.member, offered, str(chat.text("complaint.something_else")))


async def _label(chat: Chat, methods: Methods, line: Line) -> str:
    """`5 000 F · Recharge Wave · 22/11 14:05`"""
    note = await with_whom(chat, methods, line)
    amount = i18n.amount(Money(abs(line.amount.amount), line.amount.currency))
    what = chat.text(f"history.kind.{line.kind.value}", note=note).striptags()
    return f"{amount} · {what} · {i18n.short_moment(chat.member.language, line.at, chat.member.time_zone)}"


async def _own(chat: Chat, reference: str | None) -> Complaint | None:
    """Nobody reads or answers in somebody else's."""
    found = await complaints.complaint_named(chat.session, reference) if reference else None
    return found if found is not None and found.member_id == chat.member.id else None


def _menu(chat: Chat) -> Button:
    return Button(chat.text("button.menu"), data=f"{GO}:start")
