"""Every command is described, and every command that is described exists."""

import re

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

import cli
from tests.docs.pages import ROOT, code_blocks, documents, manual, read


def _commands(command: TyperCommand | TyperGroup, words: tuple[str, ...] = ()) -> dict[str, TyperCommand | TyperGroup]:
    if not isinstance(command, TyperGroup):
        return {" ".join(words): command}
    # Some do something by their bare name as well.
    found: dict[str, TyperCommand | TyperGroup] = {" ".join(words): command} if command.invoke_without_command else {}
    for name, inner in command.commands.items():
        found |= _commands(inner, (*words, name))
    return found


COMMANDS = _commands(typer.main.get_command(cli.main))
TARGETS = set(re.findall(r"^([\w./]+):", read("Makefile").replace("$(VENV)", ".venv"), re.MULTILINE))
# A command as a reader copies it: alone on its line, after a prompt, or by its path.
_CAURI = re.compile(r"(?:^(?:\$ )?|\.venv/bin/)cauri ([a-z][^\n]*)", re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_described(command: str):
    assert re.search(rf"`cauri {command}\b", manual())


def test_every_command_to_copy_exists_with_its_options():
    copied = [line for path in documents() for line in _CAURI.findall(code_blocks(path.read_text(encoding="utf-8")))]
    assert copied
    for line in copied:
        name = max((name for name in COMMANDS if re.match(rf"{name}\b", line)), key=len, default=None)
        assert name, line
        options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= options, line


def test_every_command_that_is_spoken_of_exists():
    spoken = set(re.findall(r"`cauri ([a-z][a-z-]+)", manual()))
    assert spoken <= {name.split()[0] for name in COMMANDS}


def test_every_make_target_that_is_spoken_of_exists():
    spoken = set(re.findall(r"(?:`|^|sudo -u cauri )make ([\w./]+)", manual(), re.MULTILINE))
    assert {"demo", "test", "check", "install"} <= spoken <= TARGETS


def test_the_checks_of_a_fresh_clone_are_make_check():
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    assert "\nmake check\n" in read(".ci/run")
    assert re.search(r"^check:.*\btest$", read("Makefile"), re.MULTILINE)


def test_the_two_commands_stand_in_the_readme():
    assert re.search(r"^make demo\b.*\nmake test\b", code_blocks(read("README.md")), re.MULTILINE)


def test_everything_a_member_can_ask_for_stands_in_the_readme():
    from datetime import timedelta

    from bot.ways import Ways
    from handlers.commands import commands
    from handlers.tontine import Links
    from payments import Methods, Seal

    known = commands(
        Methods({}), timedelta(minutes=30), Links(Ways({"telegram": str}), "https://cauri.example.org"), "BF", Seal("")
    )
    for language in ("fr", "en"):
        private, _ = known.menus(language)
        missing = {name for name, _ in private if f"`/{name}`" not in read("README.md")}
        assert missing == set()
