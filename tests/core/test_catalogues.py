"""The sentences members read: none is missing in a language, and French is set as French is."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from core import i18n

HOUSE = Path(__file__).parent.parent.parent
# What is published without being said as it is.
EVENTS = {"send.completed"}
EVERY_SENTENCE = [(language, key) for language in i18n.LANGUAGES for key in sorted(i18n.keys(language))]


def sentence(language: str, key: str) -> str:
    """The sentence as it stands in its catalogue, blanks and all."""
    return str(i18n.text(language, key, **{name: "{" + name + "}" for name in blanks(language, key)}))


def blanks(language: str, key: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(i18n._catalogue(language).gettext(key)) if name is not None}


def test_every_sentence_is_there_in_every_language():
    french = i18n.keys("fr")
    assert len(french) > 100
    for language in i18n.LANGUAGES:
        assert i18n.keys(language) == french


def test_no_sentence_is_marked_as_doubtful_or_written_down_twice():
    for language in i18n.LANGUAGES:
        lines = _catalogue_of(language).splitlines()
        keys = [line for line in lines if line.startswith("msgid ")]
        assert len(keys) == len(set(keys))
        assert not [line for line in lines if line.startswith("#,")]


@pytest.mark.parametrize("key", sorted(i18n.keys("fr")))
def test_a_sentence_has_the_same_blanks_and_tags_in_every_language(key: str):
    assert blanks("en", key) == blanks("fr", key)
    assert _tags(sentence("en", key)) == _tags(sentence("fr", key))


@pytest.mark.parametrize(("language", "key"), EVERY_SENTENCE)
def test_a_sentence_is_markup_that_telegram_understands(language: str, key: str):
    shown = sentence(language, key)
    open_tags: list[str] = []
    for closing, tag in re.findall(r"<(/?)(\w+)>", shown):
        assert tag in {"b", "i", "code"}
        assert not closing or open_tags.pop() == tag
        if not closing:
            open_tags.append(tag)
    assert open_tags == []
    assert not re.search(r"<(?!/?(?:b|i|code)>)|&(?!amp;|lt;|gt;|quot;)", shown)
    assert len(shown) < 1_000


@pytest.mark.parametrize("key", sorted(i18n.keys("fr")))
def test_french_sets_off_its_double_marks_with_no_break_spaces(key: str):
    shown = sentence("fr", key)
    # The one sentence in both languages: what is English in it is set as English is.
    french = shown.partition("\n")[0] if key == "language.ask.language" else shown
    assert not re.findall(r".?[^\u202f?!][;?!]", french)
    assert not re.findall(r"[^\u00a0]:", french)
    assert not re.findall(r"«[^\u00a0]|[^\u00a0]»", french)
    assert not re.findall(r"[\u00a0\u202f][ \u00a0\u202f]| [\u00a0\u202f]", french)


@pytest.mark.parametrize(("language", "key"), EVERY_SENTENCE)
def test_no_sentence_has_a_slip_of_the_typewriter(language: str, key: str):
    shown = sentence(language, key)
    assert not re.search(r" [,.;:?!…»]", shown)
    assert "'" not in shown
    assert '"' not in shown
    assert "..." not in shown
    assert "  " not in shown
    assert not re.search(r"\d F\b|F CFA", shown)


def test_every_key_the_code_names_is_there():
    """A key is a text of two or more words joined by points that begins as one of ours does."""
    families = {key.split(".")[0] for key in i18n.keys("fr")}
    like_a_key = re.compile(rf"(?:{'|'.join(families)})(?:\.[a-z_]+)+")
    named = {
        (str(path.relative_to(HOUSE)), text)
        for folder in ("bot", "handlers", "payments", "members", "core")
        for path in (HOUSE / folder).rglob("*.py")
        for text in _texts(path)
        if like_a_key.fullmatch(text)
    }
    assert len(named) > 50
    assert {text for _, text in named} - i18n.keys("fr") - EVENTS == set()


def _texts(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _tags(shown: str) -> list[str]:
    return sorted(re.findall(r"</?\w+>", shown))


def _catalogue_of(language: str) -> str:
    return (HOUSE / "locales" / language / "LC_MESSAGES" / "cauri.po").read_text("utf-8")
