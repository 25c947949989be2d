"""What must not stand anywhere in the repository, and what the README must show of it."""

import re

from tests.docs.pages import ROOT, files, packages, read

# Each is put together here, so that this file does not hold what it forbids.
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error")
REGISTRIES = ("py" + "pi.", "python" + "hosted.", "npm" + "js.", "deb." + "debian.", "un" + "pkg.", "js" + "delivr.")


def test_nothing_is_left_unfinished_in_the_code():
    pattern = re.compile(rf"\b(?:{'|'.join(UNFINISHED)})\b")
    found = [str(path) for path in files(".py", ".js", ".css", ".html", ".mako", ".toml") if _has(path, pattern)]
    assert found == []


def test_no_file_names_a_package_registry():
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, REGISTRIES))})", re.IGNORECASE)
    assert [str(path) for path in files() if _has(path, pattern)] == []


def test_every_package_stands_in_the_readme():
    assert {name for name in packages() if f"`{name}/`" not in read("README.md")} == set()


def test_every_folder_of_tests_stands_in_the_architecture():
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")}
    assert {name for name in folders if f"`tests/{name}`" not in read("docs/architecture.md")} == set()


def _has(path, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(path.read_text(encoding="utf-8", errors="replace")))
