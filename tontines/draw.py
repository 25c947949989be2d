"""The draw that nobody can bend: commit, members' entropy, reveal. Pure, and enough to check one by oneself.

1. Before anybody adds anything, the SHA-256 of a secret and of the list of shares is published: neither can change.
2. Each member may add some words of their own. Whoever adds last does not know the secret.
3. At the announced time the secret is revealed by itself. Secret and words make a key, and the key makes the order.

Anybody recomputes the order from the public record alone: `verify_draw`.
"""

import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from core.canonical import canonical, digest

ALGORITHM = "cauri-draw-1"
_WORD_BYTES = 8
_WORDS = 2 ** (8 * _WORD_BYTES)


class Words(BaseModel):
    """What one member added; `member` is their membership's id."""

    model_config = ConfigDict(frozen=True)

    member: str
    text: str


class PublicDraw(BaseModel):
    """A revealed draw as it is exported: all that is needed to check it."""

    model_config = ConfigDict(frozen=True)

    algorithm: str
    shares: tuple[str, ...]
    commitment: str
    secret: str
    entropy: tuple[Words, ...]
    order: tuple[str, ...]


class DrawVerdict(BaseModel):
    """What a check found: whether the secret is the one committed to, and whether the order is the one it gives."""

    model_config = ConfigDict(frozen=True)

    commitment_holds: bool
    order_holds: bool

    @property
    def is_honest(self) -> bool:
        return self.commitment_holds and self.order_holds


def new_secret() -> str:
    """256 bits of chance, in hexadecimal."""
    return secrets.token_hex(32)


def commitment(secret: str, shares: Sequence[str]) -> str:
    """What is published first: it binds the secret and the list of shares without telling the secret."""
    return digest({"algorithm": ALGORITHM, "secret": secret, "shares": list(shares)})


def draw_order(secret: str, shares: Sequence[str], entropy: Sequence[Words]) -> list[str]:
    """The order that the secret and the members' words give: a Fisher-Yates shuffle fed by HMAC-SHA256."""
    chance = _chance(_seed(secret, shares, entropy))
    order = list(shares)
    for last in range(len(order) - 1, 0, -1):
        picked = _below(last + 1, chance)
        order[last], order[picked] = order[picked], order[last]
    return order


def reveal(secret: str, shares: Sequence[str], entropy: Sequence[Words]) -> PublicDraw:
    """The whole draw, for everybody to see."""
    order = draw_order(secret, shares, entropy)
    return PublicDraw(
        algorithm=ALGORITHM,
        shares=tuple(shares),
        commitment=commitment(secret, shares),
        secret=secret,
        entropy=tuple(sorted(entropy, key=lambda words: words.member)),
        order=tuple(order),
    )


def verify_draw(record: Mapping[str, Any]) -> DrawVerdict:
    """Recompute a draw from its public record alone. A record that cannot be read is not honest."""
    try:
        public = PublicDraw.model_validate(record)
    except ValidationError:
        return DrawVerdict(commitment_holds=False, order_holds=False)
    known = public.algorithm == ALGORITHM
    return DrawVerdict(
        commitment_holds=known and commitment(public.secret, public.shares) == public.commitment,
        order_holds=known and draw_order(public.secret, public.shares, public.entropy) == list(public.order),
    )


def _seed(secret: str, shares: Sequence[str], entropy: Sequence[Words]) -> bytes:
    words = [{"member": each.member, "text": each.text} for each in sorted(entropy, key=lambda each: each.member)]
    message = canonical({"commitment": commitment(secret, shares), "entropy": words})
    return hmac.digest(secret.encode(), message, sha256)


def _chance(seed: bytes) -> Iterator[int]:
    """Whole numbers below 2^64 without end, from the seed and a counter."""
    counter = 0
    while True:
        block = hmac.digest(seed, counter.to_bytes(_WORD_BYTES, "big"), sha256)
        for start in range(0, len(block), _WORD_BYTES):
            yield int.from_bytes(block[start : start + _WORD_BYTES], "big")
        counter += 1


def _below(bound: int, chance: Iterator[int]) -> int:
    """A number below `bound`, each as likely as the others: a plain remainder would favour the small ones."""
    fair = _WORDS - _WORDS % bound
    return next(word for word in chance if word < fair) % bound
