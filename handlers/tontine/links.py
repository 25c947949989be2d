"""The addresses that lead from a group, or from anywhere, into the private chat and to the pages."""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

from bot.ways import Ways

JOIN = "tj_"
NEW = "tn_"
OPEN = "to_"
WORD = "td_"

_TOKEN_BYTES = 16


@dataclass(frozen=True)
class Links:
    """`ways` leads into the private chat with a payload; `public` is where our pages are."""

    ways: Ways
    public: str

    def to_join(self, tontine_id: UUID) -> str:
        """The invitation that is passed on."""
        return self.ways.to_pass_on(JOIN + token_of(tontine_id))

    def to_open(self, tontine_id: UUID) -> str:
        """The tontine in the private chat, for whoever reads us in a group."""
        return self.deep_link(OPEN + token_of(tontine_id))

    def deep_link(self, payload: str) -> str:
        """For a button in a group: groups are on the main channel."""
        return self.ways.main(payload)

    def to_draw(self, cycle_id: UUID) -> str:
        """The page that explains a draw and recomputes it."""
        return f"{self.public}/tontine/draw/{cycle_id}"


def token_of(row_id: UUID) -> str:
    """An id in the 22 characters that fit a start link."""
    return base64.urlsafe_b64encode(row_id.bytes).decode().rstrip("=")


def id_of(token: str) -> UUID | None:
    """The id behind a token, or written out; None for anything else, which people may well type."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return UUID(bytes=raw) if len(raw) == _TOKEN_BYTES else UUID(token)
    except (binascii.Error, ValueError):
        return None
