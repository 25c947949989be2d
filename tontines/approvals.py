"""Who may approve: never who asked, never who gains. Pure, so that the card and the act ask the same question."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from tontines.officers import DECIDING
from tontines.states import Role

OTHERS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Approvers:
    """The memberships that may approve, and how many of them must."""

    who: frozenset[UUID]
    needed: int

    @property
    def is_nobody(self) -> bool:
        return len(self.who) < self.needed


def approvers(
    officers: Mapping[Role, UUID], members: Collection[UUID], asker: UUID, beneficiaries: Collection[UUID]
) -> Approvers:
    """One of the deciding officers; where that leaves nobody, the commissioner; else any two other members.

    Where only one other member exists, that one. Where the pot is everybody's, two people with half a share each, the
    other of them: nobody is left whom it could harm.
    """
    barred = {asker, *beneficiaries}
    deciding = {officers[role] for role in DECIDING if role in officers} - barred
    if deciding:
        return Approvers(frozenset(deciding), 1)
    commissioner = {officers[Role.COMMISSIONER]} - barred if Role.COMMISSIONER in officers else set()
    if commissioner:
        return Approvers(frozenset(commissioner), 1)
    if set(members) <= set(beneficiaries):
        return Approvers(frozenset(members) - {asker}, 1)
    others_there_are = len(set(members) - set(beneficiaries))
    return Approvers(frozenset(members) - barred, min(OTHERS_NEEDED, others_there_are))


def second_officer(
    officers: Mapping[Role, UUID], members: Collection[UUID], asker: UUID, concerned: Collection[UUID]
) -> frozenset[UUID]:
    """Any officer who did not ask and whose money it is not; where that leaves nobody, any other member.

    Where there are but two, whose money it is agrees themselves: nobody is left whom it could harm.
    """
    barred = {asker, *concerned}
    eligible = set(officers.values()) - barred or set(members) - barred or set(members) - {asker}
    return frozenset(eligible)


def two_officers(officers: Mapping[Role, UUID], members: Collection[UUID], excluded: Collection[UUID]) -> Approvers:
    """Two officers of whatever office; where there are no two, any two members."""
    eligible = set(officers.values()) - set(excluded)
    if len(eligible) < OTHERS_NEEDED:
        eligible = set(members) - set(excluded)
    return Approvers(frozenset(eligible), OTHERS_NEEDED)
