"""WhatsApp's webhooks are decoded whole: batches, strangers, people without a number or without an id."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp_updates import Receipt, Renumbered, Unanswered, Unreadable, decode
from bot.incoming import Incoming
from tests.channels.whatsapp_kit import (
    AWA,
    AWA_ID,
    MOUSSA,
    MOUSSA_ID,
    PHONE_ID,
    RECORDED,
    contact,
    entries,
    message,
    status,
    tap,
    text,
    value,
    webhook,
)


def one(body: dict[str, Any]) -> Any:
    [heard] = decode(body)
    return heard


def parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All that a webhook says of messages, counted without our decoder."""
    values = [
        change["value"] for entry in body["entry"] for change in entry["changes"] if change["field"] == "messages"
    ]
    return [part for each in values for part in [*each.get("messages", []), *each.get("statuses", [])]]


@pytest.mark.parametrize("name", RECORDED)
def test_an_update_recorded_by_pywa_is_decoded_without_loss(name: str):
    heard = decode(RECORDED[name])
    assert len(heard) == len(parts(RECORDED[name]))
    for said, part in zip(heard, parts(RECORDED[name]), strict=True):
        assert not isinstance(said, Unreadable)
        if isinstance(said, Incoming):
            assert said.id == part["id"]
            assert said.person
            assert said.name
            assert said.text == part.get("text", {}).get("body", said.text)
            assert decode(said.raw) == [said]


def test_what_pywa_recorded_is_of_every_kind():
    heard = [said for body in RECORDED.values() for said in decode(body)]
    kinds = {said.kind for said in heard if isinstance(said, Incoming)}
    assert kinds == {"text", "tap", "contact", "other"}
    assert {type(said) for said in heard} == {Incoming, Receipt, Renumbered, Unanswered}


def test_each_message_of_a_batch_of_messages_changes_and_entries_is_decoded_in_its_order():
    said = [text(f"{number}") for number in range(8)]
    change = [{"field": "messages", "value": value(*said[start : start + 2])} for start in (0, 2, 4, 6)]
    heard = decode(entries(change[:2], change[2:]))
    assert [each.text for each in heard if isinstance(each, Incoming)] == [str(number) for number in range(8)]


def test_messages_and_statuses_of_one_change_are_both_decoded():
    body = webhook(value(text("/solde"), statuses=(status("wamid.1", "read"), status("wamid.2", "sent"))))
    assert [type(said) for said in decode(body)] == [Incoming, Receipt, Receipt]


def test_a_person_is_known_by_their_user_id_and_their_number_is_the_second_name():
    said = one(webhook(value(text("/solde"))))
    assert (said.person, said.chat, said.alias, said.phone) == (AWA_ID, AWA_ID, AWA, f"+{AWA}")
    assert (said.name, said.is_private, said.kind, said.text) == ("Awa", True, "text", "/solde")


def test_a_person_without_a_user_id_is_known_by_their_number():
    said = one(webhook(value(text("/solde"), contacts=[contact(user_id=None)])))
    assert (said.person, said.chat, said.alias, said.phone) == (AWA, AWA, None, f"+{AWA}")


@pytest.mark.parametrize("contacts", [[], [contact(number=None)], [contact(number=None), contact(MOUSSA, MOUSSA_ID)]])
def test_a_person_without_a_number_is_known_by_their_user_id(contacts: list[dict[str, Any]]):
    said = one(webhook(value(text("/solde", None, user_id=AWA_ID), contacts=contacts)))
    assert (said.person, said.chat, said.alias, said.phone) == (AWA_ID, AWA_ID, None, None)
    assert said.name == ("Awa" if contacts else "…0001")


def test_in_a_batch_everybody_keeps_their_own_name_and_id():
    contacts = [contact(MOUSSA, MOUSSA_ID, "Moussa"), contact()]
    heard = decode(webhook(value(text("un"), text("deux", MOUSSA), contacts=contacts)))
    assert [(said.person, said.name) for said in heard if isinstance(said, Incoming)] == [
        (AWA_ID, "Awa"),
        (MOUSSA_ID, "Moussa"),
    ]


def test_somebody_elses_description_is_never_taken_for_the_senders():
    said = one(webhook(value(text("/solde"), contacts=[contact(MOUSSA, MOUSSA_ID, "Moussa")])))
    assert (said.person, said.name) == (AWA, "…0001")


@pytest.mark.parametrize("how", ["button_reply", "list_reply"])
def test_a_tap_carries_its_data_and_the_message_it_stood_under(how: str):
    said = one(webhook(value(tap("r:1:0", "wamid.out", how=how))))
    assert (said.kind, said.text, said.message_id) == ("tap", "r:1:0", "wamid.out")


def test_a_templates_button_is_a_tap_even_where_nobody_says_under_which_message():
    button = message(type="button", button={"payload": "go:start", "text": "Menu"})
    said = one(webhook(value(button)))
    assert (said.kind, said.text, said.message_id) == ("tap", "go:start", None)


def test_a_shared_card_is_the_senders_own_only_by_the_number_whatsapp_knows():
    def card(**phone: str) -> Any:
        cards = [{"name": {"formatted_name": "Qui ?"}, "phones": [phone]}]
        return one(webhook(value(message(type="contacts", contacts=cards))))

    own = card(wa_id=AWA, phone="+226 79 99 99 99")
    assert own.is_own_contact
    # What stands on a card can be written by hand: the number that counts is the one behind it.
    assert own.contact.phone == f"+{AWA}"
    other = card(wa_id=MOUSSA, phone="+226 70 00 00 02")
    assert (other.is_own_contact, other.contact.phone, other.contact.external_id) == (False, f"+{MOUSSA}", MOUSSA)
    unknown = card(phone=f"+{AWA}")
    assert (unknown.kind, unknown.is_own_contact, unknown.contact.phone) == ("contact", False, f"+{AWA}")


@pytest.mark.parametrize("kind", ["image", "sticker", "audio", "location", "order", "unsupported", "something_new"])
def test_what_is_not_words_is_of_another_kind(kind: str):
    said = one(webhook(value(message(type=kind, **{kind: {"id": "1"}}))))
    assert (said.kind, said.text) == ("other", "")


def test_a_reaction_is_no_message():
    reaction = {"message_id": "wamid.out", "emoji": "👍"}
    said = one(webhook(value(message(type="reaction", reaction=reaction, wamid="wamid.r"))))
    assert said == Unanswered("wamid.r", "reaction")


def test_a_new_number_is_told_with_the_ids_before_and_after():
    system = {
        "type": "user_changed_number", "body": "…", "wa_id": MOUSSA, "user_id": MOUSSA_ID, "previous_user_id": AWA_ID,
    }  # fmt: skip
    said = one(webhook(value(message(type="system", system=system), contacts=[])))
    assert (said.old_number, said.new_number, said.old_user_id, said.new_user_id) == (AWA, MOUSSA, AWA_ID, MOUSSA_ID)


def test_a_new_user_id_is_told_without_numbers():
    system = {"type": "user_changed_user_id", "body": "…", "user_id": MOUSSA_ID, "previous_user_id": AWA_ID}
    said = one(webhook(value(message(None, type="system", system=system), contacts=[])))
    assert (said.old_number, said.new_number, said.old_user_id, said.new_user_id) == (None, None, AWA_ID, MOUSSA_ID)


@pytest.mark.parametrize(("state", "receipt"), [("sent", "sent"), ("delivered", "delivered"), ("played", "read")])
def test_a_status_says_what_became_of_a_message(state: str, receipt: str):
    said = one(webhook(value(statuses=(status("wamid.out", state, recipient_user_id=AWA_ID),))))
    assert said == Receipt("wamid.out", AWA_ID, AWA, receipt)


def test_a_failed_status_says_why():
    said = one(webhook(value(statuses=(status("wamid.out", "failed", 131047),))))
    assert said == Receipt("wamid.out", AWA, None, "failed", 131047, "Message failed")


def test_a_status_of_a_person_without_a_number_is_about_their_user_id():
    said = one(webhook(value(statuses=(status("wamid.out", "read", recipient_id=AWA_ID),))))
    assert (said.chat, said.alias) == (AWA_ID, None)


def test_one_odd_message_does_not_take_the_others_with_it():
    odd = {"id": "wamid.odd", "from": AWA, "type": "text"}
    first, second, third = decode(webhook(value(text("un"), odd, text("deux"))))
    assert isinstance(second, Unreadable)
    assert second.id == "wamid.odd"
    assert [part["id"] for part in parts({"entry": second.raw["entry"]})] == ["wamid.odd"]
    assert (first.text, third.text) == ("un", "deux")  # type: ignore[union-attr]


def test_what_has_no_id_that_can_be_kept_gets_the_same_one_each_time():
    body = webhook(value(text("un", wamid="w" * 200)))
    assert [type(said) for said in decode(body)] == [Unreadable]
    assert one(body).id == one(body).id
    assert len(one(body).id) <= 128


def test_another_number_of_the_same_app_answers_for_itself():
    body = webhook(value(text("/solde")))
    assert len(decode(body, PHONE_ID)) == 1
    assert decode(body, "999") == []


def test_what_is_not_about_messages_is_let_go():
    assert decode(webhook({"event": "DISABLED_UPDATE"}, field="account_update")) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
PART = st.dictionaries(
    st.sampled_from(["id", "from", "type", "text", "contacts", "interactive", "button", "system", "status", "errors"]),
    JSON,
)
ODD = st.fixed_dictionaries(
    {}, optional={"messages": JSON | st.lists(PART), "statuses": st.lists(PART), "contacts": JSON}
)


@given(ODD, JSON)
def test_nothing_that_is_sent_makes_the_decoder_fail(odd: dict[str, Any], noise: Any):
    bodies = [webhook(odd), entries(noise if isinstance(noise, list) else [noise]), {"entry": noise}]
    for body in bodies:
        for said in decode(body):
            assert isinstance(said, (Incoming, Receipt, Renumbered, Unanswered, Unreadable))
