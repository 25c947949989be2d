"""The documents and the code they speak of, as the tests of this folder read them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPERATORS = ("docs/going-live.md", "docs/operations.md")

# Made by tools or by running, never committed.
_GENERATED = re.compile(r"^\.(?!ci$|env\.example$|gitignore$)|^var$|^__pycache__$|\.egg-info$|\.sqlite3")
_PICTURES = {".png"}


def read(name: str) -> str:
    """One file of the repository, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def documents() -> list[Path]:
    """Everything written for people to read."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def manual() -> str:
    """All documents one after the other."""
    return "\n".join(path.read_text(encoding="utf-8") for path in documents())


def code_blocks(text: str) -> str:
    """What stands between fences: the commands a reader would copy."""
    return "\n".join(re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def files(*suffixes: str) -> Iterator[Path]:
    """Every file of the repository with one of these endings (any text file when none is given)."""
    for path in _beneath(ROOT):
        if (not suffixes and path.suffix not in _PICTURES) or path.suffix in suffixes:
            yield path


def packages() -> set[str]:
    """The packages of the house and its sandbox, at the top of the repository."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}


def _beneath(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if _GENERATED.search(path.name):
            continue
        if path.is_dir():
            yield from _beneath(path)
        else:
            yield path
