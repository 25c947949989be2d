"""Ways: the addresses by which a person gets to us, on each channel that is served."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels import TRAITS

Deepen = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Way:
    """A link and the name that people have for where it leads."""

    title: str
    url: str


class Ways:
    """For each channel how it makes a link that opens the private chat with a payload; the first is the main one."""

    def __init__(self, links: Mapping[str, Deepen]) -> None:
        self._links = dict(links)

    def on(self, channel: str, payload: str) -> str:
        """The link for somebody who is on `channel` already; the main channel's where that one makes none."""
        return (self._links.get(channel) or next(iter(self._links.values())))(payload)

    def main(self, payload: str) -> str:
        """The main channel's link."""
        return next(iter(self._links.values()))(payload)

    def to_pass_on(self, payload: str) -> str:
        """For anybody, wherever they are: a link, or where there are several a line for each."""
        ways = [Way(TRAITS[channel].title, link(payload)) for channel, link in self._links.items()]
        return ways[0].url if len(ways) == 1 else "\n".join(f"{way.title}\u00a0: {way.url}" for way in ways)

    def elsewhere(self, channel: str, payload: str) -> list[Way]:
        """On every other channel than this."""
        others = {name: link for name, link in self._links.items() if name != channel}
        return [Way(TRAITS[name].title, link(payload)) for name, link in others.items()]
