"""A view on WhatsApp: people's marks mean nothing, no limit is exceeded, and nothing that can be chosen is lost."""

import re
from html import escape
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp_drawing import Bubble, draw
from bot.channels.whatsapp_marks import harmless, marked
from bot.views import Button, Saying, View, in_columns

LOOK_ALIKE = str.maketrans({"∗": "*", "ˍ": "_", "∼": "~", "ˋ": "`"})
NO_URL = st.text().filter(lambda words: "http" not in words)

LABELS = st.text(min_size=1, max_size=90).filter(lambda label: label.strip())
DATA = st.text("abcXYZ019:_-", min_size=1, max_size=64)
URLS = st.text("abc/_?=", min_size=1, max_size=30).map("https://cauri.example.org/{}".format)
BUTTONS = st.builds(Button, LABELS, data=DATA) | st.builds(Button, LABELS, url=URLS)
TEXTS = st.text(max_size=60) | st.builds(
    lambda words, times: "\n\n".join([f"<b>{escape(words)}</b> {escape(words)}"] * times),
    st.text(min_size=1, max_size=300),
    st.integers(1, 40),
)
FILES = st.sampled_from(["", "picture", "document"])


@st.composite
def views(draw_one: st.DrawFn) -> View:
    rows = in_columns(draw_one(st.lists(BUTTONS, max_size=25)), draw_one(st.integers(1, 3)))
    said = draw_one(st.none() | st.builds(Saying, st.sampled_from(["fr", "en"]), st.just("k"), st.just({})))
    file = draw_one(FILES)
    return View(draw_one(TEXTS), rows, **({file: uuid4()} if file else {}), said=said, page=draw_one(st.integers(0, 4)))


@pytest.mark.parametrize(
    ("ours", "whatsapps"),
    [
        ("<b>Recharge reçue</b>", "*Recharge reçue*"),
        ("Réf. <code>D-7K2Q</code>.", "Réf. ```D-7K2Q```."),
        ("<i>si possible</i> !", "_si possible_ !"),
        ("Awa &amp; Moussa &lt;3", "Awa & Moussa <3"),
        ("<b> au bord </b>", " *au bord* "),
        ("<b>une\n\ndeux</b>", "*une*\n\n*deux*"),
        ("<b></b>vide", "vide"),
        # Within a word WhatsApp would show the marks themselves.
        ("le 1<b>er</b>", "le 1er"),
        ("<b>3</b>e", "3e"),
        ("<b>Awa *la reine*</b>", "*Awa ∗la reine∗*"),
        ("*gras* ~barré~ `code` _penché_", "∗gras∗ ∼barré∼ ˋcodeˋ ˍpenchéˍ"),
        ("<code>a*b_c`d</code>", "```a*b_cˋd```"),
        ("https://cauri.example.org/a_b/-_c?d=*", "https://cauri.example.org/a_b/-%5Fc?d=%2A"),
    ],
)
def test_our_tags_become_whatsapps_marks(ours: str, whatsapps: str):
    assert marked(ours) == whatsapps


@given(NO_URL)
def test_what_people_write_has_no_mark_left_and_still_reads_the_same(words: str):
    shown = marked(escape(words))
    assert not re.search(r"[*_~`]", shown)
    assert shown == harmless(words)
    assert shown.translate(LOOK_ALIKE) == words.translate(LOOK_ALIKE)


@given(NO_URL.map(escape).filter(str.strip))
def test_what_people_write_never_ends_what_is_bold_around_it(words: str):
    shown = marked(f"— <b>{words}</b> —")
    for line in shown.removeprefix("— ").removesuffix(" —").split("\n"):
        core = line.strip()
        assert core == "" or (core[0], core[-1], core.count("*")) == ("*", "*", 2)


@given(views())
def test_no_view_ever_exceeds_whatsapps_limits(view: View):
    bubbles = draw(view)
    assert bubbles
    for bubble in bubbles:
        within_the_limits(bubble)
    assert sum(bubble.has_file for bubble in bubbles) == (view.file is not None)
    assert not any(bubble.buttons or bubble.rows or bubble.link for bubble in bubbles[:-1])


@given(views())
def test_everything_that_can_be_chosen_can_be_found_on_some_page(view: View):
    data = {button.data for row in view.rows for button in row if button.data}
    found: set[str] = set()
    page = 0
    while page is not None:
        last = draw(View(view.text, view.rows, picture=view.picture, document=view.document, page=page))[-1]
        shown = {choice.data for choice in [*last.buttons, *last.rows]}
        found |= shown
        page = next((int(each[5:]) for each in shown - data if each.startswith("page:")), None)
    assert data <= found


@given(views())
def test_every_address_that_can_be_opened_is_there(view: View):
    said = "\n".join(bubble.text for bubble in draw(view))
    links = {bubble.link.url for bubble in draw(view) if bubble.link}
    for button in [button for row in view.rows for button in row]:
        if button.url:
            assert button.url in links or button.url in said


def test_up_to_three_short_choices_are_buttons():
    [bubble] = draw(View("Quoi ?", ((Button("Solde", "a"), Button("Aide", "b")), (Button("Annuler", "c"),))))
    assert [choice.title for choice in bubble.buttons] == ["Solde", "Aide", "Annuler"]


@pytest.mark.parametrize("labels", ["abcd", ["Vérifier tout de suite"], ["Oui", "Oui"]])
def test_more_choices_or_longer_ones_or_two_alike_are_a_list(labels: list[str]):
    rows = in_columns([Button(label, str(number)) for number, label in enumerate(labels)], 1)
    [bubble] = draw(View("Quoi ?", rows))
    assert (bubble.opens, [choice.title for choice in bubble.rows]) == ("Choisir", list(labels))


def test_what_is_cut_from_a_row_stands_whole_below_it():
    [bubble] = draw(View("Lequel ?", ((Button("✅ Créer la tontine et accepter ces règles", "a"),),)))
    assert bubble.rows[0].title == "✅ Créer la tontine et a…"
    assert bubble.rows[0].description == "✅ Créer la tontine et accepter ces règles"


def test_the_eleventh_choice_is_on_the_next_page_and_the_last_page_is_full():
    rows = in_columns([Button(f"Choix {number}", f"r:1:{number}") for number in range(19)], 1)
    said = Saying("en", "k", {})
    [first], [second], [beyond] = (draw(View("Lequel ?", rows, said=said, page=page)) for page in (0, 1, 9))
    assert [choice.data for choice in first.rows] == [*(f"r:1:{number}" for number in range(9)), "page:1"]
    assert (first.opens, first.rows[-1].title) == ("Choose", "More ›")
    assert [choice.data for choice in second.rows] == [f"r:1:{number}" for number in range(9, 19)]
    assert beyond == second


@pytest.mark.parametrize(("way_out", "opens"), [("✖️ Cancel", "Choose"), ("✖️ Annuler", "Choisir"), ("Autre", "Choisir")])
def test_a_list_speaks_the_language_of_the_buttons_beside_it(way_out: str, opens: str):
    rows = in_columns([Button(label, label) for label in ("a", "b", "c", way_out)], 1)
    [bubble] = draw(View("…", rows))
    assert bubble.opens == opens


def test_a_single_link_is_a_button_that_opens_it():
    [bubble] = draw(View("Payez.", ((Button("💳 Payer 5 000 F CFA", url="https://pay.example.org/x"),),)))
    assert (bubble.link.title, bubble.link.url) == ("💳 Payer 5 000 F CFA", "https://pay.example.org/x")  # type: ignore[union-attr]


def test_links_beside_other_buttons_stand_in_the_text():
    rows = ((Button("Vérifier", url="https://cauri.example.org/a"),), (Button("Menu", "go:start"),))
    [bubble] = draw(View("Voilà.", rows))
    assert bubble.text == "Voilà.\n\n🔗 Vérifier\nhttps://cauri.example.org/a"
    assert [choice.data for choice in bubble.buttons] == ["go:start"]


def test_a_text_too_long_for_buttons_is_one_message_with_a_list():
    [bubble] = draw(View("mot " * 500, ((Button("Menu", "go:start"),),)))
    assert bubble.rows
    assert not bubble.buttons


def test_a_text_too_long_for_one_message_is_cut_between_paragraphs():
    paragraphs = [f"{number} " + ("mot " * 200).strip() for number in range(12)]
    bubbles = draw(View("\n\n".join(paragraphs), ((Button("Menu", "go:start"),),)))
    assert "\n\n".join(bubble.text for bubble in bubbles) == "\n\n".join(paragraphs)
    assert bubbles[-1].rows


def test_a_picture_brings_its_text_and_its_buttons_along():
    [bubble] = draw(View("Le tableau", ((Button("Menu", "go:start"),),), picture=uuid4()))
    assert (bubble.has_file, bubble.text, len(bubble.buttons)) == (True, "Le tableau", 1)


def within_the_limits(bubble: Bubble) -> None:
    titles = [choice.title for choice in bubble.buttons]
    assert len(titles) <= 3
    assert len(set(titles)) == len(titles)
    assert all(1 <= len(title) <= 20 and title.strip() for title in titles)
    rows = bubble.rows
    assert len(rows) <= 10
    assert len({row.data for row in rows}) == len(rows)
    assert all(row.title.strip() and len(row.title) <= 24 and len(row.description) <= 72 for row in rows)
    assert all(1 <= len(choice.data) <= 200 for choice in [*bubble.buttons, *rows])
    assert not rows or 1 <= len(bubble.opens) <= 20
    if bubble.link:
        assert 1 <= len(bubble.link.title) <= 20
    interactive = bool(bubble.buttons or rows or bubble.link)
    assert (bubble.has_file and not interactive) or bubble.text.strip()
    assert not (bubble.has_file and rows)
    longest = 1024 if bubble.has_file or bubble.link or bubble.buttons else 4096
    assert len(bubble.text) <= longest
