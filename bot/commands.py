"""Commands: what a person can ask for, by every name people have for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat import Flow
from bot.words import plain

Hints = dict[str, str]


@dataclass(frozen=True)
class Command:
    """A flow and its names.

    `names` are per language, the first one shown in the commands menu; `words` are others that free text may begin
    with. `hints` reads what follows the name into answers given ahead, by question. `is_listed` puts it in the menu.
    """

    flow: str
    run: Flow
    names: Mapping[str, str]
    words: Sequence[str] = ()
    hints: Callable[[str], Hints] = field(default=lambda _: {})
    is_listed: bool = True
    is_public: bool = False


class Commands:
    """All commands, found by their flow or by what somebody typed."""

    def __init__(self, commands: Sequence[Command]) -> None:
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

    def find(self, text: str) -> tuple[Command, str] | None:
        """The command that `text` begins with, and the rest: `/recharger 5000` as well as `Recharger 5000 wave`."""
        first, _, rest = text.strip().partition(" ")
        word = first.removeprefix("/").partition("@")[0]
        command = self._by_word.get(plain(word))
        return (command, rest.strip()) if command else None

    def listed(self, language: str) -> list[Command]:
        """The commands of the menu, in the order they were given."""
        return [command for command in self._by_flow.values() if command.is_listed]
