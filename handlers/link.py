"""Being one person on several channels: /lier."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import complaints
import identity
import payments
import tontines
from bot import conversation, shortcuts
from bot.chat import Chat, Flow
from bot.dialogue import GO
from bot.questions import OneOf, Question, YesNo
from bot.views import Button
from bot.ways import Ways
from core import clock, i18n
from core.errors import Refusal
from core.events import subscribe
from core.jobs import Jobs, Payload, enqueue
from core.money import Money
from handlers.amounts import available
from handlers.guard_notices import tell_of_address
from members import CODE_LIFE, Member, Tier, WrongCode, has_pin, show_code, try_code, uniting, use_code
from payments import Deposit, Send
from tontines.money_tables import Contribution

LINK = "lk_"
_BRING_OVER = "bring_over"
_SHOW, _TYPE = "show", "type"
# By then whatever had begun in the former member's name, before they were united, has ended.
_SOON = timedelta(minutes=1)


class NotACode(Refusal):
    key = "refusal.link.not_a_code"


class LinkCodeOf(Question[str]):
    """Eight digits, typed in any grouping."""

    _DIGITS = 8

    async def read_text(self, text: str, session: AsyncSession) -> str:
        digits = "".join(text.removeprefix(LINK).split()).replace("-", "")
        if not (digits.isascii() and digits.isdecimal() and len(digits) == self._DIGITS):
            raise NotACode
        return digits

    def told(self, value: str, language: str) -> str:
        return "•••• ••••"


def link(ways: Ways) -> Flow:
    """Show a code to be typed on another channel, or take one from there and become one person."""

    async def run(chat: Chat) -> None:
        if payload := chat.run.hints.pop("payload", None):
            chat.run.hints["code"] = payload
        if "code" not in chat.run.hints and chat.run.answer_to("code") is None:
            names = [(each, str(chat.text(f"link.what.{each}"))) for each in (_SHOW, _TYPE)]
            if await chat.ask("what", OneOf(names, columns=1)) == _SHOW:
                await _show(chat, ways)
                return
        await _take(chat, await chat.ask("code", LinkCodeOf()))

    return run


async def _show(chat: Chat, ways: Ways) -> None:
    code = await show_code(chat.session, chat.member)
    elsewhere = ways.elsewhere(chat.here.channel, f"{LINK}{code}")
    buttons = [[Button(chat.text("button.open_channel", channel=way.title), url=way.url)] for way in elsewhere]
    minutes = CODE_LIFE // timedelta(minutes=1)
    chat.say("link.code", code=f"{code[:4]}\u00a0{code[4:]}", minutes=minutes, buttons=buttons)


async def _take(chat: Chat, code: str) -> None:
    owner = await try_code(chat.session, chat.member, code)
    if isinstance(owner, WrongCode):
        again = Button(chat.text("button.link_again"), data=f"{GO}:link")
        if owner.tries_left:
            chat.say("link.wrong", left=owner.tries_left, buttons=[[again], [_menu(chat)]])
        else:
            chat.say("link.no_more_tries", buttons=[[_menu(chat)]])
        return
    if not await chat.ask("confirm", YesNo("button.link"), name=owner.name):
        chat.say("link.declined", buttons=[[_menu(chat)]])
        return
    kept, given_up = _in_order(owner, chat.member)
    about = chat.text("pin.about.link", name=owner.name)
    for whose in (owner, chat.member):
        # A code that was given away, or an unlocked telephone, must not be enough to take a wallet over.
        if await has_pin(chat.session, whose.id):
            await chat.prove(f"pin_{'own' if whose is chat.member else 'other'}", about, of=whose, name=whose.name)
    brought = await _unite(chat.session, kept, given_up)
    await use_code(chat.session, code)
    await tell_of_address(chat.session, kept, chat.here)
    chat.member = kept
    chat.say("link.done", brought=_brought(kept, brought), balance=await available(chat), buttons=[[_menu(chat)]])


def _in_order(one: Member, other: Member) -> tuple[Member, Member]:
    """Who is kept, and who is given up: we keep whom we know better, else whom we have known for longer."""
    kept, given_up = sorted((one, other), key=lambda each: (each.tier != Tier.IDENTIFIED, each.created_at))
    return kept, given_up


async def _unite(session: AsyncSession, kept: Member, given_up: Member) -> Money:
    """Everything follows, or nothing does: a refusal leaves both as they were."""
    async with session.begin_nested():
        # Before the members: whoever is answered there at this moment holds their conversation, and then needs them.
        await conversation.follow(session, given_up.id, kept.id)
        await uniting.lock_both(session, kept.id, given_up.id)
        await payments.follow(session, given_up.id, kept.id)
        await tontines.follow(session, given_up.id, kept.id)
        await identity.follow(session, given_up.id, kept.id)
        await complaints.follow(session, given_up.id, kept.id)
        await shortcuts.follow(session, given_up.id, kept.id)
        brought = await uniting.unite(session, kept, given_up)
        await enqueue(session, _BRING_OVER, str(given_up.id), {"id": str(given_up.id)}, run_at=clock.now() + _SOON)
    return brought


def register_linking(jobs: Jobs) -> None:
    """Money may still come to who was given up, from what had begun before: it is brought over as well."""
    jobs.in_transaction(_BRING_OVER, _bring_over)
    subscribe(jobs, "deposit.settled", _after_deposit)
    subscribe(jobs, "send.completed", _after_send)
    subscribe(jobs, "contribution.reversed", _after_reversal)


async def _bring_over(session: AsyncSession, payload: Payload) -> None:
    await uniting.bring_over(session, await session.get_one(Member, UUID(payload["id"])))


async def _after_deposit(session: AsyncSession, payload: Payload) -> None:
    deposit = await session.get_one(Deposit, UUID(payload["id"]))
    await _bring_over(session, {"id": str(deposit.member_id)})


async def _after_send(session: AsyncSession, payload: Payload) -> None:
    send = await session.get_one(Send, UUID(payload["id"]))
    await _bring_over(session, {"id": str(send.recipient_id)})


async def _after_reversal(session: AsyncSession, payload: Payload) -> None:
    contribution = await session.get_one(Contribution, UUID(payload["contribution"]))
    await _bring_over(session, {"id": str(contribution.payer_id)})


def _brought(kept: Member, brought: Money) -> str:
    return i18n.text(kept.language, "link.brought", amount=brought) if brought else ""


def _menu(chat: Chat) -> Button:
    return Button(chat.text("button.menu"), data=f"{GO}:start")
