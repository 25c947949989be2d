"""Where members are reached: who is met at an address, and what becomes of one that passes to somebody else."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Id, Model, UtcDateTime, insert_once
from core.ids import new_id
from core.names import keep_name
from members.members import DEFAULT_ZONE, NAME_AT_MOST, Member

# Operators give a number that nobody uses to somebody else, after three months at the earliest. An id that is only a
# number, and was silent for as long, may be in other hands.
_MAY_BE_RECYCLED_AFTER = timedelta(days=90)
# What an address given up is called: no channel has such an id, nobody is met or told anything there.
_GIVEN_UP = "~"
_HAS_ALIAS = text("alias IS NOT NULL")


class Address(Model):
    """Where a member is reached: a channel, and the channel's own id of the person.

    `alias` is a second id by which the channel may name the same person, for as long as it is theirs: a number.
    """

    __tablename__ = "address"
    __table_args__ = (
        Index(
            "uq_address_alias", "channel", "alias", unique=True, sqlite_where=_HAS_ALIAS, postgresql_where=_HAS_ALIAS
        ),
    )

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), index=True)
    alias: Mapped[str | None] = mapped_column(String(64))
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When they were last met there; none where that was before it was written down."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Who was met and where. `number_was_known`: somebody else, or they themselves long ago, had this number.

    `former_id` is what they were called here until now, when that was but their number.
    """

    address: Address
    member: Member
    number_was_known: bool = False
    former_id: str | None = None


async def meet(
    session: AsyncSession, channel: str, external_id: str, name: str, language: str, *, alias: str | None = None,
    is_number: bool = False,
) -> Meeting:  # fmt: skip
    """Whoever writes from this address; a new member when nobody is known there. Their name follows the channel's.

    `is_number` says that the id is but a telephone number, `alias` is the number beside an id that is not. A number
    alone, silent for long, or that comes with another id, hands nobody's wallet to anybody.
    """
    own = await _at(session, channel, external_id)
    by_number = None if own and not is_number else own or await _numbered(session, channel, external_id, alias)
    was_known = by_number is not None and not await _is_still_theirs(session, by_number)
    address = (None if was_known else by_number or own) or await _new(session, channel, external_id, language)
    former_id = alias if address.external_id == alias else None
    if former_id is not None:
        address.external_id = external_id
    await _give_alias(session, address, alias)
    member = await session.get_one(Member, address.member_id)
    address.met_at = clock.now()
    await _call(session, member, name[:NAME_AT_MOST])
    await session.flush()
    return Meeting(address, member, was_known, former_id)


async def register(session: AsyncSession, channel: str, external_id: str, name: str, language: str) -> Member:
    """The member behind this address, met now."""
    return (await meet(session, channel, external_id, name, language)).member


async def find_by_address(session: AsyncSession, channel: str, external_id: str) -> Member | None:
    """The member who is reached there, by the id of their own or the number they have for now."""
    address = await _at(session, channel, external_id) or await _called(session, channel, external_id)
    return await session.get(Member, address.member_id) if address else None


async def addresses_of(session: AsyncSession, member_id: UUID) -> list[Address]:
    """Everywhere a member is reached, the oldest first."""
    rows = await session.scalars(select(Address).where(Address.member_id == member_id).order_by(Address.created_at))
    return list(rows)


async def renumber(session: AsyncSession, channel: str, old: str, new: str, alias: str | None) -> Address | None:
    """The channel says that whoever was `old` is `new` from now on, with the number `alias`; None where they stay two.

    Nobody may be known as `old`; and somebody met as `new` already stays who they are: two people are united by a code,
    never by a number.
    """
    address = await _at(session, channel, old) or await _called(session, channel, old)
    if address is None or (new != address.external_id and await _at(session, channel, new) is not None):
        return None
    address.external_id = new
    await _give_alias(session, address, alias)
    await session.flush()
    return address


async def _at(session: AsyncSession, channel: str, external_id: str) -> Address | None:
    return await session.get(Address, (channel, external_id))


async def _called(session: AsyncSession, channel: str, alias: str) -> Address | None:
    return await session.scalar(select(Address).where(Address.channel == channel, Address.alias == alias))


async def _numbered(session: AsyncSession, channel: str, external_id: str, alias: str | None) -> Address | None:
    """Who was met by this number alone, or had it beside an id that did not come along this time."""
    return await _called(session, channel, external_id) or (await _at(session, channel, alias) if alias else None)


async def _is_still_theirs(session: AsyncSession, address: Address) -> bool:
    """Whether a number means the same person as when we last met; where it may not, they are no longer found by it."""
    if clock.now() - (address.met_at or address.created_at) < _MAY_BE_RECYCLED_AFTER:
        return True
    if address.alias is None:
        address.external_id = f"{address.external_id}{_GIVEN_UP}{secrets.token_hex(4)}"
    address.alias = None
    await session.flush()
    return False


async def _give_alias(session: AsyncSession, address: Address, alias: str | None) -> None:
    """The number is this person's now, and nobody else's."""
    if alias is None or alias == address.alias:
        return
    if (former := await _called(session, address.channel, alias)) is not None:
        former.alias = None
        await session.flush()
    address.alias = alias


async def _call(session: AsyncSession, member: Member, name: str) -> None:
    """They have this name now, and are found by it."""
    if name and name != member.name:
        member.name = name
        await keep_name(session, "member", member.id, name)


async def _new(session: AsyncSession, channel: str, external_id: str, language: str) -> Address:
    member = Member(
        id=new_id(), name="", language=language, time_zone=DEFAULT_ZONE, tier="unidentified", created_at=clock.now()
    )
    session.add(member)
    await session.flush()
    now = clock.now()
    is_ours = await insert_once(
        session, Address, channel=channel, external_id=external_id, member_id=member.id, met_at=now, created_at=now
    )
    if not is_ours:
        # Two first messages at once: the other one's member is the one, ours was never seen by anybody.
        await session.delete(member)
    return await session.get_one(Address, (channel, external_id), populate_existing=True)
