"""A tontine's page: what it is called, how it stands, and who is in it."""

from aiohttp import web
from sqlalchemy import select

from console.visits import NotFound, Visit
from members import Member
from operators import Act
from tontines import Cycle, Membership, Tontine

# A tontine has fifty members at most, and those who left.
_MEMBERS_AT_MOST = 200
_CYCLES_AT_MOST = 10


async def show(visit: Visit) -> web.Response:
    """The page."""
    tontine_id = visit.id_named("id")
    async with visit.house.database.reading() as session:
        tontine = await session.get(Tontine, tontine_id)
        if tontine is None:
            raise NotFound
        seats = select(Membership, Member.name).join(Member, Member.id == Membership.member_id)
        seats = seats.where(Membership.tontine_id == tontine_id).order_by(Membership.created_at)
        people = [(row.Membership, row.name) for row in await session.execute(seats.limit(_MEMBERS_AT_MOST))]
        past = select(Cycle).where(Cycle.tontine_id == tontine_id).order_by(Cycle.number.desc())
        cycles = list(await session.scalars(past.limit(_CYCLES_AT_MOST)))
    await visit.note(Act.SEE, f"tontine:{tontine_id}")
    return visit.page("tontine.html", tontine=tontine, people=people, cycles=cycles)
