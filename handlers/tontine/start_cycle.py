"""Starting a cycle: what is missing is said; what is complete is confirmed, and then it stands."""

from datetime import datetime, time, timedelta
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.questions import OneOf, YesNo
from core import clock, i18n
from core.money import Money
from handlers.tontine import words
from handlers.tontine.asking import OrderOfTurns
from handlers.tontine.people import cut
from handlers.tontine.which import ask_tontine, buttons_for
from tontines.accounts import caution_account, francs_on
from tontines.calendar import opens_at
from tontines.charter import has_accepted
from tontines.group_tables import Membership, Tontine
from tontines.joining import CycleRunning
from tontines.officers import officers_of, require_office
from tontines.rotation import HalfWithoutPair, Part
from tontines.rules import Order, Rules
from tontines.starting import SHARES_AT_LEAST, preview_shares, start_cycle
from tontines.states import MembershipState, Role, TontineState

_IN_AN_HOUR, _TONIGHT, _TOMORROW = "hour", "tonight", "tomorrow"
_EVENING = time(20)
# The last moment at which a draw is revealed before the first round opens.
_BEFORE_FIRST_ROUND = timedelta(minutes=30)


async def start(chat: Chat) -> None:
    """Start a cycle with everybody who takes part."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.PRESIDENT)
    if tontine.state is TontineState.RUNNING:
        raise CycleRunning
    ways = await buttons_for(chat.session, chat.member, tontine)
    missing = await what_is_missing(chat.session, tontine, chat.member.language)
    if missing:
        rows = [[ways.to("tontine_appoint", chat.text("office.act.tontine_appoint"))],
                [ways.to("tontine_askings", chat.text("office.act.tontine_askings"))],
                [ways.to("tontine_rules", chat.text("office.act.tontine_rules"))]]  # fmt: skip
        lines = Markup("\n").join(Markup("▫️ {}").format(line) for line in missing)
        chat.say("tontine_start.missing", name=tontine.name, missing=lines, buttons=rows)
        return
    await _start(chat, tontine)


async def what_is_missing(session: AsyncSession, tontine: Tontine, language: str) -> list[Markup]:
    """All that keeps a cycle from starting, in words."""
    rules = tontine.rules
    missing = []
    if opens_at(rules, 1) <= clock.now():
        missing.append(i18n.text(language, "tontine_start.lacks.start", day=words.day(language, rules.starts_on)))
    held = await officers_of(session, tontine.id)
    missing += [
        i18n.text(language, f"tontine_start.lacks.{role}")
        for role in (Role.PRESIDENT, Role.TREASURER)
        if role not in held
    ]
    missing += await _missing_shares(session, tontine, language)
    approved = await words.people_of(session, tontine.id, MembershipState.APPROVED)
    if approved:
        who = [cut(member.name) for _, member in approved]
        missing.append(i18n.text(language, "tontine_start.lacks.charter", who=who))
    taking_part = [each for each in await words.people_of(session, tontine.id) if each[0].renews]
    for key, who in (
        ("charter", [member.name for each, member in taking_part if not await has_accepted(session, tontine, each.id)]),
        ("caution", [member.name for each, member in taking_part if await _lacks_caution(session, rules, each)]),
    ):
        if who:
            amount = Money(rules.caution)
            missing.append(
                i18n.text(language, f"tontine_start.lacks.{key}", who=[cut(name) for name in who], amount=amount)
            )
    return missing


async def _start(chat: Chat, tontine: Tontine) -> None:
    language, rules = chat.member.language, tontine.rules
    names = await words.names_of(chat.session, tontine.id)
    shares = [_holders(parts, names) for parts in await preview_shares(chat.session, tontine.id)]
    listed = _in_order(language, shares)
    order = reveal_at = None
    if rules.order is Order.FIXED:
        question = OrderOfTurns(len(shares), chat.text("tontine_start.as_listed"))
        order = await chat.ask("order", question, name=tontine.name, shares=listed)
    if rules.order is Order.DRAW:
        reveal_at = await _ask_reveal(chat, tontine)
    arranged = listed if order is None else _in_order(language, [shares[number - 1] for number in order])
    asked = await words.people_of(chat.session, tontine.id, MembershipState.ASKED)
    left_out = chat.text("tontine_start.left_out", count=len(asked)) if asked else ""
    agreed = await chat.ask(
        "confirm", YesNo("tontine.button.start"), name=tontine.name, shares=arranged, count=len(shares),
        start=words.day(language, rules.starts_on), left_out=left_out,
        pot=Money(rules.contribution * (len(shares) if rules.beneficiary_contributes else len(shares) - 1)),
        order=chat.text(f"tontine.order.{rules.order}"),
    )  # fmt: skip
    if not agreed:
        chat.say("tontine_start.declined")
        return
    await start_cycle(chat.session, tontine.id, by=chat.member.id, order=order, reveal_at=reveal_at)
    ways = await buttons_for(chat.session, chat.member, tontine)
    chat.say("tontine_start.done", name=tontine.name, buttons=[[ways.to("tontine", chat.text("tontine.button.open"))]])


async def _ask_reveal(chat: Chat, tontine: Tontine) -> datetime:
    """When the draw is revealed: soon, or in the evening; before the first round opens in any case."""
    first, zone = opens_at(tontine.rules, 1), tontine.rules.time_zone
    now = clock.now()
    today = now.astimezone(zone).date()
    moments = {
        _IN_AN_HOUR: now + timedelta(hours=1),
        _TONIGHT: datetime.combine(today, _EVENING, zone),
        _TOMORROW: datetime.combine(today + timedelta(days=1), _EVENING, zone),
    }
    fitting = {name: at for name, at in moments.items() if now + timedelta(minutes=10) < at < first}
    if not fitting:
        fitting = {_IN_AN_HOUR: max(now + (first - now) / 2, first - _BEFORE_FIRST_ROUND)}
    offered = [(name, i18n.moment(chat.member.language, at, tontine.rules.zone)) for name, at in fitting.items()]
    chosen = await chat.ask("reveal", OneOf(offered, columns=1), name=tontine.name)
    return await chat.once("reveal_at", datetime, lambda: _value(fitting.get(chosen) or next(iter(fitting.values()))))


async def _missing_shares(session: AsyncSession, tontine: Tontine, language: str) -> list[Markup]:
    try:
        count = len(await preview_shares(session, tontine.id))
    except HalfWithoutPair as refusal:
        names = await words.names_of(session, tontine.id)
        alone = names[UUID(str(refusal.params["member"]))]
        return [i18n.text(language, "tontine_start.lacks.half", who=cut(alone))]
    if count < SHARES_AT_LEAST:
        return [i18n.text(language, "tontine_start.lacks.shares", at_least=SHARES_AT_LEAST)]
    return []


async def _lacks_caution(session: AsyncSession, rules: Rules, membership: Membership) -> bool:
    if not rules.caution:
        return False
    held = await francs_on(session, await caution_account(session, membership.id))
    return held < rules.part(rules.caution, membership.halves)


def _in_order(language: str, shares: list[str]) -> Markup:
    return words.folded(language, [Markup("{}. {}").format(place, each) for place, each in enumerate(shares, 1)])


def _holders(parts: tuple[Part, ...], names: dict[UUID, str]) -> str:
    return " + ".join(cut(names[part.membership]) for part in parts)


async def _value(value: datetime) -> datetime:
    return value
