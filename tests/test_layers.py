"""Who may import whom among the modules at the top, and that import-linter knows every package below them."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, files, packages

# Each floor imports only what stands below it; the two on one line are strangers.
FORBIDDEN = {
    "cli": set(),
    "operations": {"cli"},
    "app": {"cli", "operations"},
    "webhook_server": {"cli", "operations", "app", "worker", "handlers", "console"},
    "worker": {"cli", "operations", "app", "webhook_server", "handlers", "pages", "console"},
}
_TESTS = {"tests", "bench"}


@pytest.mark.parametrize("module", FORBIDDEN)
def test_a_module_at_the_top_imports_only_what_stands_below_it(module: str):
    assert _imported(module) & FORBIDDEN[module] == set()


def test_the_modules_at_the_top_are_all_known():
    assert {path.stem for path in ROOT.glob("*.py")} == FORBIDDEN.keys() - {"operations"}


@pytest.mark.parametrize("package", sorted(packages() - {"operations"}))
def test_nothing_below_the_top_imports_it(package: str):
    assert _imported(package) & FORBIDDEN.keys() == set()


def test_the_command_line_is_imported_by_nothing():
    assert {top for top, name in _imports() if name == "cli"} <= _TESTS


def test_the_sandbox_is_imported_by_tests_only_and_imports_nothing_of_the_app():
    assert {top for top, name in _imports() if name == "sandbox"} <= _TESTS | {"sandbox"}
    assert _imported("sandbox") & (packages() | FORBIDDEN.keys()) <= {"sandbox"}


def test_import_linter_and_mypy_know_every_package():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert packages() == set(tools["importlinter"]["root_packages"])
    assert packages() <= set(tools["mypy"]["packages"])


def _imported(top: str) -> set[str]:
    found = {name for importer, name in _imports() if importer == top}
    assert found
    return found


@cache
def _imports() -> set[tuple[str, str]]:
    """Every import in the repository, those inside functions too: the top-level names of who imports and of what."""
    return {
        (path.relative_to(ROOT).parts[0].removesuffix(".py"), name.partition(".")[0])
        for path in files(".py")
        for name in _names(path)
    }


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
