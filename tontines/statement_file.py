"""The statement as a file: one line of JSON for each of its lines, as members keep it and as anybody may check it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.canonical import canonical
from tontines.chain import verify_statement


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What a check of a file found. A file that holds may still have been cut off at its end, or be made up as a whole:
    its last hash is to be the one that the other members have.
    """

    lines: int
    """How many were read: all of them, or those up to the broken one."""
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
    """Read a file and recompute its chain, up to the first line that does not fit. What cannot be read does not."""
    lines_read = _Counted(_lines(content))
    broken = verify_statement(lines_read)
    return FileCheck(lines_read.count, broken, lines_read.last if broken is None else None)


class _Counted:
    """Lines that are counted as they are read, so that a file of nothing but rubbish is left at its first line."""

    def __init__(self, lines: Iterable[dict[str, Any]]) -> None:
        self._lines = lines
        self.count = 0
        self.last: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for self.count, self.last in enumerate(self._lines, 1):  # noqa: B020
            yield self.last


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
