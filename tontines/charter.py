"""The charter: the rules as articles that members read and accept, generated so that it says what the code does."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.canonical import digest
from core.db import insert_once
from core.errors import Refusal
from tontines.chain import write_line
from tontines.events import tell
from tontines.group import NotAMember, find_membership, lock_tontine
from tontines.group_tables import Acceptance, Charter, Membership, Tontine
from tontines.rules import Rules
from tontines.states import MembershipState


class CharterChanged(Refusal):
    """They read another version than the one in force. Params: `version` in force."""

    key = "refusal.tontine.charter_changed"


def articles(rules: Rules) -> list[dict[str, Any]]:
    """The charter's articles in order: each a key to be said in words, and its blanks."""
    return [{"article": name, "params": params} for name, params in _articles(rules)]


async def write_charter(session: AsyncSession, tontine: Tontine, rules: Rules) -> Charter:
    """The next version of the charter, from now on the one in force."""
    tontine.charter_version += 1
    tontine.stated_rules = rules.model_dump(mode="json")
    content = articles(rules)
    charter = Charter(
        tontine_id=tontine.id, version=tontine.charter_version, articles=content, hash=digest(content),
        created_at=clock.now(),
    )  # fmt: skip
    session.add(charter)
    await session.flush()
    await write_line(session, tontine, "charter.written", version=charter.version, hash=charter.hash)
    return charter


async def charter_in_force(session: AsyncSession, tontine_id: UUID) -> Charter:
    """The charter to read and accept."""
    tontine = await session.get_one(Tontine, tontine_id)
    return await session.get_one(Charter, (tontine_id, tontine.charter_version))


async def accept_charter(session: AsyncSession, tontine_id: UUID, member_id: UUID, version: int) -> Membership:
    """A member's yes to the charter they have read; an approved member becomes an active one by it.

    A second yes changes nothing. Raises NotAMember, CharterChanged.
    """
    tontine = await lock_tontine(session, tontine_id)
    membership = await find_membership(session, tontine_id, member_id)
    if membership is None or membership.state in {MembershipState.LEFT, MembershipState.REFUSED}:
        raise NotAMember
    if version != tontine.charter_version:
        raise CharterChanged(version=tontine.charter_version)
    charter = await session.get_one(Charter, (tontine_id, version))
    is_new = await insert_once(
        session, Acceptance, membership_id=membership.id, version=version, hash=charter.hash, created_at=clock.now()
    )
    if is_new:
        await write_line(session, tontine, "charter.accepted", member=membership.id, version=version, hash=charter.hash)
        await tell(session, "charter.accepted", tontine_id, member=membership.id)
    await activate(session, tontine, membership)
    return membership


async def activate(session: AsyncSession, tontine: Tontine, membership: Membership) -> None:
    """Make an approved member who has accepted the charter in force an active one."""
    if membership.state is MembershipState.APPROVED and await has_accepted(session, tontine, membership.id):
        membership.state = MembershipState.ACTIVE
        await write_line(session, tontine, "member.joined", member=membership.id, halves=membership.halves)
        await tell(session, "tontine.member_joined", tontine.id, member=membership.id)


async def has_accepted(session: AsyncSession, tontine: Tontine, membership_id: UUID) -> bool:
    """Whether a member said yes to the charter in force."""
    return await session.get(Acceptance, (membership_id, tontine.charter_version)) is not None


def _articles(rules: Rules) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "contribution", {"amount": rules.contribution}
    yield f"period.{rules.period}", {"days": rules.every_days} if rules.every_days else {}
    yield "start", {"day": rules.starts_on.isoformat(), "zone": rules.zone}
    yield "deadline", {"days": rules.days_to_pay}
    yield f"order.{rules.order}", {}
    yield "half_shares" if rules.half_shares else "whole_shares", {}
    yield "beneficiary_contributes" if rules.beneficiary_contributes else "beneficiary_does_not_contribute", {}
    yield f"short_pot.{rules.short_pot}", {}
    yield from _articles_about_lateness(rules)
    if rules.caution:
        yield "caution", {"amount": rules.caution}
    yield "two_people_decide", {}
    yield "one_person_two_offices" if rules.president_may_be_treasurer else "president_is_not_treasurer", {}
    yield "leaving", {}
    if rules.half_shares:
        yield "odd_franc", {}


def _articles_about_lateness(rules: Rules) -> Iterator[tuple[str, dict[str, Any]]]:
    if rules.grace_days:
        yield "grace", {"days": rules.grace_days}
    if not rules.fine and not rules.fine_after_turn:
        yield "no_fine", {}
        return
    yield "fine", {"before": rules.fine, "after": rules.fine_after_turn, "cap": rules.fine_cap}
