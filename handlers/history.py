"""Everything that came in and went out: /historique."""

from datetime import datetime
from uuid import UUID

from markupsafe import Markup

from bot import shortcuts
from bot.chat import Chat, Flow
from bot.dialogue import GO
from bot.views import Button
from core import i18n
from core.money import Money
from members import Member, member_of
from payments import Cursor, Line, LineKind, Methods, history
from tontines import tontine_of

_PER_PAGE = 5
_WAYS_ON = (("complaint", "complaint"), ("menu", "start"))

_MARKS = {"done": "✅", "pending": "⏳", "failed": "❌", "expired": "⌛", "review": "🔎", "reversed": "↩️"}
_STANDINGS = {
    "settled": "done",
    "completed": "done",
    "failed": "failed",
    "expired": "expired",
    "review": "review",
    "reversed": "reversed",
}


def history_of(methods: Methods) -> Flow:
    """Page through all operations, newest first, those under way too."""

    async def run(chat: Chat) -> None:
        token = chat.run.hints.get("before")
        page = await history(chat.session, chat.member.id, _cursor(token), _PER_PAGE)
        turning: list[Button] = []
        if token:
            turning.append(Button(chat.text("button.newest"), data=await _page(chat, None)))
        if page.before is not None:
            turning.append(Button(chat.text("button.older"), data=await _page(chat, page.before)))
        if not page.lines:
            chat.say("history.empty", buttons=[[Button(chat.text("button.deposit"), data=f"{GO}:deposit")]])
            return
        lines = [await _line(chat, methods, line) for line in page.lines]
        home = [Button(chat.text(f"button.{flow}"), data=f"{GO}:{to}") for flow, to in _WAYS_ON]
        chat.say(
            "history.page", lines=Markup("\n\n").join(lines), buttons=[row for row in (turning, home) if row],
            in_place="page" in chat.run.hints,
        )  # fmt: skip

    return run


async def with_whom(chat: Chat, methods: Methods, line: Line) -> str:
    """The operator, the other member, or the tontine."""
    if line.counterparty_id is not None:
        return (await chat.session.get_one(Member, line.counterparty_id)).name
    if line.owner is not None:
        return await _called(chat, line.owner)
    return methods.name_of(line.method) if line.method else ""


async def _page(chat: Chat, before: Cursor | None) -> str:
    cursor = f"{before.at.isoformat()}|{before.id}" if before else ""
    return await shortcuts.shortcut(chat.session, chat.member.id, "history", {"before": cursor, "page": "yes"})


def _cursor(token: str | None) -> Cursor | None:
    if not token:
        return None
    at, _, id_ = token.partition("|")
    return Cursor(datetime.fromisoformat(at), UUID(id_))


async def _line(chat: Chat, methods: Methods, line: Line) -> Markup:
    standing = _STANDINGS.get(line.state, "pending")
    if line.kind in {LineKind.DEPOSIT_REVERSAL, LineKind.PAYOUT_REVERSAL}:
        standing = "done"
    sign = "+" if line.amount.amount > 0 else "−"
    amount = Money(abs(line.amount.amount), line.amount.currency)
    return chat.text(
        "history.line" if line.reference else "history.moved",
        mark=_MARKS[standing],
        amount=f"{sign} {i18n.amount(amount)}",
        what=chat.text(f"history.kind.{line.kind.value}", note=await with_whom(chat, methods, line)),
        at=i18n.short_moment(chat.member.language, line.at, chat.member.time_zone),
        state=chat.text(f"history.state.{standing}"),
        reference=line.reference,
    )


async def _called(chat: Chat, owner: str) -> str:
    """Whose account it is, where that is a tontine or a member; the house has no name here."""
    if (other := member_of(owner)) is not None:
        return (await chat.session.get_one(Member, other)).name
    tontine = await tontine_of(chat.session, owner)
    return tontine.name if tontine else ""
