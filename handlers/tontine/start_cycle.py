"""Starting a cycle: what is missing is said; what is complete is confirmed, and then it stands."""

from datetime import datetime, time, timedelta
from uuid import UUID

from markupsafe import Markup

from bot.chat import Chat
from bot.questions import OneOf, YesNo
from core import clock, i18n
from core.money import Money
from handlers.tontine import words
from handlers.tontine.asking import OrderOfTurns
from handlers.tontine.beginning import first_round
from handlers.tontine.people import cut
from handlers.tontine.readiness import next_step, what_is_missing
from handlers.tontine.which import ask_tontine, buttons_for
from tontines.calendar import beginning, latest_draw
from tontines.group_tables import Tontine
from tontines.joining import CycleRunning
from tontines.officers import require_office
from tontines.rotation import Part
from tontines.rules import Order, Rules
from tontines.starting import preview_shares, start_cycle
from tontines.states import MembershipState, Role, TontineState

_SOON, _IN_AN_HOUR, _TONIGHT, _TOMORROW = "soon", "hour", "tonight", "tomorrow"
# Enough for people who sit together, each with a telephone in hand.
_SHORTEST = timedelta(minutes=10)
_EVENING = time(20)


async def start(chat: Chat) -> None:
    """Start a cycle with everybody who takes part."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.PRESIDENT)
    if tontine.state is TontineState.RUNNING:
        raise CycleRunning
    if await what_is_missing(chat.session, tontine, chat.member.language):
        chat.show(await next_step(chat.session, tontine, chat.member))
        return
    await _start(chat, tontine)


async def _start(chat: Chat, tontine: Tontine) -> None:
    language, rules = chat.member.language, tontine.rules
    names = await words.names_of(chat.session, tontine.id)
    shares = [_holders(parts, names) for parts in await preview_shares(chat.session, tontine.id)]
    listed, order, draw = words.folded(language, [Markup("• {}").format(each) for each in shares]), None, None
    if rules.order is Order.FIXED:
        question = OrderOfTurns(len(shares), chat.text("tontine_start.as_listed"))
        order = await chat.ask("order", question, name=tontine.name, shares=_in_order(language, shares))
        listed = _in_order(language, [shares[number - 1] for number in order])
    if rules.order is Order.DRAW:
        draw = await _ask_when_to_draw(chat, tontine)
    asked = await words.people_of(chat.session, tontine.id, MembershipState.ASKED)
    left_out = chat.text("tontine_start.left_out", count=len(asked)) if asked else ""
    draw_at = _draws(rules, clock.now()).get(draw or "")
    begins = beginning(rules, clock.now(), draw_at)
    when = chat.text(f"tontine_start.draw.{draw}") if draw else ""
    agreed = await chat.ask(
        "confirm", YesNo("tontine.button.start"), name=tontine.name, shares=listed, count=len(shares),
        first=first_round(language, rules, begins.opens_at, draw_at), left_out=left_out,
        until=i18n.moment(language, begins.deadline, rules.zone),
        pot=Money(rules.contribution * (len(shares) if rules.beneficiary_contributes else len(shares) - 1)),
        order=chat.text(f"tontine_start.order.{rules.order}", when=when),
    )  # fmt: skip
    if not agreed:
        chat.say("tontine_start.declined")
        return
    await start_cycle(chat.session, tontine.id, by=chat.member.id, order=order, reveal_at=draw_at)
    ways = await buttons_for(chat.session, chat.member, tontine)
    chat.say("tontine_start.done", name=tontine.name, buttons=[[ways.to("tontine", chat.text("tontine.button.open"))]])


async def _ask_when_to_draw(chat: Chat, tontine: Tontine) -> str:
    """How long members have to stir: minutes where they sit together, the evening where they do not."""
    fitting = _draws(tontine.rules, clock.now())
    offered = [(name, chat.text(f"tontine_start.draw_choice.{name}")) for name in fitting]
    return await chat.ask("draw", OneOf(offered, columns=1), name=tontine.name)


def _draws(rules: Rules, now: datetime) -> dict[str, datetime]:
    """The moments offered for the draw, seen from now: none so near that nobody could stir, none too late."""
    today = now.astimezone(rules.time_zone).date()
    moments = {
        _SOON: now + _SHORTEST,
        _IN_AN_HOUR: now + timedelta(hours=1),
        _TONIGHT: datetime.combine(today, _EVENING, rules.time_zone),
        _TOMORROW: datetime.combine(today + timedelta(days=1), _EVENING, rules.time_zone),
    }
    return {name: at for name, at in moments.items() if now + _SHORTEST <= at < latest_draw(rules, now)}


def _in_order(language: str, shares: list[str]) -> Markup:
    return words.folded(language, [Markup("{}. {}").format(place, each) for place, each in enumerate(shares, 1)])


def _holders(parts: tuple[Part, ...], names: dict[UUID, str]) -> str:
    return " + ".join(cut(names[part.membership]) for part in parts)
