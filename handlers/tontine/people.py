"""Who is who in a tontine: names as the others read them, who its officers are, and how its group is spoken to."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core import i18n
from members import Member
from tontines import Membership, Role
from tontines.officers import officers_of

NAME_SHOWN = 32


async def person(session: AsyncSession, membership_id: UUID) -> Member:
    """The person behind a membership."""
    return await session.get_one(Member, (await session.get_one(Membership, membership_id)).member_id)


async def name_of(session: AsyncSession, membership_id: UUID) -> str:
    """A member's name, short enough for a list."""
    return cut((await person(session, membership_id)).name)


def cut(name: str) -> str:
    """A name short enough for a list."""
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"


async def officers(session: AsyncSession, tontine_id: UUID, *but: UUID | None) -> list[Member]:
    """Who holds an office, each person once; not the memberships in `but`."""
    held = await officers_of(session, tontine_id)
    ids = dict.fromkeys(held[role] for role in Role if role in held and held[role] not in but)
    return [await person(session, each) for each in ids]


async def group_language(session: AsyncSession, tontine_id: UUID) -> str:
    """The language in which the group is spoken to: its president's."""
    president = (await officers_of(session, tontine_id)).get(Role.PRESIDENT)
    return (await person(session, president)).language if president else i18n.DEFAULT_LANGUAGE
