"""Reception: what came in is claimed, understood and answered, all in one transaction."""

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversation, shortcuts
from bot.channels import TRAITS
from bot.commands import Commands
from bot.conversation import Conversation, Run
from bot.dialogue import BACK, CANCEL, GO, NAMED, Dialogue
from bot.groups import GroupDesk, Toast
from bot.incoming import Incoming
from bot.metrics import ANSWERING
from bot.proving import forget, is_like_a_pin
from bot.questions import Answer
from bot.renumbering import take_along
from bot.views import View
from bot.words import plain
from core import clock, i18n, inbox, outbox
from core.db import Database, is_database_away
from core.errors import Refusal
from core.floods import Floods
from core.outbox import Destination
from core.phones import parse_phone
from members import Meeting, Member, meet, verify_phone

log = structlog.get_logger(__name__)

_CANCEL_WORDS = {"annuler", "annule", "cancel", "stop"}
_BACK_WORDS = {"retour", "back", "precedent"}
_GROUP_AT_ONCE = 3
# Ten a second: nobody types or taps so fast, and a script that does keeps others waiting.
_A_MINUTE = 600


_DOUBLE_TAP = timedelta(seconds=10)


class ComeAgain(Exception):
    """The database is away for the moment: nothing was decided, the channel should deliver this again."""


class Reception:
    """Answers what people say: in private flow by flow, in groups at the `groups` desk."""

    def __init__(self, database: Database, commands: Commands, groups: GroupDesk) -> None:
        self._database = database
        self._commands = commands
        self._groups = groups
        self._floods = Floods(_A_MINUTE)
        self._lines: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def receive(self, incoming: Incoming) -> Toast | None:
        """Answer one message, once; a tap in a group is answered with what only the tapper sees.

        A message that makes our code raise is kept aside and apologised for. Who writes faster than anybody can is not
        heard for the rest of the minute. Raises ComeAgain when the database is away.
        """
        try:
            return await self._hear(incoming)
        except Exception as error:
            if is_database_away(error):
                raise ComeAgain from error
            raise

    async def _hear(self, incoming: Incoming) -> Toast | None:
        person = f"{incoming.channel}:{incoming.person}"
        was_over = self._floods.is_over(person)
        if self._floods.counts_over(person):
            return None if was_over else await self._slow_down(incoming)
        here = structlog.contextvars.bound_contextvars(channel=incoming.channel, message=incoming.id)
        try:
            with here, ANSWERING.time():
                async with self._line(incoming):
                    return await self._database.run(lambda session: self._answer_once(session, incoming))
        except Exception as error:
            if is_database_away(error):
                raise
            log.exception("message.failed", channel=incoming.channel, message=incoming.id)
            await self._apologise(incoming, error)
            return None

    async def _slow_down(self, incoming: Incoming) -> Toast | None:
        """Say once that the rest of the minute is not heard, and that nothing of it moved."""
        language = i18n.closest_language(incoming.language)
        text = i18n.text(language, "dialogue.too_fast")
        if not incoming.is_private:
            return Toast(text, is_alert=True)
        to = Destination(incoming.channel, incoming.chat)
        await self._database.run(lambda session: outbox.say(session, to, View(text).dump()))
        return None

    def _line(self, incoming: Incoming) -> AbstractAsyncContextManager[object]:
        """Where whatever happens in one chat at once stands in line: many in a group, or one who taps on.

        Most of it waits for the same row. Waiting in the database, each would hold one of its connections, and nobody
        could draw the card that a group waits for, nor answer anybody else.
        """
        at_once = 1 if incoming.is_private else _GROUP_AT_ONCE
        return self._lines.setdefault(f"{incoming.channel}:{incoming.chat}", asyncio.Semaphore(at_once))

    async def _answer_once(self, session: AsyncSession, incoming: Incoming) -> Toast | None:
        if not await inbox.claim(session, incoming.channel, incoming.id):
            return None
        if not incoming.is_private:
            return await self._groups.answer(session, incoming)
        await self._answer_private(session, incoming)
        return None

    async def _answer_private(self, session: AsyncSession, incoming: Incoming) -> None:
        if incoming.kind in {"added", "removed", "moved"}:
            return
        language = i18n.closest_language(incoming.language)
        met = await _meet(session, incoming, language)
        # Their own id and the number they have for now are one and the same conversation.
        incoming = _known_as(incoming, met.address.external_id)
        member, here = met.member, Destination(incoming.channel, incoming.chat)
        memory = await conversation.lock(session, here.channel, here.chat, incoming.person, member.id)
        await outbox.heard(session, here)
        dialogue = Dialogue(session, self._commands, memory, member)
        if met.number_was_known:
            dialogue.say("dialogue.number_was_known")
        if incoming.contact is not None and incoming.is_own_contact:
            await _note_own_number(session, member, incoming.contact.phone)
        if incoming.kind == "tap":
            dialogue.tapped_message = await outbox.find(session, here, incoming.message_id)
            await self._tapped(session, dialogue, memory, incoming.text)
        elif dialogue.waits_for_pin and is_like_a_pin(incoming.text):
            await forget(session, here, incoming.message_id)
            await dialogue.answer(Answer(is_typed_pin=True))
        elif not await self._steered(dialogue, member, incoming.text):
            await self._answered(dialogue, incoming)
        await dialogue.end()

    async def _steered(self, dialogue: Dialogue, member: Member, text: str) -> bool:
        """Words that steer rather than answer: a command, back, cancel. False when these are none."""
        word = plain(text.removeprefix("/"))
        if word in _CANCEL_WORDS | {plain(i18n.text(member.language, "button.cancel"))}:
            if dialogue.runs:
                dialogue.cancel()
            else:
                _nothing_open(dialogue)
        elif word in _BACK_WORDS | {plain(i18n.text(member.language, "button.back"))}:
            if dialogue.runs:
                await dialogue.go_back()
            else:
                _nothing_open(dialogue)
        elif not dialogue.is_answered_by(text) and (understood := self._commands.understand(text)):
            await dialogue.start(*understood)
        elif text.startswith("/"):
            command = text.split(maxsplit=1)[0][:32]
            await dialogue.remark("dialogue.unknown_command", command=command)
        else:
            return False
        return True

    async def _answered(self, dialogue: Dialogue, incoming: Incoming) -> None:
        if dialogue.runs:
            answer = Answer(
                text=incoming.text, contact=incoming.contact, is_own_contact=incoming.is_own_contact, file=incoming.file
            )
            await dialogue.answer(answer)
        elif incoming.contact is not None and incoming.is_own_contact:
            dialogue.say("dialogue.noted", buttons=[[dialogue.menu_button()]], answer=incoming.contact.phone)
        else:
            key = "dialogue.not_understood" if incoming.kind == "text" else "dialogue.words_only"
            dialogue.say(key, buttons=[[dialogue.menu_button()]])

    async def _tapped(self, session: AsyncSession, dialogue: Dialogue, memory: Conversation, data: str) -> None:
        """A button: it starts something, answers the question it stands under, or is old."""
        first, _, rest = data.partition(":")
        if first == GO:
            await self._go(session, dialogue, rest)
            return
        run = next((run for run in dialogue.runs if run.token == first), None)
        step, _, choice = rest.partition(":")
        if run is not None and step == str(run.step):
            await self._choose(dialogue, run, choice)
        elif (run is None and first != memory.last_token) or _is_long_answered(memory):
            await dialogue.remark("dialogue.old_button")

    async def _choose(self, dialogue: Dialogue, run: Run, choice: str) -> None:
        dialogue.bring_forward(run)
        options = (run.prompt or {}).get("options", [])
        if choice == CANCEL:
            dialogue.cancel()
        elif choice == BACK:
            await dialogue.go_back()
        elif choice.isdecimal() and int(choice) < len(options):
            await dialogue.answer(Answer(chosen=options[int(choice)]))

    async def _go(self, session: AsyncSession, dialogue: Dialogue, rest: str) -> None:
        flow, _, token = rest.partition(":")
        if flow not in self._commands:
            await dialogue.remark("dialogue.old_button")
            return
        command = self._commands[flow]
        if token.startswith(NAMED):
            hints = command.hints(token.removeprefix(NAMED))
        else:
            hints = await shortcuts.hints_of(session, token, dialogue.member.id) if token else {}
        await dialogue.start(command, hints)

    async def _apologise(self, incoming: Incoming, error: Exception) -> None:
        """In a transaction of its own: the failed one, with all it had begun, is gone."""

        async def work(session: AsyncSession) -> None:
            here = (incoming.channel, incoming.chat, incoming.person)
            raw = {} if await conversation.waits_for_a_secret(session, *here) else incoming.raw
            await conversation.give_up(session, *here)
            if await inbox.keep_aside(session, incoming.channel, incoming.id, raw, repr(error)):
                view = View(i18n.text(i18n.closest_language(incoming.language), "dialogue.sorry"))
                await outbox.say(session, Destination(incoming.channel, incoming.chat), view.dump())

        await self._database.run(work)


async def _meet(session: AsyncSession, incoming: Incoming, language: str) -> Meeting:
    """Who this is; a number that the channel vouches for is theirs from now on."""
    is_number = incoming.phone is not None and incoming.phone.removeprefix("+") == incoming.person
    met = await meet(
        session, incoming.channel, incoming.person, incoming.name, language, alias=incoming.alias, is_number=is_number
    )
    if met.former_id is not None:
        await take_along(session, incoming.channel, met.former_id, incoming.person)
    if incoming.phone is not None:
        await _note_own_number(session, met.member, incoming.phone)
    return met


def _known_as(incoming: Incoming, person: str) -> Incoming:
    """The same words by the id we know their sender by; a card that is their own stays so."""
    contact = incoming.contact
    if contact is not None and incoming.is_own_contact:
        contact = replace(contact, external_id=person)
    return replace(incoming, person=person, chat=person, contact=contact)


async def _note_own_number(session: AsyncSession, member: Member, number: str) -> None:
    """The channel vouches for the number, whatever it was asked for; one that is not served here is of no use."""
    with contextlib.suppress(Refusal):
        await verify_phone(session, member, parse_phone(number).e164)


def _is_long_answered(memory: Conversation) -> bool:
    """Whether a button of what was answered last is an old one.

    It may also be the second half of a double tap, whose answer is on its way already. Where messages are edited such
    buttons go away; where they are not, people find them again.
    """
    return not TRAITS[memory.channel].edits and clock.now() - memory.updated_at > _DOUBLE_TAP


def _nothing_open(dialogue: Dialogue) -> None:
    dialogue.say("dialogue.nothing_open", buttons=[[dialogue.menu_button()]])
