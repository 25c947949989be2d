"""How times, numbers and addresses are shown to operators, who see no more of them than their work needs."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import phonenumbers
from babel.dates import format_date
from markupsafe import Markup

from core import clock, i18n
from core.money import Money
from core.phones import COUNTRIES, Phone, mask

if TYPE_CHECKING:
    from console.story import Happening

# Operators sit in one place; West Africa's franc zone is within an hour of it.
ZONE = "Africa/Ouagadougou"
_SHOWN = 4
_TAG = re.compile(r"</?[a-z]+>")
_NUMBER_IN_WORDS = phonenumbers.Leniency.POSSIBLE


def at(language: str, when: datetime) -> str:
    """`22 nov. 2026 à 14:05:09`: two things within a minute are the rule in a payment."""
    moment = i18n.moment(language, when, ZONE)
    return f"{moment}:{when:%S}"


def ago(language: str, since: datetime) -> str:
    """How long ago that was, or is to come, in its largest unit: `3 h`, `2 j`."""
    return span(language, abs(clock.now() - since))


def span(language: str, time: timedelta) -> str:
    """A span of time in its largest unit."""
    seconds = int(time.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= size:
            return str(i18n.text(language, f"console.span.{unit}", count=seconds // size))
    return str(i18n.text(language, "console.span.seconds", count=seconds))


def masked_number(e164: str) -> str:
    """A number with most of its digits hidden; what is no number is shown by its end alone."""
    try:
        return mask(Phone(e164)).replace(" ", "\u00a0")
    except phonenumbers.NumberParseException:
        return masked_id(e164)


def masked_id(name: str) -> str:
    """A channel's own id of a person, which may be their number: its last four characters."""
    return f"••••{name[-_SHOWN:]}" if len(name) > _SHOWN else "••••"


def plain(text: str) -> str:
    """A sentence of ours without its tags, line by line; it is escaped again where it is shown."""
    return unescape(_TAG.sub("", text))


def masked_words(text: str) -> str:
    """Words in which every telephone number is hidden, such as what a member was told of their own.

    One without its country's code too, as people write it at home, in any country that is served.
    """
    text = _masked_in(text, None, _NUMBER_IN_WORDS)
    for region in COUNTRIES:
        text = _masked_in(text, region, phonenumbers.Leniency.VALID)
    return text


def _masked_in(text: str, region: str | None, leniency: int) -> str:
    for match in reversed(list(phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency))):
        e164 = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        # Which country's it is at home nobody has said.
        hidden = masked_number(e164) if region is None else masked_id(e164)
        text = text[: match.start] + hidden + text[match.end :]
    return text


def money(row: Any, column: str = "amount") -> str:
    """One of a row's amounts, in the row's currency."""
    return i18n.amount(Money(getattr(row, column), row.currency))


def francs(amount: int) -> str:
    return i18n.amount(Money(amount))


def signed(amount: Money) -> str:
    """An amount with its sign: what came in and what went out are seen at a glance."""
    sign = "−" if amount.amount < 0 else "+"
    return f"{sign}\u00a0{i18n.amount(Money(abs(amount.amount), amount.currency))}"


def tone(state: str) -> str:
    """Whether a state is good news, bad news, or something that somebody waits for."""
    return next((name for name, states in _TONES.items() if state in states), "")


_TONES = {
    "good": {"settled", "completed", "running", "approved", "accepted_document", "closed_complaint"},
    "bad": {"failed", "reversed", "review", "rejected"},
    "wait": {"requested", "submitted", "open", "accepted", "unknown", "gathering", "between", "expired"},
}


def named(language: str, family: str, word: str) -> str:
    """What one of the code's words is called, such as a state; the word itself where nobody has named it yet: an
    operator who reads `received` knows more than one who reads that the page has failed."""
    try:
        return i18n.sentence(language, f"console.{family}.{word}")
    except KeyError:
        return str(word)


def owner_name(language: str, owner: str) -> str:
    """Whose account it is; the house has a name, others are called as the ledger calls them."""
    return str(i18n.text(language, "console.owner.house")) if owner == "house" else owner


def tell(language: str, happening: "Happening") -> Markup:
    """The sentence of one thing that happened."""
    facts = dict(happening.params)
    if "debtor" in facts:
        for owner, account in (("debtor", "debit"), ("creditor", "credit")):
            facts[owner] = owner_name(language, facts[owner])
            facts[account] = named(language, "account", facts[account])
    if "channel" in facts:
        facts["channel"] = facts["channel"].capitalize()
    if "what" in facts:
        facts["what"] = named(language, "trace", facts["what"])
    if happening.room == "operator":
        facts["kind"] = named(language, "kind", facts["kind"])
    return i18n.text(language, happening.key, **facts)


def short_day(language: str, day: date) -> str:
    """`22/11` in French, `22 Nov` in English: for charts and tables."""
    return format_date(day, "dd/MM" if language == "fr" else "d MMM", language)


def short_amount(amount: int) -> str:
    """`800`, `40 k`, `2 M`: beside the lines of a chart."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if amount >= size:
            return f"{amount // size}\u00a0{unit}"
    return str(amount)


def path_of(subject: str) -> str:
    """Where the thing that an act or a decision is about has its page; nothing where it has none."""
    kind, _, name = subject.partition(":")
    if kind in _ROOMS and _ID.fullmatch(name):
        return f"/console/{_ROOMS[kind]}/{name}"
    if kind == "complaint" and _COMPLAINT.fullmatch(name):
        return f"/console/complaints/{name}"
    if _DIFFERENCE.fullmatch(subject):
        return f"/console/differences/{subject}"
    return f"/console/payments/{subject}" if _REFERENCE.fullmatch(subject) else ""


_ROOMS = {"member": "members", "tontine": "tontines"}
_ID = re.compile(r"[0-9a-f-]{36}")
_COMPLAINT = re.compile(r"K(?:-[0-9A-Z]{4}){3}")
_DIFFERENCE = re.compile(r"E(?:-[0-9A-Z]{4}){3}")
_REFERENCE = re.compile(r"[DRS](?:-[0-9A-Z]{4}){3}")
