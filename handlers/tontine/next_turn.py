"""The next turn where bids or needs decide it: what /tour and /tontine say of it, and the way to have one's say."""

from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.views import Button
from core import i18n
from core.money import Money
from handlers.tontine.auction import BID, standing
from handlers.tontine.needs import NEED, NEEDS
from handlers.tontine.shares import expected_pot, holders_said
from handlers.tontine.which import Ways, roles_of
from members import Member
from tontines import (
    Cycle,
    Membership,
    Order,
    Round,
    RoundState,
    Tontine,
    auction_of,
    bid_of,
    needs_of,
    next_to_decide,
    rounds_of,
    running_cycle,
    turns_of,
)
from tontines.cycles import NoCycle
from tontines.officers import DECIDING
from tontines.undecided import NoTurnToDecide, holdings_waiting


@dataclass(frozen=True, slots=True)
class NextTurn:
    """A round that has not opened, in a cycle whose turns bids or needs decide; perhaps it has its turn already."""

    cycle: Cycle
    round: Round
    is_decided: bool

    @property
    def is_auction(self) -> bool:
        return self.cycle.rules.order is Order.AUCTION


async def next_turn(session: AsyncSession, tontine: Tontine) -> NextTurn | None:
    """The next round whose turn is decided so, or was; None where there is nothing to say about it."""
    try:
        cycle = await running_cycle(session, tontine.id)
    except NoCycle:
        return None
    if cycle.rules.order is Order.NEED:
        taken = {turn.position for turn in await turns_of(session, cycle.id)}
        coming = [each for each in await rounds_of(session, cycle.id) if each.state is RoundState.SCHEDULED]
        if coming and coming[0].number in taken:
            return NextTurn(cycle, coming[0], is_decided=True)
    to_decide = await next_to_decide(session, cycle)
    return NextTurn(cycle, to_decide, is_decided=False) if to_decide is not None else None


async def said_of(session: AsyncSession, coming: NextTurn, tontine: Tontine, language: str, zone: str) -> Markup:
    """The next turn in words: who leads the bids, until when a need may be said, or who was put first."""
    when = i18n.moment(language, coming.round.opens_at, zone)
    facts = {"tontine": tontine.name, "number": coming.round.number}
    if coming.is_auction:
        stands = await standing(session, language, coming.cycle, await auction_of(session, coming.round.id))
        halves = i18n.text(language, "auction.halves") if coming.cycle.rules.half_shares else Markup()
        pot = await expected_pot(session, coming.cycle)
        return i18n.text(language, "auction.card", standing=stands, halves=halves, pot=pot, until=when, **facts)
    if coming.is_decided:
        turns = {turn.position: turn.share_id for turn in await turns_of(session, coming.cycle.id)}
        who = await holders_said(session, coming.cycle, turns[coming.round.number])
        return i18n.text(language, "needs.next", who=who, when=when, **facts)
    return i18n.text(language, "need.card", until=when, **facts)


async def my_say(session: AsyncSession, member: Member, coming: NextTurn, membership: Membership) -> list[Markup]:
    """What this member has said so far about the next turn."""
    round_ = await next_to_decide(session, coming.cycle)
    if round_ is None or not await waits(session, coming.cycle, membership):
        return []
    facts = {"number": round_.number, "until": i18n.moment(member.language, round_.opens_at, member.time_zone)}
    if coming.is_auction:
        auction = await auction_of(session, coming.round.id)
        bid = await bid_of(session, coming.round.id, membership.id)
        best = Money(auction.price)
        if bid is None:
            key = "auction.mine_none" if best else "auction.mine_first"
            return [i18n.text(member.language, key, best=best, **facts)]
        return [i18n.text(member.language, "auction.mine", bid=bid, best=best, **facts)]
    mine = {part.share_id for part in await holdings_waiting(session, coming.cycle.id, membership.id)}
    has_said = any(each.share_id in mine for each in await needs_of(session, coming.cycle.id))
    return [i18n.text(member.language, "need.mine" if has_said else "need.mine_none", **facts)]


async def ways_to_say(chat: Chat, ways: Ways, coming: NextTurn, membership: Membership) -> list[list[Button]]:
    """The buttons by which this member bids, says a need, or decides about needs."""
    rows: list[list[Button]] = []
    if await next_to_decide(chat.session, coming.cycle) is None:
        return rows
    if await waits(chat.session, coming.cycle, membership):
        flow = BID if coming.is_auction else NEED
        rows.append([ways.to(flow, chat.text(f"button.{flow}"))])
    if not coming.is_auction and set(DECIDING) & set(await roles_of(chat.session, membership)):
        rows.append([ways.to(NEEDS, chat.text("button.decide_need"))])
    return rows


async def waits(session: AsyncSession, cycle: Cycle, membership: Membership) -> bool:
    """Whether a share of this member has no turn yet."""
    try:
        await holdings_waiting(session, cycle.id, membership.id)
    except NoTurnToDecide:
        return False
    return True
