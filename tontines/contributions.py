"""Contributing from a wallet: at once, for oneself or for somebody else, all or a part of what is owed, or early.

What the wallet cannot pay yet may wait there: it pays itself when a deposit arrives.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core import clock
from core.errors import Refusal
from core.ids import new_id
from core.money import Money
from members import wallet_owner
from members.wallets import member_account, refuse_taking_out
from tontines.accounts import advance_account, francs_on
from tontines.allotting import allot
from tontines.cycles import NoCycle, running_cycle
from tontines.dues import dues_owed, still_to_come
from tontines.events import tell
from tontines.group import NotAMember, find_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Guarantee, Membership, Tontine
from tontines.money_tables import Contribution
from tontines.paying import pay_on
from tontines.states import ContributionState, Source

# Who tops up does so soon; money that arrives weeks later is not to go without being asked again.
_WAITS_FOR = timedelta(days=3)


class NothingOwed(Refusal):
    """Nothing is owed, and nothing can be paid early."""

    key = "refusal.tontine.nothing_owed"


class MoreThanIsLeft(Refusal):
    """More than all that this member will ever owe in the cycle. Params: `at_most` (Money)."""

    key = "refusal.tontine.more_than_is_left"


class KeyReused(Exception):
    """A fault of ours: the key already stands for something else."""


async def contribute(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, *, payer_id: UUID, key: str
) -> Contribution:
    """Pay `amount` from the payer's wallet for a member: the oldest debt first, then what is due, then early.

    The same key again gives the first contribution back. Raises ledger.InsufficientFunds, MemberFrozen,
    DebtOutstanding, NotAMember, NothingOwed, MoreThanIsLeft; then nothing was written. Raises KeyReused where the key
    came with other terms.
    """
    tontine, known = await _locked(session, tontine_id, member_id, amount, payer_id=payer_id, key=key)
    if known is not None and known.state is not ContributionState.WAITING:
        return known
    if known is None:
        await refuse_taking_out(session, payer_id)
        await _check_amount(session, tontine_id, member_id, amount.amount)
    # A refusal is an answer in a dialogue whose transaction goes on: the row must not stay behind without its money.
    async with session.begin_nested():
        if known is None:
            known = await _write(
                session, tontine, member_id, amount.amount, payer_id=payer_id, key=key, source=Source.WALLET
            )
        touched = await allot(session, tontine, known, await member_account(session, payer_id))
        await pay_on(session, tontine, touched)
    return known


async def contribute_when_funded(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, *, payer_id: UUID, key: str
) -> Contribution:
    """The same, but what the payer's wallet cannot pay now waits three days for a deposit instead of being refused."""
    try:
        return await contribute(session, tontine_id, member_id, amount, payer_id=payer_id, key=key)
    except ledger.InsufficientFunds:
        tontine, known = await _locked(session, tontine_id, member_id, amount, payer_id=payer_id, key=key)
    if known is None:
        known = await _write(
            session, tontine, member_id, amount.amount, payer_id=payer_id, key=key, source=Source.WALLET
        )
        known.lapses_at = clock.now() + _WAITS_FOR
        await _tell_waiting(session, known)
    return known


async def wait_for_guarantor(
    session: AsyncSession, tontine: Tontine, debtor: Membership, guarantor: Membership, amount: int
) -> Contribution:
    """Ask a guarantor's wallet for what they answer for: paid at once if it can, else as soon as it can."""
    contribution = await _write(
        session, tontine, debtor.member_id, amount, payer_id=guarantor.member_id, key=f"guarantee:{new_id()}",
        source=Source.GUARANTOR,
    )  # fmt: skip
    if await _try(session, contribution.id) is None:
        await _tell_waiting(session, contribution)
    return contribution


async def pay_waiting(session: AsyncSession, member_id: UUID) -> list[Contribution]:
    """Pay what waits for this person's wallet, the oldest first: to be called when money has arrived in it.

    Gives those that were paid. What no longer is owed, or has waited too long, lapses.
    """
    mine = select(Contribution).where(
        Contribution.payer_id == member_id, Contribution.state == ContributionState.WAITING
    )
    waiting = await fresh(session, mine.order_by(Contribution.tontine_id, Contribution.created_at, Contribution.id))
    return [paid for each in waiting if (paid := await _try(session, each.id)) is not None]


async def waiting_of(session: AsyncSession, member_id: UUID) -> list[Contribution]:
    """What waits for this person's wallet, the oldest first."""
    mine = select(Contribution).where(
        Contribution.payer_id == member_id, Contribution.state == ContributionState.WAITING
    )
    return await fresh(session, mine.order_by(Contribution.created_at, Contribution.id))


async def contributions_of(session: AsyncSession, membership_id: UUID) -> list[Contribution]:
    """All that was paid for a member, or is about to be, by whomever, the oldest first: their own statement."""
    theirs = select(Contribution).where(Contribution.membership_id == membership_id)
    return await fresh(session, theirs.order_by(Contribution.created_at, Contribution.id))


async def cancel_waiting(session: AsyncSession, contribution_id: UUID, *, by: UUID) -> Contribution:
    """The payer thinks again: it waits no more. What was paid meanwhile stays paid; a guarantor's call stays too."""
    contribution = await session.get_one(Contribution, contribution_id)
    await lock_tontine(session, contribution.tontine_id)
    contribution = await fresh_one(session, Contribution, contribution_id)
    is_theirs = contribution.payer_id == by and contribution.source is Source.WALLET
    if is_theirs and contribution.state is ContributionState.WAITING:
        await _lapse(session, contribution)
    return contribution


async def _try(session: AsyncSession, contribution_id: UUID) -> Contribution | None:
    """Pay a waiting contribution if it still has a reason and the wallet has the money."""
    tontine_id = (await session.get_one(Contribution, contribution_id)).tontine_id
    tontine = await lock_tontine(session, tontine_id)
    contribution = await fresh_one(session, Contribution, contribution_id)
    if contribution.state is not ContributionState.WAITING:
        return None
    dues = await dues_owed(session, contribution.membership_id)
    owed = sum(due.outstanding for due in dues)
    lapsed = contribution.lapses_at is not None and clock.now() >= contribution.lapses_at
    if not owed or lapsed:
        await _lapse(session, contribution)
        return None
    if not await _can_pay(session, contribution.payer_id, min(owed, contribution.amount)):
        return None
    async with session.begin_nested():
        await _lower(session, contribution, min(owed, contribution.amount))
        touched = await allot(
            session, tontine, contribution, await member_account(session, contribution.payer_id), dues
        )
        await pay_on(session, tontine, touched)
    return contribution


async def _can_pay(session: AsyncSession, payer_id: UUID, amount: int) -> bool:
    try:
        await refuse_taking_out(session, payer_id)
    except Refusal:
        return False
    wallet = await ledger.account(session, wallet_owner(payer_id), ledger.AccountKind.WALLET)
    return wallet is not None and await francs_on(session, wallet.id) >= amount


async def _lower(session: AsyncSession, contribution: Contribution, amount: int) -> None:
    """Part of it was paid otherwise while it waited; a guarantor is then called for less."""
    if contribution.source is Source.GUARANTOR:
        guarantee = await session.get_one(Guarantee, contribution.membership_id, populate_existing=True)
        guarantee.called -= contribution.amount - amount
    contribution.amount = amount


async def _lapse(session: AsyncSession, contribution: Contribution) -> None:
    contribution.state = ContributionState.LAPSED
    if contribution.source is Source.GUARANTOR:
        guarantee = await session.get_one(Guarantee, contribution.membership_id, populate_existing=True)
        guarantee.called -= contribution.amount
    await session.flush()
    await tell(session, "contribution.lapsed", contribution.tontine_id, contribution=contribution.id)


async def _locked(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, *, payer_id: UUID, key: str
) -> tuple[Tontine, Contribution | None]:
    tontine = await lock_tontine(session, tontine_id)
    found = await fresh(session, select(Contribution).where(Contribution.key == key))
    if not found:
        return tontine, None
    membership = await fresh_one(session, Membership, found[0].membership_id)
    if (found[0].tontine_id, membership.member_id, found[0].payer_id) != (tontine_id, member_id, payer_id):
        raise KeyReused(key)
    if found[0].state is not ContributionState.MADE and found[0].amount != amount.amount:
        raise KeyReused(key)
    return tontine, found[0]


async def _check_amount(session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: int) -> None:
    """Money that no due will ever need stays in the wallet."""
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        raise NotAMember
    owed = sum(due.outstanding for due in await dues_owed(session, membership.id))
    if amount <= owed:
        return
    at_most = owed + await payable_early(session, membership)
    if not at_most:
        raise NothingOwed
    if amount > at_most:
        raise MoreThanIsLeft(at_most=Money(at_most))


async def payable_early(session: AsyncSession, membership: Membership) -> int:
    """What can be paid for a member's rounds to come in this cycle, beside what they owe already, in francs."""
    try:
        cycle = await running_cycle(session, membership.tontine_id)
    except NoCycle:
        return 0
    advance = await francs_on(session, await advance_account(session, membership.id))
    return max(0, await still_to_come(session, cycle, membership.id) - advance)


async def _write(
    session: AsyncSession, tontine: Tontine, member_id: UUID, amount: int, *, payer_id: UUID, key: str, source: Source
) -> Contribution:
    membership = await find_membership(session, tontine.id, member_id)
    if membership is None:
        raise NotAMember
    contribution = Contribution(
        id=new_id(), key=key, tontine_id=tontine.id, membership_id=membership.id, payer_id=payer_id, source=source,
        amount=amount, state=ContributionState.WAITING, created_at=clock.now(),
    )  # fmt: skip
    session.add(contribution)
    await session.flush()
    return contribution


async def _tell_waiting(session: AsyncSession, contribution: Contribution) -> None:
    await tell(
        session, "contribution.waiting", contribution.tontine_id, contribution=contribution.id,
        member=contribution.membership_id,
    )  # fmt: skip
