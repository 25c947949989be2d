"""The statement of a tontine that any member can check: lines that each carry the hash of the one before.

Lines are written as things happen and sealed when a round closes, so that hashing never queues the ledger.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.canonical import Fact, digest
from tontines.group_tables import Line, Tontine

BEGINNING = "0" * 64


class StatementLine(BaseModel):
    """A sealed line as it is exported."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: int
    at: str
    kind: str
    facts: dict[str, Any]
    previous: str
    hash: str


async def write_line(session: AsyncSession, tontine: Tontine, kind: str, **facts: Fact | UUID) -> None:
    """Add what happened to the statement: ids and francs, no name, no number, no balance. The tontine is locked."""
    tontine.lines += 1
    plain = {name: str(fact) if isinstance(fact, UUID) else fact for name, fact in facts.items()}
    moment = clock.now().astimezone(UTC).isoformat(timespec="milliseconds")
    session.add(Line(tontine_id=tontine.id, number=tontine.lines, at=moment, kind=kind, facts=plain))
    await session.flush()


async def seal(session: AsyncSession, tontine: Tontine) -> None:
    """Chain every line that is not yet: from now on none of them can change unseen."""
    mine = select(Line).where(Line.tontine_id == tontine.id)
    last = await session.scalar(mine.where(Line.hash.is_not(None)).order_by(Line.number.desc()).limit(1))
    previous = last.hash if last is not None and last.hash else BEGINNING
    for line in await session.scalars(mine.where(Line.hash.is_(None)).order_by(Line.number)):
        line.previous = previous
        line.hash = previous = _hash(line.number, line.at, line.kind, line.facts, previous)
    await session.flush()


async def statement(session: AsyncSession, tontine_id: UUID) -> list[dict[str, Any]]:
    """The sealed lines, oldest first, as plain data: what `verify_statement` takes."""
    sealed = select(Line).where(Line.tontine_id == tontine_id, Line.hash.is_not(None)).order_by(Line.number)
    names = StatementLine.model_fields
    return [{name: getattr(line, name) for name in names} for line in await session.scalars(sealed)]


async def lines_kept(session: AsyncSession, last_hash: str) -> int | None:
    """How many sealed lines we keep of the statement that has a line with this hash; None when we keep no such line.

    A chain can be made up from its first line on: that it holds says nothing before somebody knows where it ends.
    """
    tontine_id = await session.scalar(select(Line.tontine_id).where(Line.hash == last_hash).limit(1))
    if tontine_id is None:
        return None
    return await session.scalar(select(func.count()).where(Line.tontine_id == tontine_id, Line.hash.is_not(None)))


def verify_statement(lines: Iterable[Mapping[str, Any]]) -> int | None:
    """Recompute a whole statement: the number of the first line that does not fit (from 1), or None when all do.

    Lines cut off at the end cannot be seen from the rest: compare the last hash with another member's.
    """
    previous = BEGINNING
    for number, raw in enumerate(lines, 1):
        try:
            line = StatementLine.model_validate(raw)
        except ValidationError:
            return number
        fits = line.number == number and line.previous == previous
        if not fits or line.hash != _hash(line.number, line.at, line.kind, line.facts, previous):
            return number
        previous = line.hash
    return None


def _hash(number: int, at: str, kind: str, facts: Mapping[str, Any], previous: str) -> str:
    return digest({"number": number, "at": at, "kind": kind, "facts": facts, "previous": previous})
