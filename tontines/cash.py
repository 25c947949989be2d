"""Cash in the same books: the treasurer declares it, the member confirms, and only then is anything paid by it.

Banknotes never become wallets' money: a round keeps them apart, and the treasurer hands them to the beneficiary.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.ids import new_id
from core.money import Money
from tontines.accounts import BANKNOTES, Journal, cash_account, cash_pot_account
from tontines.allotting import allot
from tontines.chain import write_line
from tontines.contributions import KeyReused, MoreThanIsLeft
from tontines.dues import dues_owed
from tontines.events import tell
from tontines.group import NotAMember, active_membership, find_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Membership
from tontines.money_tables import Contribution, Receipt
from tontines.officers import SecondPersonNeeded, require_office
from tontines.paying import pay_on
from tontines.states import ContributionState, Role, Source


class NotYours(Refusal):
    """Only the person it is about may answer."""

    key = "refusal.tontine.not_yours"


async def declare_cash(
    session: AsyncSession, tontine_id: UUID, member_id: UUID, amount: Money, *, by: UUID, key: str
) -> Contribution:
    """The treasurer says that a member gave them banknotes, at most what that member owes. It pays nothing yet.

    The treasurer's own cash is declared by the president. The same key again gives the first declaration back.
    Raises NotAnOfficer, SecondPersonNeeded, NotAMember, MoreThanIsLeft.
    """
    tontine = await lock_tontine(session, tontine_id)
    known = await fresh(session, select(Contribution).where(Contribution.key == key))
    if known:
        if (known[0].tontine_id, known[0].source) != (tontine_id, Source.CASH):
            raise KeyReused(key)
        return known[0]
    officer = await require_office(session, tontine_id, by, Role.TREASURER, Role.PRESIDENT)
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None:
        raise NotAMember
    if officer.id == membership.id:
        raise SecondPersonNeeded
    owed = sum(due.outstanding for due in await dues_owed(session, membership.id))
    if amount.amount > owed:
        raise MoreThanIsLeft(at_most=Money(owed))
    contribution = Contribution(
        id=new_id(), key=key, tontine_id=tontine_id, membership_id=membership.id, payer_id=member_id,
        source=Source.CASH, amount=amount.amount, state=ContributionState.DECLARED, created_at=clock.now(),
    )  # fmt: skip
    session.add(contribution)
    await session.flush()
    await write_line(
        session, tontine, "cash.declared", contribution=contribution.id, member=membership.id, amount=amount.amount,
        by=officer.id,
    )  # fmt: skip
    await tell(session, "cash.declared", tontine_id, contribution=contribution.id, member=membership.id)
    return contribution


async def answer_cash(session: AsyncSession, contribution_id: UUID, *, by: UUID, confirm: bool) -> Contribution:
    """The member confirms that they gave this cash, and it pays what they owe; or denies it, and nothing happened.

    A second answer changes nothing. Raises NotYours; MoreThanIsLeft when meanwhile less is owed than was declared.
    """
    contribution = await session.get_one(Contribution, contribution_id)
    tontine = await lock_tontine(session, contribution.tontine_id)
    contribution = await fresh_one(session, Contribution, contribution_id)
    if (await fresh_one(session, Membership, contribution.membership_id)).member_id != by:
        raise NotYours
    if contribution.state is not ContributionState.DECLARED:
        return contribution
    if not confirm:
        contribution.state = ContributionState.REFUSED
        await write_line(session, tontine, "cash.refused", contribution=contribution.id)
        await tell(session, "cash.refused", tontine.id, contribution=contribution.id)
        return contribution
    dues = await dues_owed(session, contribution.membership_id)
    owed = sum(due.outstanding for due in dues)
    if contribution.amount > owed:
        raise MoreThanIsLeft(at_most=Money(owed))
    touched = await allot(session, tontine, contribution, await cash_account(session, tontine.id), dues)
    await tell(session, "cash.confirmed", tontine.id, contribution=contribution.id)
    await pay_on(session, tontine, touched)
    return contribution


async def cash_to_hand_over(session: AsyncSession, tontine_id: UUID, member_id: UUID) -> list[Receipt]:
    """The cash that the treasurer has to give to this member, and the member has not confirmed."""
    membership = await active_membership(session, tontine_id, member_id)
    waiting = select(Receipt).where(Receipt.membership_id == membership.id, Receipt.source == Source.CASH)
    waiting = waiting.where(Receipt.confirmed_at.is_(None), Receipt.taken_back < Receipt.amount)
    return await fresh(session, waiting.order_by(Receipt.id))


async def confirm_cash_received(session: AsyncSession, receipt_id: UUID, *, by: UUID) -> Receipt:
    """A beneficiary says that they have the banknotes of their pot: the treasurer's charge ends. Raises NotYours."""
    receipt = await session.get_one(Receipt, receipt_id)
    membership = await session.get_one(Membership, receipt.membership_id)
    tontine = await lock_tontine(session, membership.tontine_id)
    receipt = await fresh_one(session, Receipt, receipt_id)
    if membership.member_id != by or receipt.source is not Source.CASH:
        raise NotYours
    if receipt.confirmed_at is None and receipt.given:
        receipt.confirmed_at = clock.now()
        journal = Journal(receipt.id, BANKNOTES)
        pot = await cash_pot_account(session, receipt.round_id)
        journal.move(pot, await cash_account(session, tontine.id), receipt.given, "cash_handed_over")
        await journal.post(session)
        await session.flush()
        await write_line(session, tontine, "cash.received", receipt=receipt.id, amount=receipt.given)
        await tell(session, "cash.received", tontine.id, receipt=receipt.id)
    return receipt
