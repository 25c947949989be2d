"""The life of a tontine outside of its cycles: created, its rules changed, moved to another chat, closed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import insert_once
from core.errors import Refusal
from core.ids import new_id
from core.names import keep_name
from tontines.accounts import money_left
from tontines.chain import seal, write_line
from tontines.charter import write_charter
from tontines.events import tell
from tontines.group import lock_tontine
from tontines.group_tables import NAME_LENGTH, Charter, Membership, Tontine
from tontines.joining import CycleRunning
from tontines.officers import SecondPersonNeeded, install, refuse_when_closed, require_office
from tontines.rotation import WHOLE
from tontines.rules import Rules, check_rules
from tontines.states import MembershipState, Role, TontineState


class NameInvalid(Refusal):
    """Params: `at_most` (characters)."""

    key = "refusal.tontine.name"


class MoneyLeft(Refusal):
    """The tontine still keeps money of its members. Params: `amount` (Money)."""

    key = "refusal.tontine.money_left"


async def create_tontine(
    session: AsyncSession, organiser_id: UUID, name: str, rules: Rules, *, key: str, channel: str | None = None,
    chat: str | None = None,
) -> Tontine:  # fmt: skip
    """A new tontine with its first charter; whoever creates it is its president, and must accept the charter too.

    The same key again gives the first one back. Raises NameInvalid and what check_rules raises.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise NameInvalid(at_most=NAME_LENGTH)
    check_rules(rules)
    is_ours = await insert_once(
        session, Tontine, id=new_id(), key=key, name=name, channel=channel, chat=chat, state=TontineState.GATHERING,
        stated_rules=rules.model_dump(mode="json"), charter_version=0, lines=0, created_at=clock.now(),
    )  # fmt: skip
    tontine = await lock_tontine(session, (await session.scalars(select(Tontine.id).where(Tontine.key == key))).one())
    if is_ours:
        await keep_name(session, "tontine", tontine.id, name)
        await write_line(session, tontine, "tontine.created")
        await write_charter(session, tontine, rules)
        await _seat_organiser(session, tontine, organiser_id)
        await tell(session, "tontine.created", tontine.id)
    return tontine


async def change_rules(session: AsyncSession, tontine_id: UUID, rules: Rules, *, by: UUID) -> Charter | None:
    """The president changes the rules: a new charter, for all to accept. While a cycle runs they are kept for the next.

    Gives the new charter, or None for a wish that waits. Raises NotAnOfficer and what check_rules raises.
    """
    tontine = await lock_tontine(session, tontine_id)
    refuse_when_closed(tontine)
    await require_office(session, tontine_id, by, Role.PRESIDENT)
    check_rules(rules)
    await tell(session, "tontine.rules_changed", tontine_id)
    if tontine.state is TontineState.RUNNING:
        tontine.wished_rules = rules.model_dump(mode="json")
        return None
    return await write_charter(session, tontine, rules)


async def move_chat(session: AsyncSession, channel: str, old_chat: str, new_chat: str) -> list[Tontine]:
    """The chat has a new id (a group became a supergroup): every tontine that lived in it follows."""
    here = select(Tontine.id).where(Tontine.channel == channel, Tontine.chat == old_chat).order_by(Tontine.id)
    return [await place_in_chat(session, each, channel, new_chat) for each in list(await session.scalars(here))]


async def place_in_chat(session: AsyncSession, tontine_id: UUID, channel: str, chat: str | None) -> Tontine:
    """Let the tontine live in this chat, or in none (the assistant was removed): it goes on by private messages."""
    tontine = await lock_tontine(session, tontine_id)
    tontine.channel, tontine.chat = channel, chat
    await session.flush()
    await tell(session, "tontine.chat_moved", tontine.id)
    return tontine


async def close_tontine(session: AsyncSession, tontine_id: UUID, *, by: UUID, second: UUID) -> None:
    """Two officers end a tontine that runs no cycle and keeps nobody's money. Raises CycleRunning, MoneyLeft."""
    tontine = await lock_tontine(session, tontine_id)
    if tontine.state is TontineState.CLOSED:
        return
    first = await require_office(session, tontine_id, by)
    if (await require_office(session, tontine_id, second)).id == first.id:
        raise SecondPersonNeeded
    if tontine.state is TontineState.RUNNING:
        raise CycleRunning
    left = await money_left(session, tontine_id)
    if left:
        raise MoneyLeft(amount=left)
    tontine.state = TontineState.CLOSED
    await write_line(session, tontine, "tontine.closed", by=first.id)
    await seal(session, tontine)
    await tell(session, "tontine.closed", tontine_id)


async def _seat_organiser(session: AsyncSession, tontine: Tontine, member_id: UUID) -> None:
    membership = Membership(
        id=new_id(), tontine_id=tontine.id, member_id=member_id, state=MembershipState.APPROVED, halves=WHOLE,
        renews=True, agrees_to_set_off=False, created_at=clock.now(),
    )  # fmt: skip
    session.add(membership)
    await session.flush()
    await install(session, tontine, Role.PRESIDENT, membership)
