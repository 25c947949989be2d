"""The sentences members read: none is missing in a language, and French is set as French is."""

import ast
import re
from pathlib import Path
from string import Formatter

import tontines.events as tontines
from core import i18n

HOUSE = Path(__file__).parent.parent.parent
# What is published, or logged, without being said as it is.
EVENTS = {
    "complaint.due",
    "complaint.said_more",
    "correction.made",
    "deposit.requested",
    "payout.requested",
    "send.completed",
    *tontines.EVENTS,
}
# A column that looks like a key.
COLUMNS = {"complaint.id"}
SENTENCES = {
    language: {key: i18n._catalogue(language).gettext(key) for key in sorted(i18n.keys(language))}
    for language in i18n.LANGUAGES
}


def every_sentence() -> list[tuple[str, str]]:
    return [(f"{language} {key}", shown) for language, all_of in SENTENCES.items() for key, shown in all_of.items()]


def breaking(rule: str) -> list[tuple[str, str]]:
    """The sentences in which something forbidden is found."""
    return [(key, shown) for key, shown in every_sentence() if re.search(rule, shown)]


def blanks(shown: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(shown)} - {None}


def tags(shown: str) -> list[str]:
    return sorted(re.findall(r"</?\w+>", shown))


def test_every_sentence_is_there_in_every_language():
    french = i18n.keys("fr")
    assert len(french) > 100
    for language in i18n.LANGUAGES:
        assert i18n.keys(language) == french


def test_no_sentence_is_marked_as_doubtful_or_written_down_twice():
    catalogues = sorted((HOUSE / "locales").rglob("*.po"))
    assert len(catalogues) >= len(i18n.LANGUAGES)
    for path in catalogues:
        lines = path.read_text("utf-8").splitlines()
        keys = [line for line in lines if line.startswith("msgid ")]
        assert len(keys) == len(set(keys))
        assert not [line for line in lines if line.startswith("#,")]


def test_a_sentence_has_the_same_blanks_in_every_language():
    apart = [key for key in SENTENCES["fr"] if blanks(SENTENCES["en"][key]) != blanks(SENTENCES["fr"][key])]
    assert apart == []


def test_a_sentence_has_the_same_tags_in_every_language():
    apart = [key for key in SENTENCES["fr"] if tags(SENTENCES["en"][key]) != tags(SENTENCES["fr"][key])]
    assert apart == []


def test_every_sentence_is_markup_that_telegram_understands():
    assert breaking(r"<(?!/?(?:b|i|code)>)|&(?!amp;|lt;|gt;|quot;)") == []
    # What is bold is not italic at the same time, and what opens is closed in the same sentence.
    pairs = r"(?:[^<]|<b>[^<]*</b>|<i>[^<]*</i>|<code>[^<]*</code>)*"
    unpaired = [(key, shown) for key, shown in every_sentence() if not re.fullmatch(pairs, shown)]
    assert unpaired == []


def test_every_sentence_fits_a_message_with_room_for_what_fills_it():
    assert [key for key, shown in every_sentence() if len(shown) > 1_000] == []


def test_french_sets_off_its_double_marks_with_no_break_spaces():
    french = dict(SENTENCES["fr"])
    # In both languages at once: what is English in it is set as English is.
    french["language.ask.language"] = french["language.ask.language"].partition("\n")[0]
    wrong = [
        (key, found)
        for key, shown in french.items()
        for found in re.findall(
            r".?[^\u202f?!][;?!]|.?[^\u00a0]:|«[^\u00a0]|[^\u00a0]»|\s[\u00a0\u202f]|[\u00a0\u202f]\s", shown
        )
    ]
    assert wrong == []


def test_no_sentence_has_a_slip_of_the_typewriter():
    assert breaking(r" [,.;:?!…»]") == []
    assert breaking(r"""['"]|\.\.\.|  """) == []
    # An amount that could be torn apart at the end of a line.
    assert breaking(r"\d F\b|F CFA") == []


def test_every_key_the_code_names_is_there():
    """A key is a text of two or more words joined by points that begins as one of ours does."""
    families = {key.split(".")[0] for key in i18n.keys("fr")}
    like_a_key = re.compile(rf"(?:{'|'.join(families)})(?:\.[a-z_]+)+")
    named = {
        (str(path.relative_to(HOUSE)), text)
        for folder in ("bot", "handlers", "payments", "complaints", "identity", "members", "operators", "core")
        for path in (HOUSE / folder).rglob("*.py")
        for text in _texts(path)
        if like_a_key.fullmatch(text)
    }
    assert len(named) > 50
    assert {text for _, text in named} - i18n.keys("fr") - EVENTS - COLUMNS == set()


def _texts(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
