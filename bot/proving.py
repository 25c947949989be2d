"""Proving who one is: the PIN is typed on its page, never here, and what waits for it goes on by itself."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversation
from bot.channels import TRAITS, Channel
from bot.commands import Commands
from bot.dialogue import Dialogue
from bot.questions import Answer
from core.db import Database
from core.events import subscribe
from core.jobs import Jobs, Payload, enqueue
from core.outbox import Destination
from members import find_by_address
from members.proofs import PROVEN, Proof
from members.safety import SAFETY

_FORGET = "forget_message"


def register_proving(jobs: Jobs, commands: Commands, channels: Mapping[str, Channel]) -> None:
    """Go on with what waited for a PIN, and take out of a chat what should never have been typed there."""

    async def go_on(session: AsyncSession, payload: Payload) -> None:
        await _go_on(session, commands, UUID(payload["proof"]))

    async def take_out(_: Database, payload: Payload) -> None:
        await channels[payload["channel"]].forget(payload["chat"], payload["message"])

    subscribe(jobs, PROVEN, go_on)
    jobs.calling(_FORGET, take_out)


def is_like_a_pin(text: str) -> bool:
    """Whether this may be a PIN: as many digits as one has, however they are spaced."""
    digits = "".join(text.split())
    return digits.isdecimal() and SAFETY.digits_at_least <= len(digits) <= SAFETY.digits_at_most


async def forget(session: AsyncSession, here: Destination, message_id: str | None) -> None:
    """Have the channel take a message out of the chat, where it can; nothing of what it said is kept for that."""
    if message_id is not None and TRAITS[here.channel].forgets:
        about = {"channel": here.channel, "chat": here.chat, "message": message_id}
        await enqueue(session, _FORGET, f"{here.channel}:{here.chat}:{message_id}", about)


async def _go_on(session: AsyncSession, commands: Commands, proof_id: UUID) -> None:
    """Answer the question that waits for this proof; where none does any more, it was given up and nothing moves."""
    proof = await session.get(Proof, proof_id)
    member = await find_by_address(session, proof.channel, proof.person) if proof else None
    if proof is None or member is None:
        return
    memory = await conversation.lock(session, proof.channel, proof.chat, proof.person, member.id)
    dialogue = Dialogue(session, commands, memory, member)
    run = dialogue.run_waiting_for(proof_id)
    if run is None and proof.used_at is not None:
        return
    if run is None:
        dialogue.say("pin.given_up", buttons=[[dialogue.menu_button()]])
        await dialogue.end()
        return
    dialogue.bring_forward(run)
    await dialogue.answer(Answer())
    await dialogue.end()
