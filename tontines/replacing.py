"""Replacing a leaver: a successor buys in and takes over all that the leaver holds, what is owed with it."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from members.wallets import member_account, refuse_taking_out
from tontines.accounts import pay_wallet
from tontines.cash import NotYours
from tontines.chain import write_line
from tontines.closing import return_advance
from tontines.cycle_tables import Cycle, Holding, Share
from tontines.cycles import running_cycle
from tontines.decision_tables import Replacement
from tontines.events import tell
from tontines.group import active_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Guarantee, Membership, Tontine
from tontines.leaving import had_a_turn, say_goodbye
from tontines.money_tables import Due, Receipt
from tontines.officers import refuse_while_in_office
from tontines.states import DecisionState


class NothingToReplace(Refusal):
    """They hold no share of the running cycle."""

    key = "refusal.tontine.nothing_to_replace"


class GuarantorOnly(Refusal):
    """After one's turn only one's guarantor takes over, for what is left is a debt."""

    key = "refusal.tontine.guarantor_only"


async def offer_replacement(
    session: AsyncSession, tontine_id: UUID, leaver_id: UUID, successor_id: UUID, *, key: str
) -> Replacement:
    """A member offers all that they hold to another active member; after their turn, to their guarantor alone.

    The same key again gives the first offer back. Raises NotAMember, NotActive, NothingToReplace, GuarantorOnly,
    NoCycle.
    """
    tontine = await lock_tontine(session, tontine_id)
    known = await fresh(session, select(Replacement).where(Replacement.key == key))
    if known:
        return known[0]
    leaver = await active_membership(session, tontine_id, leaver_id)
    successor = await active_membership(session, tontine_id, successor_id)
    cycle = await running_cycle(session, tontine_id)
    if leaver.id == successor.id or not await _holdings(session, cycle, leaver):
        raise NothingToReplace
    await _refuse_strangers_after_turn(session, cycle, leaver, successor)
    offer = Replacement(
        id=new_id(), key=key, tontine_id=tontine_id, leaver_id=leaver.id, successor_id=successor.id,
        price=await _price(session, cycle, leaver), state=DecisionState.ASKED, created_at=clock.now(),
    )  # fmt: skip
    session.add(offer)
    await session.flush()
    await tell(session, "replacement.offered", tontine.id, replacement=offer.id, member=leaver.id)
    return offer


async def answer_replacement(session: AsyncSession, replacement_id: UUID, *, by: UUID, accept: bool) -> Replacement:
    """The successor buys in, for what the leaver has paid into the cycle so far, or declines. A second answer is none.

    Raises NotYours, GuarantorOnly, OfficeHeld, MemberFrozen, DebtOutstanding, ledger.InsufficientFunds.
    """
    offer = await session.get_one(Replacement, replacement_id)
    tontine = await lock_tontine(session, offer.tontine_id)
    offer = await fresh_one(session, Replacement, replacement_id)
    successor = await active_membership(session, tontine.id, by)
    if successor.id != offer.successor_id:
        raise NotYours
    if offer.state is not DecisionState.ASKED:
        return offer
    if not accept:
        offer.state = DecisionState.REFUSED
        await tell(session, "replacement.refused", tontine.id, replacement=offer.id)
        return offer
    # A refusal is an answer in a dialogue whose transaction goes on: nothing may be half handed over.
    async with session.begin_nested():
        await _hand_over(session, tontine, offer, successor)
    return offer


async def _hand_over(session: AsyncSession, tontine: Tontine, offer: Replacement, successor: Membership) -> None:
    cycle = await running_cycle(session, tontine.id)
    leaver = await fresh_one(session, Membership, offer.leaver_id)
    await _refuse_strangers_after_turn(session, cycle, leaver, successor)
    await refuse_while_in_office(session, leaver)
    # The rounds have gone on since the offer: the price is what has been paid by now.
    offer.price, offer.state = await _price(session, cycle, leaver), DecisionState.GRANTED
    if offer.price:
        await refuse_taking_out(session, successor.member_id)
        wallet = await member_account(session, successor.member_id)
        await pay_wallet(session, wallet, leaver.member_id, offer.price, "buy_in")
    for holding in await _holdings(session, cycle, leaver):
        holding.membership_id = successor.id
    await session.flush()
    await return_advance(session, tontine, leaver)
    await write_line(
        session, tontine, "replacement.done", member=leaver.id, successor=successor.id, price=offer.price
    )  # fmt: skip
    await say_goodbye(session, tontine, leaver)
    await tell(session, "replacement.done", tontine.id, replacement=offer.id, member=leaver.id)


async def _refuse_strangers_after_turn(
    session: AsyncSession, cycle: Cycle, leaver: Membership, successor: Membership
) -> None:
    if not await had_a_turn(session, cycle, leaver.id):
        return
    guarantee = await session.get(Guarantee, leaver.id, populate_existing=True)
    stands = guarantee is not None and guarantee.state is DecisionState.GRANTED
    if not stands or guarantee is None or guarantee.guarantor_id != successor.id:
        raise GuarantorOnly


async def _price(session: AsyncSession, cycle: Cycle, leaver: Membership) -> int:
    """What the leaver's parts have paid into the cycle, less what they have received; never below nothing."""
    holdings = [holding.id for holding in await _holdings(session, cycle, leaver)]
    paid = select(func.coalesce(func.sum(Due.paid), 0)).where(Due.holding_id.in_(holdings))
    received = select(func.coalesce(func.sum(Receipt.amount - Receipt.taken_back), 0)).where(
        Receipt.holding_id.in_(holdings)
    )
    return max(0, int(await session.scalar(paid) or 0) - int(await session.scalar(received) or 0))


async def _holdings(session: AsyncSession, cycle: Cycle, member: Membership) -> list[Holding]:
    theirs = select(Holding).join(Share, Share.id == Holding.share_id)
    return await fresh(session, theirs.where(Share.cycle_id == cycle.id, Holding.membership_id == member.id))
