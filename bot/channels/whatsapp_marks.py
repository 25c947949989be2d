"""The text of a view as WhatsApp writes it: our tags become its marks, and people's own marks become harmless."""

import re
from html import unescape

_TAGS = re.compile(r"<(/?)(b|i|code)>")
_NEXT_LETTER = re.compile(r"(?:</?(?:b|i|code)>)*(.?)", re.DOTALL)
_URL = re.compile(r"https?://\S+")
# In an address a mark says the same when it is written as its number; between letters it is none.
_MARK_IN_URL = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
_EMPHASIS = {"b": "*", "i": "_"}
# Each looks like the mark it stands for, and means nothing to WhatsApp.
_LOOK_ALIKE = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})


def marked(text: str) -> str:
    """A text with the tags of `core.i18n`, as WhatsApp shows it."""
    written = ""
    tag = ""
    rest = text
    while rest:
        found = _TAGS.search(rest)
        words, after = (rest[: found.start()], rest[found.end() :]) if found else (rest, "")
        written += _written(unescape(words), tag, written[-1:], _next_letter(after))
        tag = "" if found is None or found[1] else found[2]
        rest = after
    return written


def harmless(words: str) -> str:
    """What people wrote, without a mark that would make it bold or struck through; an address still leads there."""
    out, end = "", 0
    for url in _URL.finditer(words):
        out += words[end : url.start()].translate(_LOOK_ALIKE)
        out += _MARK_IN_URL.sub(lambda mark: f"%{ord(mark[0]):02X}", url[0])
        end = url.end()
    return out + words[end:].translate(_LOOK_ALIKE)


def _written(words: str, tag: str, before: str, after: str) -> str:
    if tag == "code":
        # To be copied as it stands: within these marks only they themselves mean anything.
        return _around_each_line(words.replace("`", "ˋ"), "```")
    if tag not in _EMPHASIS:
        return harmless(words)
    # WhatsApp knows a mark only at the edge of a word; within one it would be read as it is.
    is_in_a_word = before.isalnum() or after.isalnum()
    return _around_each_line(harmless(words), "" if is_in_a_word else _EMPHASIS[tag])


def _next_letter(rest: str) -> str:
    found = _NEXT_LETTER.match(rest)
    return found[1] if found else ""


def _around_each_line(words: str, mark: str) -> str:
    """A mark touches what it marks and ends with the line."""
    return "\n".join(_around(line, mark) for line in words.split("\n"))


def _around(line: str, mark: str) -> str:
    core = line.strip()
    return line.replace(core, f"{mark}{core}{mark}") if core else line
