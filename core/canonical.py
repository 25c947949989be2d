"""One way only to write a fact down, so that anybody who hashes it finds what we found."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Fact: TypeAlias = str | int | bool | Sequence["Fact"] | Mapping[str, "Fact"] | None


def canonical(fact: Fact) -> bytes:
    """JSON in UTF-8 with sorted keys and no white space."""
    return json.dumps(fact, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(fact: Fact) -> str:
    """The SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(fact)).hexdigest()
