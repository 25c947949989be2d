"""What is said, as data: each channel draws it with what it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message: `data` comes back when it is tapped, `url` opens a page instead.

    `inside` opens it within the channel, which then vouches for who is there; elsewhere it is a page as any other.
    """

    label: str
    data: str | None = None
    url: str | None = None
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """The sentence a text was made of, for a channel that at times may only say sentences approved beforehand."""

    language: str
    key: str
    blanks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """One message: text with the tags of `core.i18n`, rows of buttons, and what replaces the keyboard.

    `contact` is the label of a button that shares the person's own number; `clears_keyboard` takes such a one away.
    `picture` and `document` name a file of the outbox; the text is then its caption. An edit that `tidies` only takes
    old buttons away, or says the same: where nothing can be edited it is not worth a message. `page` is the one to be
    shown of choices that do not all fit into a message. What is to be passed on to somebody stands `apart` from what is
    said around it. News that `can_wait` reach somebody who has not written for long once they do, without their being
    asked to.
    """

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    contact: str | None = None
    clears_keyboard: bool = False
    picture: UUID | None = None
    document: UUID | None = None
    said: Saying | None = None
    tidies: bool = False
    page: int = 0
    apart: bool = False
    can_wait: bool = False

    @property
    def can_be_an_edit(self) -> bool:
        """A message that changes the keyboard or brings a file has to be a new one."""
        return self.contact is None and not self.clears_keyboard and self.file is None

    @property
    def file(self) -> UUID | None:
        """The file that goes with it."""
        return self.picture or self.document

    def dump(self) -> dict[str, Any]:
        """As JSON, for the outbox."""
        data: dict[str, Any] = _VIEW.dump_python(self, mode="json", exclude_defaults=True)
        return data

    @classmethod
    def load(cls, data: dict[str, Any]) -> "View":
        """From the outbox."""
        return _VIEW.validate_python(data)


def in_columns(buttons: list[Button], columns: int) -> tuple[tuple[Button, ...], ...]:
    """Lay buttons out in rows of `columns`."""
    return tuple(tuple(buttons[start : start + columns]) for start in range(0, len(buttons), columns))


_VIEW = TypeAdapter(View)
