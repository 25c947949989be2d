"""What a person did in a chat, whatever the channel."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["text", "tap", "contact", "other", "added", "removed", "moved"]


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact card: the number on it and, where the channel tells, the id that its owner has there."""

    phone: str
    name: str
    external_id: str | None


@dataclass(frozen=True, slots=True)
class SentFile:
    """A picture or document that was sent: the channel keeps it, and gives it out for `id`."""

    id: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, tap or event, claimed by (`channel`, `id`).

    `person` is the channel's id of who acted and `chat` where; in a private chat both name the same conversation.
    `text` is what was typed, or a tapped button's data. `raw` is the channel's own words, kept if we fail on it.
    `phone` is the person's number where the channel vouches for it, as E.164. `alias` is a former or second id that the
    channel has for the same person: a WhatsApp number, which may pass to somebody else, beside the id that may not.
    """

    channel: str
    id: str
    kind: Kind
    chat: str
    person: str
    name: str
    is_private: bool
    text: str = ""
    language: str | None = None
    contact: SharedContact | None = None
    file: SentFile | None = None
    callback_id: str | None = None
    message_id: str | None = None
    moved_to: str | None = None
    is_anonymous: bool = False
    phone: str | None = None
    alias: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_own_contact(self) -> bool:
        """Whether the shared card is the sender's own, as the channel vouches: anybody can forward anybody's card."""
        return self.contact is not None and self.contact.external_id == self.person
