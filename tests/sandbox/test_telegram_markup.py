"""Telegram's HTML: what it means, and what the service says when it is wrong."""

import pytest

from sandbox.telegram.entities import as_html, formatted
from sandbox.telegram.errors import ApiError
from sandbox.telegram.markup import parse_html


def entity(kind: str, offset: int, length: int, **more: object) -> dict:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a <strong>b</strong>", "a b", [entity("bold", 2, 1)]),
        (
            "<em>a</em><ins>b</ins><del>c</del>",
            "abc",
            [entity("italic", 0, 1), entity("underline", 1, 1), entity("strikethrough", 2, 1)],
        ),
        ("🐚<code>x</code>", "🐚x", [entity("code", 2, 1)]),
        ("<pre>a\nb</pre>", "a\nb", [entity("pre", 0, 3)]),
        (
            "<a href='https://e.org?a=1&amp;b=2'>ici</a>",
            "ici",
            [entity("text_link", 0, 3, url="https://e.org?a=1&b=2")],
        ),
        ('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)]),
        ("<tg-spoiler>x</tg-spoiler>", "x", [entity("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [entity("expandable_blockquote", 0, 1)]),
        ("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("<B >a</b >", "a", [entity("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<b>a</>", "a", [entity("bold", 0, 1)]),
        ("&lt;b&gt; &amp; &quot; &#233; &#xe9; &eacute; &nbsp &#x; 5 > 4", '<b> & " é é &eacute; &nbsp &#x; 5 > 4', []),
    ],
)
def test_markup_becomes_text_and_entities(source: str, text: str, entities: list[dict]):
    assert parse_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<font>a</font>", 'Unsupported start tag "font" at byte offset 2'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<a =x>a</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_a_mistake_is_told_as_telegram_tells_it(source: str, complaint: str):
    with pytest.raises(ApiError) as refused:
        parse_html(source)

    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


def test_blank_edges_are_cut_with_their_entities():
    text, entities = formatted("  <b> a </b> \n", "HTML", [])

    assert (text, entities) == ("a", [entity("bold", 0, 1)])


def test_given_entities_are_kept_and_links_are_found_beside_them():
    text, entities = formatted("voir /aide ou https://e.org", None, [entity("bold", 0, 4)])

    assert text == "voir /aide ou https://e.org"
    assert entities == [entity("bold", 0, 4), entity("bot_command", 5, 5), entity("url", 14, 13)]


def test_nothing_is_found_inside_code():
    assert formatted("<code>/aide</code>", "HTML", [])[1] == [entity("code", 0, 5)]


@pytest.mark.parametrize("text", ["1/2", "et/ou", "a@b", "5 000 F/mois"])
def test_what_only_looks_like_a_command_or_a_mention_is_plain_text(text: str):
    assert formatted(text, None, [])[1] == []


def test_html_for_readers_is_safe():
    text, entities = formatted("&lt;script&gt; <a href='https://e.org/\"x'>ici</a> <b>a<i>🐚</i></b>", "HTML", [])

    assert as_html(text, entities) == ('&lt;script&gt; <a href="https://e.org/&quot;x">ici</a> <b>a<i>🐚</i></b>')
