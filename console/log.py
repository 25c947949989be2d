"""The log of acts, as its page and other pages show it: newest first, a page at a time."""

from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.visits import NotFound, Visit
from operators import Act, Operator, OperatorAct

_LINES = 50
_RECENT = 8
# As far as the column goes.
_SEQ_AT_MOST = 2**31 - 1


async def show(visit: Visit) -> web.Response:
    """Who did what, of everybody or of one operator."""
    try:
        by = UUID(visit.query["by"]) if visit.query.get("by") else None
    except ValueError:
        raise NotFound from None
    before = visit.number("before", _SEQ_AT_MOST)
    lines = select(OperatorAct).order_by(OperatorAct.seq.desc()).limit(_LINES + 1)
    if before is not None:
        lines = lines.where(OperatorAct.seq < before)
    if by is not None:
        lines = lines.where(OperatorAct.operator_id == by)
    async with visit.house.database.reading() as session:
        found = list(await session.scalars(lines))
        names = await operator_names(session)
    await visit.note(Act.SEE, "log")
    more = found[_LINES - 1].seq if len(found) > _LINES else None
    return visit.page("log.html", lines=found[:_LINES], names=names, by=by, more=more)


async def recent_acts(session: AsyncSession, subject: str) -> list[OperatorAct]:
    """What operators last did to `subject`, newest first."""
    lines = select(OperatorAct).where(OperatorAct.subject == subject).order_by(OperatorAct.seq.desc())
    return list(await session.scalars(lines.limit(_RECENT)))


async def operator_names(session: AsyncSession) -> dict[UUID, str]:
    """What operators are called, those who were let go too."""
    return {row.id: row.name for row in await session.execute(select(Operator.id, Operator.name))}
