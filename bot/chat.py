"""What a flow sees of a conversation: it asks, fixes facts, and says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from markupsafe import Markup
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import Run, proof_answer, proof_in
from bot.questions import Answer, Option, Question
from bot.views import Button, View
from core import i18n
from core.errors import Refusal
from core.outbox import Destination
from members import Member, has_pin
from members.proofs import Wants, use_proof

T = TypeVar("T")

Flow: TypeAlias = Callable[["Chat"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Said:
    """A message to be said: what it is about, the run whose question it is, and whether it turns the tapped one."""

    view: View
    subject: str | None = None
    asks: Run | None = None
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question that waits for its answer."""

    key: str
    text: str
    options: list[Option]
    columns: int
    contact: str | None
    is_secret: bool = False
    is_in_own_words: bool = False
    about: str = ""
    proof: "Asked | None" = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose PIN a prompt waits for, and what the page asks for."""

    member_id: UUID
    wants: Wants


class PinOnThePage(Refusal):
    """Something was said while the PIN is awaited on its page."""

    key = "refusal.pin.on_the_page"


class PinTyped(Refusal):
    """What looks like a PIN was typed into the chat."""

    key = "refusal.pin.typed"


class Waiting(Exception):
    """The flow cannot go on before this question is answered; `refusal` says why the last answer would not do."""

    def __init__(self, prompt: Prompt, refusal: Refusal | None = None) -> None:
        super().__init__(prompt.key)
        self.prompt = prompt
        self.refusal = refusal


@dataclass
class Chat:
    """One turn of one flow: it runs again from the top for each message.

    Nothing is written before the last question except through `once`, so that running again changes nothing.
    """

    session: AsyncSession
    member: Member
    run: Run
    here: Destination
    answer: Answer | None = None
    is_first_meeting: bool = False
    said: list[Said] = field(default_factory=list)
    just_answered: str | None = None

    @property
    def run_id(self) -> UUID:
        """The key of what this run sets in motion: two taps make one deposit, the next run another."""
        return self.run.uuid

    async def ask(self, key: str, question: Question[T], *, text: str | None = None, **params: object) -> T:
        """The answer to `key`: the saved one, else what was just said if this question was waiting, else stop and ask.

        `text` is the sentence's key, `<flow>.ask.<key>` when not given.
        """
        saved = self.run.answer_to(key)
        if saved is not None:
            return question.load(saved)
        prompt = self._prompt(key, question, text, params)
        try:
            heard = await self._heard(key, question)
        except Refusal as refusal:
            remedies = question.remedies(refusal, self.member.language)
            raise Waiting(replace(prompt, options=[*remedies, *prompt.options]), refusal) from None
        if heard is None:
            raise Waiting(prompt)
        self.run.answers.append((key, question.dump(heard)))
        return heard

    async def once(self, key: str, kind: type[T], make: Callable[[], Awaitable[T]]) -> T:
        """A fact that is fixed the first time and stays: the fee shown is the fee charged."""
        adapter = TypeAdapter(kind)
        for name, saved, _ in self.run.facts:
            if name == key:
                return adapter.validate_python(saved)
        value = await make()
        self.run.facts.append((key, adapter.dump_python(value, mode="json"), len(self.run.answers)))
        return value

    async def prove(
        self, key: str, about: str, *, of: Member | None = None, wants: Wants = Wants.PIN, name: str = ""
    ) -> None:
        """Go on only once `of` (who talks, when not given) has typed their PIN on its page; stops the run until then.

        `about` says what is agreed to, here and on the page. Whoever has no PIN yet is led to choose one there. Nothing
        is written before, so this comes after the last question and before what it is for.
        """
        whose = of or self.member
        given = proof_in(self.run.answer_to(key))
        if given is not None and await use_proof(self.session, given, whose.id, self.run_id):
            return
        self.run.answers = [each for each in self.run.answers if each[0] != key]
        sentence = "pin.ask.enter" if await has_pin(self.session, whose.id) else "pin.ask.choose"
        if wants is Wants.NEW_PIN and sentence == "pin.ask.enter":
            sentence = "pin.ask.change"
        if of is not None and of.id != self.member.id:
            sentence = "pin.ask.of_other"
        text = self.text(sentence, about=about, name=name)
        plain = str(Markup(about).unescape())  # noqa: S704 - a sentence of ours
        prompt = Prompt(key, text, [], 1, None, is_secret=True, about=plain, proof=Asked(whose.id, wants))
        if self.answer is None or self.run.prompt is None or self.run.prompt["key"] != key:
            raise Waiting(prompt)
        answer, self.answer = self.answer, None
        # Who writes just after the page has answered them is not asked again.
        asked = UUID(self.run.prompt["proof"])
        if not await use_proof(self.session, asked, whose.id, self.run_id):
            raise Waiting(prompt, PinTyped() if answer.is_typed_pin else PinOnThePage())
        self.run.answers.append((key, proof_answer(asked)))

    def say(
        self, key: str, *, buttons: list[list[Button]] | None = None, subject: str | None = None,
        in_place: bool = False, apart: bool = False, **params: object,
    ) -> None:  # fmt: skip
        """Say the sentence `key` when this turn ends well.

        `subject` lets a later notice turn this very message; `in_place` turns the message whose button was tapped;
        `apart` is for what is to be passed on to somebody.
        """
        rows = tuple(tuple(row) for row in buttons or [])
        self.show(View(self.text(key, **params), rows, apart=apart), subject=subject, in_place=in_place)

    def show(self, view: View, *, subject: str | None = None, in_place: bool = False) -> None:
        """Say what was put together elsewhere, such as what a notice says too."""
        self.said.append(Said(view, subject, in_place=in_place))

    def text(self, key: str, **params: object) -> Markup:
        """The sentence `key` in the member's language."""
        return i18n.text(self.member.language, key, **params)

    def moment(self, when: datetime) -> str:
        """A time as the member reads it, in their own zone."""
        return i18n.moment(self.member.language, when, self.member.time_zone)

    async def _heard(self, key: str, question: Question[T]) -> T | None:
        if self.answer is not None and self.run.prompt is not None and self.run.prompt["key"] == key:
            answer, self.answer = self.answer, None
            value = await question.read(answer, self.session)
            self.just_answered = question.told(value, self.member.language)
            return value
        if (hint := self.run.hints.pop(key, None)) is not None:
            return await question.read_text(hint, self.session)
        return None

    def _prompt(self, key: str, question: Question[T], text: str | None, params: dict[str, object]) -> Prompt:
        language = self.member.language
        sentence = self.text(text or f"{self.run.flow}.ask.{key}", **params)
        return Prompt(
            key,
            sentence,
            question.options(language),
            question.columns,
            question.contact(language),
            question.is_secret,
            question.is_in_own_words,
        )
