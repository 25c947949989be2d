"""What is asked of Meta beforehand: every template is one that Meta takes, and says what the catalogues say."""

import re

import pytest

from bot.channels.whatsapp_templates import Approval, approvals, filled, nudge_in
from bot.views import Button, Saying, View
from core import i18n

APPROVALS = list(approvals())
EVERY = pytest.mark.parametrize("approval", APPROVALS, ids=lambda each: f"{each.language} {each.key}")
BLANK = re.compile(r"\{\{(\d+)\}\}")


def test_every_sentence_has_its_template_in_every_language():
    assert {each.language for each in APPROVALS} == set(i18n.LANGUAGES)
    keys = [{each.key for each in APPROVALS if each.language == language} for language in i18n.LANGUAGES]
    assert keys[0] == keys[1]
    assert {"deposit.settled", "round.reminder", "dialogue.nudge"} <= keys[0]
    assert {"identity.accepted", "identity.refused", "complaint.answered", "complaint.closed"} <= keys[0]
    assert len({(each.name, each.language) for each in APPROVALS}) == len(APPROVALS)


@EVERY
def test_a_template_is_one_that_meta_takes(approval: Approval):
    assert re.fullmatch(r"[a-z0-9_]{1,512}", approval.name)
    assert 1 <= len(approval.body) <= 600  # room for what fills it
    assert not re.search(r"\n{3}|\t| {5}", approval.body)
    assert [int(number) for number in BLANK.findall(approval.body)] == list(range(1, len(approval.blanks) + 1))
    bare = approval.body.strip("*_`\n .")
    assert not BLANK.match(bare)
    assert not bare.endswith("}}")
    # Meta's reviewers turn down what is more blanks than words.
    words = re.findall(r"[^\W\d]+", BLANK.sub("", approval.body))
    assert len(words) > 2 * len(approval.blanks)


@EVERY
def test_a_templates_buttons_are_words_alone(approval: Approval):
    submitted = approval.as_template()
    titles = [button.text for button in submitted.components[1].buttons]  # type: ignore[union-attr]
    assert titles
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert re.fullmatch(r"[\w’ \u00a0]{1,25}", title)


@EVERY
def test_a_sentence_with_all_its_blanks_filled_is_said_by_its_template(approval: Approval):
    if approval.key == "dialogue.nudge":
        assert nudge_in(approval.language).name == approval.name
        return
    # Nothing that WhatsApp would read as a mark.
    blanks = {name: f"x{name.replace('_', '')}" for name in approval.blanks}
    found = filled(View("…", said=Saying(approval.language, approval.key, blanks)))
    assert found is not None
    assert found.name == approval.name
    body = next((each for each in found.params if isinstance(each, dict)), {"parameters": []})
    assert [each["text"] for each in body["parameters"]] == [blanks[name] for name in approval.blanks]


def test_a_complaints_template_goes_without_its_payment_and_waits_where_money_is_told_of():
    blanks = {"reference": "K-1", "payment": " · D-1", "words": "Retrouvé.\n\nMerci !", "paid": ""}
    found = filled(View("…", said=Saying("fr", "complaint.closed", blanks)))
    assert found is not None
    [body] = [each for each in found.params if isinstance(each, dict)]
    assert [each["text"] for each in body["parameters"]] == ["K-1", "Retrouvé. Merci !"]
    compensated = blanks | {"paid": "5 000 F CFA ont été ajoutés à votre compte."}
    assert filled(View("…", said=Saying("fr", "complaint.closed", compensated))) is None


def test_a_name_changes_with_the_words_it_stands_for():
    names = {each.name for each in APPROVALS if each.key == "round.reminder"}
    assert len(names) == len(i18n.LANGUAGES)
    assert all(name.startswith("round_reminder_") for name in names)


def test_a_value_has_no_lines_no_marks_and_is_never_empty():
    blanks = {"name": "Awa\n*la\t\treine*", "amount": "", "at": "x", "reference": "y", "balance": " ", "parked": ""}
    found = filled(View("…", said=Saying("fr", "send.received", blanks)))
    assert found is not None
    [body] = [each for each in found.params if isinstance(each, dict)]
    assert [each["text"] for each in body["parameters"]] == ["Awa ∗la reine∗", "—", "x", "y", "—"]


def test_a_template_has_no_button_of_its_own_to_offer_but_leads_to_the_menu():
    blanks = {"amount": "1", "reason": "r", "reference": "y"}
    rows = ((Button(i18n.text("fr", "button.retry"), data="go:deposit:token"),),)
    found = filled(View("…", rows, said=Saying("fr", "deposit.failed", blanks)))
    assert found is not None
    buttons = [each for each in found.params if not isinstance(each, dict)]
    assert [each.callback_data for each in buttons] == ["go:deposit:token", "go:start"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "said",
    [
        None,
        Saying("fr", "dialogue.not_understood", {}),
        Saying("de", "link.told", {"at": "x"}),
        Saying("fr", "link.told", {}),
        Saying("fr", "due.is_late", dict.fromkeys(("tontine", "number", "beneficiary", "owed", "until", "fine"), "x")),
    ],
)
def test_what_no_template_says_is_not_said_by_one(said: Saying | None):
    assert filled(View("…", said=said)) is None
