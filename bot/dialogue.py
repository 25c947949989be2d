"""A dialogue's turn: a flow is started, its question answered, gone back over or cancelled; then it is all said."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import TRAITS
from bot.chat import Chat, Prompt, Said, Waiting
from bot.commands import Command, Commands
from bot.conversation import Conversation, Run
from bot.questions import Answer
from bot.views import Button, View, in_columns
from core import clock, i18n, outbox
from core.errors import Refusal
from core.outbox import Destination
from members import Member
from members.proofs import Place, ask_for_proof

BACK = "b"
CANCEL = "x"
GO = "go"
# What stands behind it is what could be typed after the command, such as a reference, and no shortcut.
NAMED = "#"


class Dialogue:
    """One person's turn in one locked conversation.

    `tapped` is set when a button of the waiting question was used: the first thing said then takes its place;
    `tapped_message` is the message of whatever button was used.
    """

    def __init__(self, session: AsyncSession, commands: Commands, conversation: Conversation, member: Member) -> None:
        self._session = session
        self._commands = commands
        self._conversation = conversation
        self.member = member
        self._said: list[Said] = []
        self._told: str | None = None
        self.runs = conversation.open_runs()
        self._before = self.runs[-1].prompt if self.runs else None
        self.tapped = False
        self.tapped_message: UUID | None = None

    async def start(self, command: Command, hints: Mapping[str, str]) -> None:
        """Begin a flow; the one that was open waits behind it, a former run of the same flow is given up."""
        self.runs = [run for run in self.runs if run.flow != command.flow]
        self.runs.append(Run(flow=command.flow, hints=dict(hints)))
        await self._advance(None)

    async def answer(self, answer: Answer) -> None:
        """Answer the question that waits."""
        self.runs[-1].was_resumed = False
        await self._advance(answer)

    @property
    def waits_for_pin(self) -> bool:
        """Whether the question that waits is answered by a PIN, on its page."""
        prompt = self.runs[-1].prompt if self.runs else None
        return bool(prompt and prompt.get("proof"))

    def is_answered_by(self, text: str) -> bool:
        """Whether the question that waits takes `text` as an answer though it begins like a command: « Tontine des
        Amies » is a name. A command's name alone, or behind its slash, is always the command."""
        prompt = self.runs[-1].prompt if self.runs else None
        return bool(prompt and prompt.get("is_in_own_words")) and not text.startswith("/") and len(text.split()) > 1

    def run_waiting_for(self, proof_id: UUID) -> Run | None:
        """The run that waits for this very proof; none once it was asked anew, given up, or for something else."""
        return next((run for run in self.runs if run.prompt and run.prompt.get("proof") == str(proof_id)), None)

    async def go_back(self) -> None:
        """Ask the question before again."""
        self.runs[-1].go_back()
        await self._advance(None)

    def cancel(self) -> None:
        """Give up what is open, and say that nothing moved."""
        self._conversation.last_token = self.runs[-1].token
        self.runs = []
        self.say("dialogue.cancelled", buttons=[[self.menu_button()]])

    def bring_forward(self, run: Run) -> None:
        """A button of `run` was tapped: it is the one talked about now, and its question the one to replace."""
        self.runs.remove(run)
        self.runs.append(run)
        self._before = run.prompt
        self.tapped = True

    def say(self, key: str, *, buttons: list[list[Button]] | None = None, **params: object) -> None:
        """Say a sentence of the engine's own."""
        rows = tuple(tuple(row) for row in buttons or [])
        self._said.append(Said(View(self._text(key, **params), rows)))

    async def remark(self, key: str, **params: object) -> None:
        """Say something beside the point, above the question that waits; where none does, with the way home."""
        if self.runs:
            await self._advance(None, lead=self._text(key, **params))
        else:
            self.say(key, buttons=[[self.menu_button()]], **params)

    def menu_button(self) -> Button:
        """The way home."""
        return Button(self._text("button.menu"), data=f"{GO}:start")

    async def end(self) -> None:
        """Put what is to be said into the outbox, in place of the answered question where that can be, and keep all."""
        if self._said and self._before is not None:
            await self._settle_before(self._before)
        for said in self._said:
            await self._emit(said, self.tapped_message if said.in_place else None)
        self._conversation.keep(self.runs)

    async def _advance(self, answer: Answer | None, lead: str = "", leads_to: str | None = None) -> None:
        """Run the current flow as far as its answers reach; `lead` stands above the question it stops at.

        `leads_to` is another flow, offered beside that question's answers.
        """
        run = self.runs[-1]
        chat = Chat(self._session, self.member, run, self._here(), answer, self._conversation.last_token is None)
        try:
            async with self._session.begin_nested():
                await self._commands[run.flow].run(chat)
        except Waiting as waiting:
            self._told = chat.just_answered
            refused = waiting.refusal
            await self._ask(
                run, waiting.prompt, self._reason(refused) or lead, refused.leads_to if refused else leads_to
            )
        except Refusal as refusal:
            await self._refuse(run, refusal)
        else:
            self._told = chat.just_answered
            self._said += chat.said
            await self._finish(run)

    async def _refuse(self, run: Run, refusal: Refusal) -> None:
        """The flow as a whole was refused: its last question is asked again under the reason, the others stand."""
        if run.has_answers:
            run.go_back()
            await self._advance(None, self._reason(refusal), refusal.leads_to)
        else:
            self._said.append(
                Said(View(self._reason(refusal), (*self._way_out(refusal.leads_to), (self.menu_button(),))))
            )
            await self._finish(run)

    async def _finish(self, run: Run) -> None:
        """Close the run; the one that waited behind it, if it is still remembered, is taken up again, once.

        Whoever then goes elsewhere without answering has left it: a question must not cling to everything they do.
        """
        self._conversation.last_token = run.token
        self.runs.remove(run)
        if self.runs and self.runs[-1].is_fresh() and not self.runs[-1].was_resumed:
            self.runs[-1].was_resumed = True
            await self._advance(None, lead=self._text("dialogue.resumed"))
        else:
            self.runs = []

    async def _ask(self, run: Run, prompt: Prompt, lead: str, leads_to: str | None) -> None:
        """Have the question said, with a button for each ready answer and the ways out."""
        run.step += 1
        run.touched_at = clock.now().isoformat()
        token = f"{run.token}:{run.step}"
        choices = [Button(option.label, data=f"{token}:{index}") for index, option in enumerate(prompt.options)]
        ways_out = [Button(self._text("button.cancel"), data=f"{token}:{CANCEL}")]
        if run.has_answers:
            ways_out.insert(0, Button(self._text("button.back"), data=f"{token}:{BACK}"))
        text = f"{lead}\n\n{prompt.text}" if lead else prompt.text
        contact = prompt.contact if TRAITS[self._conversation.channel].contact_button else None
        proof_id, page = await self._proof(run, prompt)
        rows = (*self._way_out(leads_to), *page, *in_columns(choices, prompt.columns), tuple(ways_out))
        view = View(text, rows, contact=contact)
        run.prompt = {
            "key": prompt.key,
            "text": prompt.text,
            "options": [option.value for option in prompt.options],
            "labels": [option.label for option in prompt.options],
            "is_keyboard": not view.can_be_an_edit,
            "is_secret": prompt.is_secret,
            "is_in_own_words": prompt.is_in_own_words,
            "proof": str(proof_id) if proof_id else None,
        }
        self._said.append(Said(view, asks=run))

    async def _proof(self, run: Run, prompt: Prompt) -> tuple[UUID | None, tuple[tuple[Button, ...], ...]]:
        """The page on which a prompt is answered, where it is one that is not answered here."""
        if prompt.proof is None:
            return None, ()
        memory = self._conversation
        place = Place(memory.channel, memory.chat, memory.person, run.uuid)
        is_app = TRAITS[memory.channel].vouches
        proof_id, token = await ask_for_proof(
            self._session, prompt.proof.member_id, prompt.proof.wants, place, about=prompt.about,
            language=self.member.language, is_app=is_app,
        )  # fmt: skip
        url = f"{self._commands.pages}/pin/{token}"
        return proof_id, ((Button(self._text("button.pin"), url=url, inside=is_app),),)

    async def _settle_before(self, before: dict[str, Any]) -> None:
        """What becomes of the question that waited: replaced by what is said first, or left without its buttons."""
        first = self._said[0]
        if before["is_keyboard"]:
            await self._clear_keyboard(first)
        elif self.tapped and first.view.can_be_an_edit:
            await self._emit(self._said.pop(0), UUID(before["message"]))
        else:
            told = Markup("\n✔️ {}").format(self._told) if self._told else ""
            closed = View(Markup(before["text"]) + told, tidies=True)  # noqa: S704 - it was said before
            await outbox.say(self._session, self._here(), closed.dump(), edits=UUID(before["message"]))

    async def _clear_keyboard(self, first: Said) -> None:
        """A keyboard goes away with a message that has no buttons of its own: the first one, or a short one before."""
        if first.view.contact is not None:
            return
        if not first.view.rows:
            self._said[0] = replace(first, view=replace(first.view, clears_keyboard=True))
            return
        told = self._text("dialogue.noted", answer=self._told) if self._told else "👌"
        await outbox.say(self._session, self._here(), View(told, clears_keyboard=True).dump())

    async def _emit(self, said: Said, edits: UUID | None) -> None:
        message = await outbox.say(self._session, self._here(), said.view.dump(), subject=said.subject, edits=edits)
        if said.asks is not None and said.asks.prompt is not None:
            said.asks.prompt["message"] = str(edits or message)

    def _here(self) -> Destination:
        return Destination(self._conversation.channel, self._conversation.chat)

    def _reason(self, refusal: Refusal | None) -> str:
        if refusal is None:
            return ""
        reason = self._text(refusal.key, **self._in_their_zone(refusal.params))
        return Markup(" ").join([reason, self._text(f"leads_to.{refusal.leads_to}")]) if refusal.leads_to else reason

    def _way_out(self, leads_to: str | None) -> tuple[tuple[Button, ...], ...]:
        if leads_to is None:
            return ()
        return ((Button(self._text(f"button.{leads_to}"), data=f"{GO}:{leads_to}"),),)

    def _in_their_zone(self, params: Mapping[str, object]) -> dict[str, object]:
        language, zone = self.member.language, self.member.time_zone
        return {
            name: i18n.moment(language, value, zone) if isinstance(value, datetime) else value
            for name, value in params.items()
        }

    def _text(self, key: str, **params: object) -> str:
        return i18n.text(self.member.language, key, **params)
