"""A view drawn as WhatsApp messages, within its limits.

Each message costs and counts, so a view is one message wherever it can be: its buttons are reply buttons where three
short ones do, else the rows of a list. A single link is a button of its own; beside other buttons, or with other links,
its address stands in the text. Only a text too long for what stands under it is said in several messages: then the last
one has the buttons, and the view is known by its id.
"""

import re
from dataclasses import dataclass
from html import unescape

from bot.channels.whatsapp_marks import marked
from bot.views import Button, View
from core import i18n

LONGEST_TEXT = 4096
LONGEST_BODY = 1024  # under reply buttons, a link, or a file
MOST_BUTTONS = 3
LONGEST_BUTTON = 20
MOST_ROWS = 10
LONGEST_ROW = 24
LONGEST_DESCRIPTION = 72
PAGE = "page"

_LINES = re.compile(r"[\n\r\t]+")
# Where a text is better cut than in the middle of a word.
_SEAMS = ("\n\n", "\n", " ")
_POINTER = "👉"
_WAYS_OUT = ("button.cancel", "button.back", "button.menu")


@dataclass(frozen=True, slots=True)
class Choice:
    """A button or a row: what it says, what comes back, and below a row the whole of what had to be cut."""

    title: str
    data: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens a page."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message: a text over buttons, or over rows behind the button `opens`, or a link; it may bring the file."""

    text: str
    buttons: tuple[Choice, ...] = ()
    rows: tuple[Choice, ...] = ()
    opens: str = ""
    link: Link | None = None
    has_file: bool = False


def draw(view: View) -> list[Bubble]:
    """The messages in which a view is said."""
    choices, links = _choices(view), _links(view)
    text = marked(view.text).strip()
    if len(links) == 1 and not choices:
        link = Link(_cut(links[0].title, LONGEST_BUTTON), links[0].url)
        return _under(text, LONGEST_BODY, Bubble("", link=link, has_file=view.file is not None))
    text = "\n\n".join(filter(None, [text, *(f"🔗 {each.title}\n{each.url}" for each in links)]))
    has_file = view.file is not None
    if not choices:
        return _under(text, LONGEST_BODY if has_file else LONGEST_TEXT, Bubble("", has_file=has_file))
    if _fit_as_buttons(choices) and (has_file or len(text) <= LONGEST_BODY):
        return _under(text, LONGEST_BODY, Bubble("", buttons=tuple(choices), has_file=has_file))
    language = _language(view)
    rows = tuple(_row(each) for each in _page(choices, view.page, language))
    opens = _cut(i18n.text(language, "button.choose"), LONGEST_BUTTON)
    # A list cannot bring a file along.
    before = [Bubble("", has_file=True)] if has_file else []
    return [*before, *_under(text, LONGEST_TEXT, Bubble("", rows=rows, opens=opens))]


def _language(view: View) -> str:
    """The reader's language: of the sentence where it is told, else of the ways out that nearly every view has."""
    if view.said is not None:
        return view.said.language
    labels = {button.label for row in view.rows for button in row}
    spoken = (each for each in i18n.LANGUAGES if not labels.isdisjoint(i18n.text(each, key) for key in _WAYS_OUT))
    return next(spoken, i18n.DEFAULT_LANGUAGE)


def _choices(view: View) -> list[Choice]:
    """The buttons that say something to us, each once: two rows with one id are not accepted."""
    buttons = {button.data: button for row in view.rows for button in row if button.data}
    return [Choice(_label(button), data) for data, button in buttons.items() if data]


def _links(view: View) -> list[Link]:
    return [Link(_label(button), button.url) for row in view.rows for button in row if button.url and not button.data]


def _label(button: Button) -> str:
    """A label in one line; it comes from a sentence, whose blanks are escaped."""
    return _LINES.sub(" ", unescape(button.label)).strip() or "…"


def _fit_as_buttons(choices: list[Choice]) -> bool:
    titles = {choice.title for choice in choices}
    is_short = all(len(title) <= LONGEST_BUTTON for title in titles)
    return is_short and len(titles) == len(choices) <= MOST_BUTTONS


def _page(choices: list[Choice], page: int, language: str) -> list[Choice]:
    """The rows of one page, the last of them leading on; what is left for the last page may fill it."""
    rest, number = choices, 0
    while len(rest) > MOST_ROWS:
        shown, rest, number = rest[: MOST_ROWS - 1], rest[MOST_ROWS - 1 :], number + 1
        if number > page:
            return [*shown, Choice(i18n.text(language, "button.more"), f"{PAGE}:{number}")]
    return rest


def _row(choice: Choice) -> Choice:
    if len(choice.title) <= LONGEST_ROW:
        return choice
    return Choice(_cut(choice.title, LONGEST_ROW), choice.data, _cut(choice.title, LONGEST_DESCRIPTION))


def _under(text: str, longest: int, last: Bubble) -> list[Bubble]:
    """The text over what stands under it in the last message; what is too long for that goes before."""
    bubbles: list[Bubble] = []
    while len(text) > longest:
        at = _seam(text, longest)
        bubbles.append(Bubble(text[:at].rstrip()))
        text = text[at:].lstrip()
    if not text and (last.buttons or last.rows or last.link or not last.has_file):
        text = _POINTER
    return [*bubbles, Bubble(text, last.buttons, last.rows, last.opens, last.link, last.has_file)]


def _seam(text: str, longest: int) -> int:
    """Where to cut: as late as one message allows, between paragraphs if that can be, so that the rest fits."""
    highest = min(LONGEST_TEXT, len(text) - 1)
    lowest = len(text) - longest if len(text) - longest <= highest else highest // 2
    for seam in _SEAMS:
        if (at := text.rfind(seam, lowest, highest)) > 0:
            return at
    return highest


def _cut(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1].rstrip()}…"
