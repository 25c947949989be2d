"""The glossary's code words are words of the code."""

import re

from tests.docs.pages import files, read

GLOSSARY = read("docs/glossary.md")


def test_every_code_word_of_the_glossary_exists():
    ours, _, guide = GLOSSARY.partition("## Words of GetMiPay's guide")
    words = {word for row in re.findall(r"^\| ([^|]+) \|", ours, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}
    words |= {
        word for row in re.findall(r"^\|[^|]+\| (.+) \|$", guide, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)
    }
    code = set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in files(".py"))))
    assert len(words) > 40
    assert words - code == set()


def test_the_guides_own_names_are_translated():
    guide = GLOSSARY.partition("## Words of GetMiPay's guide")[2]
    for name in ("initiate_deposit", "initiate_withdrawal", "verify_webhook", "process_webhook", "/wallet/topup/"):
        assert f"| `{name}` |" in guide
