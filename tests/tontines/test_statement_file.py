"""The statement as a file: what was touched is found, whatever a file holds; and the command that checks one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from core.canonical import digest
from tontines.chain import BEGINNING
from tontines.statement_file import check_file, write_file

Lines = list[dict[str, object]]
Tampering = Callable[[list[bytes]], list[bytes]]


def statement(length: int = 12) -> Lines:
    lines: Lines = []
    previous = BEGINNING
    for number in range(1, length + 1):
        facts = {"amount": 5000 + number, "reason": "Frère malade \u2028 « urgent » 🌸"}
        line = {"number": number, "at": "2026-11-22T08:00:00.000+00:00", "kind": "x", "facts": facts}
        previous = digest({**line, "previous": previous})
        lines.append({**line, "previous": lines[-1]["hash"] if lines else BEGINNING, "hash": previous})
    return lines


def rewritten(number: int, /, **changes: object) -> Tampering:
    def tamper(lines: list[bytes]) -> list[bytes]:
        line = {**json.loads(lines[number - 1]), **changes}
        return [*lines[: number - 1], json.dumps(line).encode(), *lines[number:]]

    return tamper


def replaced(number: int, by: bytes) -> Tampering:
    return lambda lines: [*lines[: number - 1], by, *lines[number:]]


def resealed(lines: list[bytes]) -> list[bytes]:
    """An amount is changed and its own line hashed anew: the next line gives it away."""
    line = json.loads(lines[6])
    line["facts"]["amount"] = 1
    line["hash"] = digest({name: value for name, value in line.items() if name != "hash"})
    return [*lines[:6], json.dumps(line).encode(), *lines[7:]]


TAMPERINGS: dict[str, tuple[Tampering, int]] = {
    "amount": (rewritten(7, facts={"amount": 1}), 7),
    "resealed": (resealed, 8),
    "date": (rewritten(3, at="2026-11-21T08:00:00.000+00:00"), 3),
    "missing": (lambda lines: lines[:4] + lines[5:], 5),
    "first missing": (lambda lines: lines[1:], 1),
    "twice": (lambda lines: [*lines[:5], lines[4], *lines[5:]], 6),
    "exchanged": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4),
    "number as text": (rewritten(2, number="2"), 2),
    "one more field": (rewritten(2, note="?"), 2),
    "not json": (replaced(9, b"{oops"), 9),
    "not an object": (replaced(9, b"[1, 2]"), 9),
    "not utf-8": (replaced(9, b"\xff\xfe"), 9),
    "blank line": (lambda lines: [*lines[:2], b"", *lines[2:]], 3),
    "not a number": (rewritten(4, facts={"amount": float("nan")}), 4),
    "half a letter": (replaced(4, b'{"number": 4, "kind": "\\ud800"}'), 4),
    "too deep": (replaced(4, b'{"facts": ' + b"[" * 100_000), 4),
    "too long a number": (replaced(4, b'{"number": ' + b"9" * 10_000 + b"}"), 4),
    "a name twice": (
        lambda lines: [*lines[:5], lines[5].replace(b'"amount":', b'"amount":1,"amount":'), *lines[6:]],
        6,
    ),
}


def test_an_untouched_file_holds():
    found = check_file(write_file(statement()))
    assert (found.holds, found.lines, found.broken_line) == (True, 12, None)
    assert found.last == statement()[-1]


@pytest.mark.parametrize("handled", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_a_file_that_went_through_another_computer_holds(handled: bytes):
    content = b"\xef\xbb\xbf" + write_file(statement()).replace(b"\n", handled) + handled * 2
    assert check_file(content).holds


@pytest.mark.parametrize(("tampering", "line"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_the_first_line_that_was_touched_is_found(tampering: Tampering, line: int):
    touched = b"\n".join(tampering(write_file(statement()).splitlines()))
    found = check_file(touched)
    assert (found.holds, found.broken_line, found.last) == (False, line, None)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_line_does_not_hold(content: bytes):
    found = check_file(content)
    assert (found.holds, found.lines, found.broken_line) == (False, 0, None)


def test_the_command_says_that_a_file_holds_and_gives_its_last_hash(tmp_path: Path):
    file = tmp_path / "tontine.jsonl"
    file.write_bytes(write_file(statement()))
    result = CliRunner().invoke(cli.main, ["verify-statement", str(file)])
    assert result.exit_code == 0
    assert str(statement()[-1]["hash"]) in result.output


def test_the_command_ends_with_one_and_the_first_line_that_was_touched(tmp_path: Path):
    file = tmp_path / "tontine.jsonl"
    file.write_bytes(b"\n".join(resealed(write_file(statement()).splitlines())))
    result = CliRunner().invoke(cli.main, ["verify-statement", str(file)])
    assert result.exit_code == 1
    assert "Line 8 does not fit" in result.output


def test_the_command_ends_with_one_for_an_empty_file(tmp_path: Path):
    file = tmp_path / "tontine.jsonl"
    file.touch()
    result = CliRunner().invoke(cli.main, ["verify-statement", str(file)])
    assert result.exit_code == 1
    assert "no line" in result.output
