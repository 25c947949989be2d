"""The sentences that Meta approves beforehand: all that may be said to somebody who has not written for a day.

They are made of the catalogues, so they read like every other message. A template's name ends in a mark of its content:
a sentence that changes is a new template, and never goes out in the words that were approved before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from html import unescape
from string import Formatter
from typing import Any, TypeAlias

from pywa.types.templates import (
    BaseParams,
    BodyText,
    Buttons,
    ParamFormat,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
)

from bot.channels.whatsapp_marks import harmless, marked
from bot.dialogue import GO
from bot.views import View
from core import i18n

Json: TypeAlias = dict[str, Any]

# What the nudge's button sends: that it was tapped opens the window, and what waited is said.
READ = "read"
LONGEST_BUTTON = 25

# Each sentence worth a template, about a member's own money or deadline, and the buttons that stand under it. What is
# not here waits until the person answers the nudge.
_SENTENCES: dict[str, tuple[str, ...]] = {
    "deposit.settled": ("button.menu",),
    "deposit.failed": ("button.retry", "button.menu"),
    "deposit.expired": ("button.retry", "button.menu"),
    "deposit.review": ("button.menu",),
    "deposit.reversed": ("button.menu",),
    "payout.completed": ("button.menu",),
    "payout.failed": ("button.retry", "button.menu"),
    "payout.review": ("button.menu",),
    "payout.reversed": ("button.menu",),
    "payout.cleared": ("button.menu",),
    "correction.credited": ("button.menu",),
    "correction.recovered": ("button.menu",),
    "correction.recovered_in_part": ("button.menu",),
    "correction.debt_paid": ("button.menu",),
    "send.received": ("button.menu",),
    "parked.released": ("button.menu",),
    "identity.accepted": ("button.menu",),
    "identity.refused": ("button.identity_again", "button.menu"),
    "complaint.checked": ("button.menu",),
    "complaint.by_itself": ("button.menu",),
    "complaint.answered": ("button.complaint_reply", "button.complaint_settled"),
    "complaint.closed": ("button.menu",),
    "round.opened": ("button.contribute",),
    "round.reminder": ("button.contribute",),
    "round.yours": ("button.menu",),
    "due.is_late": ("button.contribute",),
    "pot.ready": ("button.pay_pot",),
    "pot.to_approve": ("button.approve", "button.decline"),
    "pot.received.wallet": ("button.to_mobile_money",),
    "pot.received.set_off": ("button.menu",),
    "pot.arrears": ("button.to_mobile_money",),
    "link.told": ("button.not_me",),
    "safety.new_number": ("button.not_me",),
    "safety.pin_chosen": ("button.not_me",),
    "safety.pin_changed": ("button.not_me",),
    "safety.pin_locked": ("button.not_me",),
    "safety.pin_reset": ("button.not_me",),
}
_NUDGE, _NUDGE_BUTTON = "dialogue.nudge", "button.read"
# A sentence within the sentence, mostly empty. A template says nothing of it; where there is one to be said, the whole
# message waits for the person instead.
_ASIDES = {"parked", "fine", "paid"}
# What only says again, beside its complaint's own reference, which payment that is about: a template goes without it.
_LEFT_OUT = {"payment"}
# What Meta's reviewers see in the blanks.
_EXAMPLES = {
    "amount": "5\u00a0000\u00a0F\u00a0CFA", "arrives": "4\u00a0950\u00a0F\u00a0CFA", "fee": "50\u00a0F\u00a0CFA",
    "debited": "5\u00a0050\u00a0F\u00a0CFA", "balance": "12\u00a0500\u00a0F\u00a0CFA",
    "owed": "10\u00a0000\u00a0F\u00a0CFA", "collected": "50\u00a0000\u00a0F\u00a0CFA",
    "taken": "5\u00a0000\u00a0F\u00a0CFA", "about": "R-7K2Q-M4XP",
    "method": "Wave", "phone": "+226\u00a0••\u00a0••\u00a034\u00a056",
    "reference": "D-7K2Q-M4XP", "at": "22 nov. 2026 à 14:05", "until": "30 nov. 2026 à 18:00", "name": "Awa",
    "tontine": "Tontine du marché", "number": "3", "beneficiary": "Moussa", "asker": "Fatou",
    "most": "50\u00a0000\u00a0F\u00a0CFA",
    "reason": "Le paiement a été refusé.", "hold": "2\u00a0000\u00a0000\u00a0F\u00a0CFA",
    "month": "2\u00a0000\u00a0000\u00a0F\u00a0CFA", "found": "GetMiPay attend encore ce paiement.",
    "why": "Votre recharge est arrivée.", "words": "Votre opérateur a confirmé le paiement.",
    "answer_by": "25 nov. 2026 à 18:00", "end_by": "30 nov. 2026 à 18:00",
}  # fmt: skip
_LANGUAGES = {"fr": TemplateLanguage.FRENCH, "en": TemplateLanguage.ENGLISH}
_BEFORE_WORDS = re.compile(r"^\W+")
_NOT_IN_A_VALUE = re.compile(r"[\n\r\t ]+")


@dataclass(frozen=True, slots=True)
class Approval:
    """A template as we ask Meta for it: `blanks` are the names behind its {{1}}, {{2}} and so on."""

    key: str
    language: str
    name: str
    body: str
    blanks: tuple[str, ...]
    labels: tuple[str, ...]

    def as_template(self) -> Template:
        """In pywa's terms, ready to be submitted."""
        examples = [_EXAMPLES[name] for name in self.blanks]
        buttons = Buttons(buttons=[QuickReplyButton(text=_title(self.language, label)) for label in self.labels])
        return Template(
            name=self.name, language=_LANGUAGES[self.language], category=TemplateCategory.UTILITY,
            components=[BodyText(self.body, *examples), buttons], parameter_format=ParamFormat.POSITIONAL,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its blanks filled, ready to be sent."""

    name: str
    language: TemplateLanguage
    params: list[BaseParams | Json]


def approvals() -> Iterator[Approval]:
    """Every template there has to be, in each language."""
    for language in i18n.LANGUAGES:
        yield _nudge(language)
        for key in _SENTENCES:
            yield _approval(language, key)


def filled(view: View) -> Filled | None:
    """The template that says what this view says; None where there is none."""
    said = view.said
    if said is None or said.key not in _SENTENCES or said.language not in _LANGUAGES:
        return None
    if any(said.blanks.get(name) for name in _ASIDES):
        return None
    approval = _approval(said.language, said.key)
    if view.file is not None or not all(name in said.blanks for name in approval.blanks):
        return None
    behind = {button.label: button.data for row in view.rows for button in row if button.data}
    data = [behind.get(i18n.text(said.language, label)) or f"{GO}:start" for label in approval.labels]
    return _fill(approval, [said.blanks[name] for name in approval.blanks], data)


def nudge_in(language: str) -> Filled:
    """The template that asks somebody to answer, because something waits for them."""
    return _fill(_nudge(language if language in _LANGUAGES else i18n.DEFAULT_LANGUAGE), [], [READ])


def _approval(language: str, key: str) -> Approval:
    end = i18n.text(language, "dialogue.template_end")
    return _made(language, key, i18n.sentence(language, key), end, _SENTENCES[key])


def _nudge(language: str) -> Approval:
    return _made(language, _NUDGE, i18n.sentence(language, _NUDGE), "", (_NUDGE_BUTTON,))


def _made(language: str, key: str, sentence: str, end: str, labels: tuple[str, ...]) -> Approval:
    """Meta wants no blank at either end, so each one ends with words that are always the same."""
    blanks: list[str] = []
    text = ""
    for words, name, _, _ in Formatter().parse(sentence):
        text += words
        if name is None or name in _ASIDES | _LEFT_OUT:
            continue
        if name not in blanks:
            blanks.append(name)
        text += f"{{{{{blanks.index(name) + 1}}}}}"
    body = "\n\n".join(filter(None, [marked(text), end]))
    content = "\n".join([body, *(_title(language, label) for label in labels)])
    name = f"{key.replace('.', '_')}_{sha256(content.encode()).hexdigest()[:6]}"
    return Approval(key, language, name, body, tuple(blanks), labels)


def _fill(approval: Approval, values: list[str], data: list[str]) -> Filled:
    params: list[BaseParams | Json] = []
    if values:
        params.append({"type": "body", "parameters": [{"type": "text", "text": _value(each)} for each in values]})
    params += [QuickReplyButton.params(callback_data=each, index=index) for index, each in enumerate(data)]
    return Filled(approval.name, _LANGUAGES[approval.language], params)


def _value(words: str) -> str:
    """A value has no lines, no wide gaps, and is never empty."""
    return harmless(_NOT_IN_A_VALUE.sub(" ", words)).strip() or "—"


def _title(language: str, label: str) -> str:
    """A label without the picture at its front, which Meta does not take in a template."""
    return _BEFORE_WORDS.sub("", unescape(i18n.text(language, label)))[:LONGEST_BUTTON]
