"""Drawing lots in the group: the commitment is kept, members add their words, and the reveal comes by itself.

The secret is the system's to keep, so nobody can refuse to reveal it; a draw is never taken back nor drawn again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.errors import Refusal
from core.jobs import Payload, enqueue
from tontines.calendar import latest_draw
from tontines.chain import seal, write_line
from tontines.cycle_tables import WORDS_LENGTH, Cycle, Draw, Entropy
from tontines.cycles import OPEN_ROUND, holders_in, rounds_of, set_turns
from tontines.draw import PublicDraw, Words, commitment, new_secret, reveal
from tontines.events import tell
from tontines.group import active_membership, fresh, fresh_one, lock_tontine
from tontines.group_tables import Membership, Tontine
from tontines.rules import Rules

REVEAL_DRAW = "tontine.reveal_draw"


class RevealTooLate(Refusal):
    """A draw is revealed after now and before the first round opens, or soon where that is today. Params: `before`."""

    key = "refusal.tontine.reveal_too_late"


class DrawOver(Refusal):
    """The time to add words has passed."""

    key = "refusal.tontine.draw_over"


class NoDraw(Refusal):
    key = "refusal.tontine.no_draw"


class WordsInvalid(Refusal):
    """Params: `at_most` (characters)."""

    key = "refusal.tontine.words"


async def commit_draw(
    session: AsyncSession, tontine: Tontine, cycle: Cycle, shares: Sequence[UUID], reveal_at: datetime | None
) -> Draw:
    """Publish what binds us; the reveal comes at `reveal_at`. Raises RevealTooLate."""
    reveal_at = refuse_reveal(cycle.rules, reveal_at)
    secret, names = new_secret(), [str(share) for share in shares]
    draw = Draw(
        cycle_id=cycle.id, commitment=commitment(secret, names), secret=secret, shares=names, reveal_at=reveal_at
    )
    session.add(draw)
    await session.flush()
    await write_line(session, tontine, "draw.committed", cycle=cycle.id, commitment=draw.commitment, shares=names)
    await tell(session, "draw.committed", tontine.id, cycle=cycle.id)
    await enqueue(session, REVEAL_DRAW, str(cycle.id), {"cycle": str(cycle.id)}, run_at=reveal_at)
    return draw


def refuse_reveal(rules: Rules, reveal_at: datetime | None) -> datetime:
    """The time of the reveal; raises RevealTooLate unless it is after now and early enough for the first round."""
    before = latest_draw(rules, clock.now())
    if reveal_at is None or not clock.now() < reveal_at < before:
        raise RevealTooLate(before=before)
    return reveal_at


async def may_add_words(session: AsyncSession, cycle_id: UUID, member_id: UUID) -> bool:
    """Whether a member has added nothing yet. Raises NoDraw, DrawOver, NotAMember, NotActive."""
    cycle = await session.get_one(Cycle, cycle_id)
    await _open_draw(session, cycle_id)
    membership = await active_membership(session, cycle.tontine_id, member_id)
    return await session.get(Entropy, (cycle_id, membership.id)) is None


async def add_words(session: AsyncSession, cycle_id: UUID, member_id: UUID, text: str) -> bool:
    """A member adds words of their own to the draw; once each, for good. False when they had already.

    The last of all who take part reveals it: nothing more could be added, so nobody waits for the announced time.
    Raises NoDraw, DrawOver, WordsInvalid, NotAMember.
    """
    text = " ".join(text.split())
    if not 1 <= len(text) <= WORDS_LENGTH:
        raise WordsInvalid(at_most=WORDS_LENGTH)
    cycle = await session.get_one(Cycle, cycle_id)
    tontine = await lock_tontine(session, cycle.tontine_id)
    await _open_draw(session, cycle_id)
    membership = await active_membership(session, tontine.id, member_id)
    is_new = await insert_once(
        session, Entropy, cycle_id=cycle_id, membership_id=membership.id, text=text, created_at=clock.now()
    )
    if is_new:
        await write_line(session, tontine, "draw.words_added", cycle=cycle_id, member=membership.id, text=text)
        await tell(session, "draw.words_added", tontine.id, cycle=cycle_id, member=membership.id)
        if not await yet_to_add(session, cycle_id):
            await reveal_draw(session, {"cycle": str(cycle_id)})
    return is_new


async def yet_to_add(session: AsyncSession, cycle_id: UUID) -> list[Membership]:
    """Who takes part and has added nothing to the draw yet."""
    added = set(await session.scalars(select(Entropy.membership_id).where(Entropy.cycle_id == cycle_id)))
    return [each for each in await holders_in(session, cycle_id) if each.id not in added]


async def reveal_draw(session: AsyncSession, payload: Payload) -> None:
    """The announced time has come, or nobody is left to add words: reveal the secret and give each share its turn.

    A second time does nothing.
    """
    cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
    tontine = await lock_tontine(session, cycle.tontine_id)
    draw = await fresh_one(session, Draw, cycle.id)
    if draw.revealed_at is not None:
        return
    added = await fresh(session, select(Entropy).where(Entropy.cycle_id == cycle.id))
    public = reveal(draw.secret, draw.shares, [Words(member=str(each.membership_id), text=each.text) for each in added])
    draw.revealed_at, draw.public = clock.now(), public.model_dump(mode="json")
    await set_turns(session, cycle.id, [UUID(share) for share in public.order])
    await write_line(session, tontine, "draw.revealed", cycle=cycle.id, draw=draw.public)
    await seal(session, tontine)
    await tell(session, "draw.revealed", tontine.id, cycle=cycle.id)
    first, now = (await rounds_of(session, cycle.id))[0], clock.now()
    if first.opens_at == draw.reveal_at and now < draw.reveal_at:
        # On a cycle's first day the round waited for nothing but the draw.
        first.opens_at = now
        await enqueue(session, OPEN_ROUND, f"{first.id}:drawn", {"round": str(first.id)})


async def public_draw(session: AsyncSession, cycle_id: UUID) -> PublicDraw | None:
    """The draw as anybody may check it with `verify_draw`; None before it is revealed, or where lots are not drawn."""
    draw = await session.get(Draw, cycle_id, populate_existing=True)
    return PublicDraw.model_validate(draw.public) if draw is not None and draw.public else None


async def _open_draw(session: AsyncSession, cycle_id: UUID) -> Draw:
    draw = await session.get(Draw, cycle_id, populate_existing=True)
    if draw is None:
        raise NoDraw
    if draw.revealed_at is not None or clock.now() >= draw.reveal_at:
        raise DrawOver
    return draw
