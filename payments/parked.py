"""Money that a ceiling has parked: whose it is, and two people who have it looked at now.

It goes into the wallet by itself after whatever makes room for it (`payments/releasing.py`), and each night, for a new
month makes no noise. Two people need not wait for that.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from core.errors import Refusal
from core.money import Money
from operators import Act, Decision, Decisions, Operator
from payments.releasing import releasable, release_parked

RELEASE = "release.parked"
_SUBJECT = "member:"


class NothingToRelease(Refusal):
    """Nothing is parked, or the ceilings leave no room for any of it. Params: `parked` (Money)."""

    key = "refusal.review.nothing_to_release"


@dataclass(frozen=True, slots=True)
class ParkedMoney:
    """What is parked for a member, and how much of it the ceilings let into the wallet now."""

    account: UUID
    member_id: UUID
    parked: Money
    releasable: Money


async def parked_money(session: AsyncSession, after: UUID | None = None, limit: int = 100) -> list[ParkedMoney]:
    """Whose money waits, the oldest account first; the next page comes `after` the last one's."""
    found = await ledger.parked(session, after, limit)
    whose = [(each, UUID(each.owner.removeprefix(_SUBJECT))) for each in found]
    return [
        ParkedMoney(each.account, member_id, *await releasable(session, member_id, each.amount.currency))
        for each, member_id in whose
    ]


async def propose_release(
    session: AsyncSession, decisions: Decisions, by: Operator, member_id: UUID, *, reason: str
) -> Decision:
    """Propose to move what is parked into the wallet, as far as the ceilings let it when that is approved.

    Raises NothingToRelease, and what `Decisions.propose` does.
    """
    parked, now = await releasable(session, member_id)
    if not now:
        raise NothingToRelease(parked=parked)
    payload = {"amount": now.amount}
    return await decisions.propose(session, by, RELEASE, f"{_SUBJECT}{member_id}", reason=reason, payload=payload)


def register_release(decisions: Decisions) -> None:
    """Let approved releases be carried out."""
    decisions.register(RELEASE, Act.RELEASE_PARKED, _release)


async def _release(session: AsyncSession, decision: Decision) -> None:
    member_id = UUID(decision.subject.removeprefix(_SUBJECT))
    if not await release_parked(session, member_id):
        raise NothingToRelease(parked=(await releasable(session, member_id))[0])
