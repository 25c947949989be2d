"""A draw as its page tells it: what was announced, who added what, and the order, recomputed for each reader."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import tontines
from members import Member
from tontines import Cycle, Draw, DrawVerdict, Holding, Membership, PublicDraw, Share, Tontine
from tontines.cycle_tables import Entropy


@dataclass(frozen=True, slots=True)
class DrawnTurn:
    """A turn, the share that was drawn for it, and who holds that share now."""

    position: int
    share: int
    holders: list[str]


@dataclass(frozen=True, slots=True)
class AddedWords:
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class DrawShown:
    """`record`, `turns`, `words` and `verdict` are there once it is revealed; the secret is in nothing before that."""

    tontine: str
    zone: str
    cycle: int
    commitment: str
    reveal_at: datetime
    revealed_at: datetime | None
    shares: int
    helpers: int
    """How many members have added words."""
    record: PublicDraw | None
    verdict: DrawVerdict | None
    turns: list[DrawnTurn]
    words: list[AddedWords]


async def draw_of(session: AsyncSession, cycle_id: UUID) -> DrawShown | None:
    """The draw of a cycle; None where lots are not drawn."""
    draw = await session.get(Draw, cycle_id)
    if draw is None:
        return None
    cycle = await session.get_one(Cycle, cycle_id)
    tontine = await session.get_one(Tontine, cycle.tontine_id)
    record = await tontines.public_draw(session, cycle_id)
    helpers = list(await session.scalars(select(Entropy.membership_id).where(Entropy.cycle_id == cycle_id)))
    return DrawShown(
        tontine=tontine.name,
        zone=cycle.rules.zone,
        cycle=cycle.number,
        commitment=draw.commitment,
        reveal_at=draw.reveal_at,
        revealed_at=draw.revealed_at,
        shares=len(draw.shares),
        helpers=len(helpers),
        record=record,
        verdict=tontines.verify_draw(record.model_dump(mode="json")) if record else None,
        turns=await _turns(session, record) if record else [],
        words=await _words(session, record) if record else [],
    )


async def _turns(session: AsyncSession, record: PublicDraw) -> list[DrawnTurn]:
    held = (
        select(Share.id, Share.number, Member.name)
        .join(Holding, Holding.share_id == Share.id)
        .join(Membership, Membership.id == Holding.membership_id)
        .join(Member, Member.id == Membership.member_id)
        .where(Share.id.in_([UUID(share) for share in record.shares]))
        .order_by(Holding.place)
    )
    numbers: dict[str, int] = {}
    holders: dict[str, list[str]] = {}
    for share_id, number, name in await session.execute(held):
        numbers[str(share_id)] = number
        holders.setdefault(str(share_id), []).append(name)
    return [DrawnTurn(at, numbers[share], holders[share]) for at, share in enumerate(record.order, 1)]


async def _words(session: AsyncSession, record: PublicDraw) -> list[AddedWords]:
    ids = [UUID(words.member) for words in record.entropy]
    named = select(Membership.id, Member.name).join(Member, Member.id == Membership.member_id)
    names = {str(each): name for each, name in await session.execute(named.where(Membership.id.in_(ids)))}
    return [AddedWords(names[words.member], words.text) for words in record.entropy]
