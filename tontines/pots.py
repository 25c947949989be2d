"""The payout of a pot: asked for by one person, approved by another, paid; and the round closes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.errors import Refusal
from core.money import Money
from tontines.allotting import missing
from tontines.approvals import Approvers, approvers
from tontines.chain import write_line
from tontines.closing import close_round, end_cycle_if_over
from tontines.cycle_tables import Cycle, Holding, Round
from tontines.cycles import active_holders_in, holdings_of
from tontines.decision_tables import Consent
from tontines.dues import dues_of_round
from tontines.events import tell
from tontines.group import active_membership, fresh_one, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.money_tables import Due, Pot
from tontines.officers import NotAnOfficer, SecondPersonNeeded, officers_of
from tontines.paying import pay_on, pay_out, turn_of
from tontines.rules import ShortPot
from tontines.states import PotState, Role, RoundState


class RoundNotOpen(Refusal):
    key = "refusal.tontine.round_not_open"


class PotNotDue(Refusal):
    """Not full, and the deadline is still to come. Params: `missing` (Money), `deadline` (datetime)."""

    key = "refusal.tontine.pot_not_due"


class PotShort(Refusal):
    """This tontine waits for the whole pot. Params: `missing` (Money)."""

    key = "refusal.tontine.pot_short"


class NobodyToApprove(Refusal):
    """If this person asks, nobody is left to approve: let the beneficiary ask."""

    key = "refusal.tontine.nobody_to_approve"


class PotNotRequested(Refusal):
    key = "refusal.tontine.pot_not_requested"


async def request_pot(session: AsyncSession, round_id: UUID, *, by: UUID) -> Pot:
    """An officer or the beneficiary asks for a pot that is full, or past its deadline; a second tap is the first one.

    Raises RoundNotOpen, PotNotDue, PotShort, NotAnOfficer, NobodyToApprove.
    """
    tontine, round_, asker = await _locked(session, round_id, by)
    known = await session.get(Pot, round_id, populate_existing=True)
    if known is not None:
        return known
    if round_.state is not RoundState.OPEN:
        raise RoundNotOpen
    officers = await officers_of(session, tontine.id)
    beneficiaries = await beneficiaries_of(session, round_)
    if asker.id not in officers.values() and asker.id not in beneficiaries:
        raise NotAnOfficer(roles=[role.value for role in Role])
    await refuse_unpayable(session, round_)
    if (await _approvers(session, tontine, round_, asker.id)).is_nobody:
        raise NobodyToApprove
    pot = Pot(round_id=round_id, state=PotState.REQUESTED, requested_by=asker.id, requested_at=clock.now())
    session.add(pot)
    await session.flush()
    await write_line(session, tontine, "pot.requested", round=round_id, by=asker.id)
    await tell(session, "pot.requested", tontine.id, round=round_id)
    return pot


async def approve_pot(session: AsyncSession, round_id: UUID, *, by: UUID) -> Pot:
    """Somebody who neither asked nor gains says yes; with enough of them the pot is paid, at most what it holds.

    A second tap changes nothing. Raises PotNotRequested, SecondPersonNeeded, PotNotDue, PotShort.
    """
    tontine, round_, approver = await _locked(session, round_id, by)
    pot = await session.get(Pot, round_id, populate_existing=True)
    if pot is None:
        raise PotNotRequested
    if pot.state is PotState.PAID:
        return pot
    who = await _approvers(session, tontine, round_, pot.requested_by)
    if approver.id not in who.who:
        raise SecondPersonNeeded
    await refuse_unpayable(session, round_)
    is_new = await insert_once(session, Consent, subject_id=round_id, membership_id=approver.id, created_at=clock.now())
    if is_new:
        await write_line(session, tontine, "pot.approved", round=round_id, by=approver.id)
        await tell(session, "pot.approved", tontine.id, round=round_id, member=approver.id)
    if await _consents(session, round_id, who) >= who.needed:
        await _pay(session, tontine, round_, pot)
    return pot


async def decline_pot(session: AsyncSession, round_id: UUID, *, by: UUID) -> None:
    """Somebody who may approve says no, or who asked thinks again: the request is gone, and may be made anew."""
    tontine, round_, decliner = await _locked(session, round_id, by)
    pot = await session.get(Pot, round_id, populate_existing=True)
    if pot is None or pot.state is PotState.PAID:
        raise PotNotRequested
    who = await _approvers(session, tontine, round_, pot.requested_by)
    if decliner.id not in who.who and decliner.id != pot.requested_by:
        raise SecondPersonNeeded
    await session.delete(pot)
    await session.execute(delete(Consent).where(Consent.subject_id == round_id))
    await session.flush()
    await write_line(session, tontine, "pot.declined", round=round_id, by=decliner.id)
    await tell(session, "pot.declined", tontine.id, round=round_id, member=decliner.id)


async def approvers_of_pot(session: AsyncSession, round_id: UUID) -> Approvers:
    """Who may approve the request for this round's pot, and how many must. Raises PotNotRequested."""
    round_ = await session.get_one(Round, round_id)
    pot = await session.get(Pot, round_id, populate_existing=True)
    if pot is None:
        raise PotNotRequested
    return await _approvers(session, await session.get_one(Tontine, round_.tontine_id), round_, pot.requested_by)


async def beneficiaries_of(session: AsyncSession, round_: Round) -> list[UUID]:
    """The memberships that take the round's pot: one, or the two of a halved share."""
    return [each.membership_id for each in await holdings_of(session, (await turn_of(session, round_)).share_id)]


async def refuse_unpayable(session: AsyncSession, round_: Round) -> None:
    """Raises PotNotDue or PotShort when the pot may not be paid now.

    A tontine that waits for the whole pot does not wait for who has been declared in default.
    """
    short = await missing(session, round_.id)
    if not short:
        return
    if clock.now() < round_.deadline:
        raise PotNotDue(missing=Money(short), deadline=round_.deadline)
    cycle = await session.get_one(Cycle, round_.cycle_id)
    if cycle.rules.short_pot is ShortPot.WAIT:
        awaited = await _awaited(session, await dues_of_round(session, round_.id))
        if awaited:
            raise PotShort(missing=Money(awaited))


async def _awaited(session: AsyncSession, dues: Sequence[Due]) -> int:
    holders = await _holders(session, [due for due in dues if due.outstanding])
    return sum(due.outstanding for due in dues if due.outstanding and holders[due.holding_id].defaulted_at is None)


async def _holders(session: AsyncSession, dues: Sequence[Due]) -> dict[UUID, Membership]:
    found = await session.execute(
        select(Holding.id, Membership)
        .join(Membership, Membership.id == Holding.membership_id)
        .where(Holding.id.in_([due.holding_id for due in dues])),
        execution_options={"populate_existing": True},
    )
    return {row.id: row.Membership for row in found}


async def _pay(session: AsyncSession, tontine: Tontine, round_: Round, pot: Pot) -> None:
    pot.state, pot.paid_at = PotState.PAID, clock.now()
    await session.flush()
    paid, touched = await pay_out(session, tontine, round_)
    await tell(session, "pot.paid", tontine.id, round=round_.id)
    await close_round(session, tontine, round_, paid)
    # What a set-off paid elsewhere may come back here: this round is among those that are paid on.
    await pay_on(session, tontine, touched | {round_.id})
    await end_cycle_if_over(session, tontine, round_.cycle_id)


async def _approvers(session: AsyncSession, tontine: Tontine, round_: Round, asker: UUID) -> Approvers:
    members = [each.id for each in await active_holders_in(session, round_.cycle_id)]
    beneficiaries = await beneficiaries_of(session, round_)
    return approvers(await officers_of(session, tontine.id), members, asker, beneficiaries)


async def _consents(session: AsyncSession, round_id: UUID, who: Approvers) -> int:
    given = select(func.count()).where(Consent.subject_id == round_id, Consent.membership_id.in_(who.who))
    return await session.scalar(given) or 0


async def _locked(session: AsyncSession, round_id: UUID, member_id: UUID) -> tuple[Tontine, Round, Membership]:
    tontine = await lock_tontine(session, (await session.get_one(Round, round_id)).tontine_id)
    round_ = await fresh_one(session, Round, round_id)
    return tontine, round_, await active_membership(session, tontine.id, member_id)
