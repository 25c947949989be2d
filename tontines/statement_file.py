"""The statement as a file: one line of JSON for each of its lines, as members keep it and as anybody may check it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tontines.canonical import canonical
from tontines.chain import verify_statement


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What a check of a file found. A file that holds may still have been cut off at its end, or be made up as a whole:
    its last hash is to be the one that the other members have.
    """

    lines: int
    broken_line: int | None
    """The first line that does not fit, from 1; None when all do."""
    last: Mapping[str, Any] | None
    """The last line, when all fit."""

    @property
    def holds(self) -> bool:
        return self.lines > 0 and self.broken_line is None


def write_file(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """The file of a statement's sealed lines."""
    return b"".join(canonical(dict(line)) + b"\n" for line in lines)


def check_file(content: bytes) -> FileCheck:
    """Read a file and recompute its chain. Whatever cannot be read is a line that does not fit."""
    lines = list(_lines(content))
    broken = verify_statement(lines)
    return FileCheck(len(lines), broken, lines[-1] if lines and broken is None else None)


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.removeprefix(b"\xef\xbb\xbf").rstrip().splitlines():
        try:
            fields = json.loads(line, object_pairs_hook=_without_doubles, parse_constant=_no_number)
            # What could not be hashed is no line of ours either: half of a letter, say.
            canonical(fields)
        except (ValueError, RecursionError):
            fields = {}
        yield fields if isinstance(fields, dict) else {}


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One name twice in an object would show an eye one value, and the check the other."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands there twice")
    return fields


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")
