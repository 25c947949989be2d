"""Commands: what a person can ask for, by every name people have for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat import Flow
from bot.words import plain
from core import i18n

Hints = dict[str, str]

START = "start"

_CANCEL = {"fr": "annuler", "en": "cancel"}


@dataclass(frozen=True)
class Command:
    """A flow and its names.

    `names` are per language, shown in the commands menu; a flow without names is led to by buttons and `words`, which
    are others that free text may begin with. `hints` reads what follows the name into answers given ahead, by question.
    A start link whose payload begins with `payload`, or is the flow's own name, starts this flow; what follows is the
    hint `payload`.
    """

    flow: str
    run: Flow
    names: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()
    hints: Callable[[str], Hints] = field(default=lambda _: {})
    payload: str | None = None
    in_group: bool = False


class Commands:
    """All commands, found by their flow or by what somebody typed; `pages` is the address of the pages they lead to."""

    def __init__(self, commands: Sequence[Command], pages: str = "") -> None:
        self.pages = pages
        self._by_flow = {command.flow: command for command in commands}
        self._by_word: dict[str, Command] = {}
        for command in commands:
            for word in {*command.names.values(), *command.words}:
                if self._by_word.setdefault(plain(word), command) is not command:
                    raise ValueError(f"two commands are called {word!r}")

    def __getitem__(self, flow: str) -> Command:
        return self._by_flow[flow]

    def __contains__(self, flow: object) -> bool:
        return flow in self._by_flow

    def understand(self, text: str) -> tuple[Command, Hints] | None:
        """The command that `text` asks for and the answers it gives ahead, a start link's payload understood."""
        if (found := self.find(text)) is None:
            return None
        command, rest = found
        if command.flow == START and rest:
            return self._behind(rest)
        return command, command.hints(rest)

    def find(self, text: str) -> tuple[Command, str] | None:
        """The command that `text` begins with, and the rest: `/recharger 5000` as well as `Recharger 5000 wave`."""
        first, _, rest = text.strip().partition(" ")
        word = first.removeprefix("/").partition("@")[0]
        command = self._by_word.get(plain(word)) if plain(word) else None
        return (command, rest.strip()) if command else None

    def _behind(self, payload: str) -> tuple[Command, Hints]:
        """The flow that a start link leads to; the welcome for a payload that nobody knows."""
        if payload in self._by_flow:
            return self._by_flow[payload], {}
        for command in self._by_flow.values():
            if command.payload and payload.startswith(command.payload):
                return command, {"payload": payload.removeprefix(command.payload)}
        return self._by_flow[START], {}

    def menus(self, language: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The commands with what each does, as the menus of a private chat and of a group show them."""
        named = [command for command in self._by_flow.values() if command.names]
        private = [_entry(command, language) for command in named]
        private.append((_CANCEL[language], i18n.text(language, "menu.cancel")))
        return private, [_entry(command, language) for command in named if command.in_group]


def _entry(command: Command, language: str) -> tuple[str, str]:
    return command.names[language], i18n.text(language, f"menu.{command.flow}")
