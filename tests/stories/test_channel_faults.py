"""Telegram on a bad day: nothing is lost, nothing is done twice, and what is odd does not hold up the rest."""

from pathlib import Path

import pytest
from sqlalchemy import select, text

from core.db import Database
from core.inbox import InboundMessage
from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Person, Town, running_town

# The faults of one channel.
HAPPENS_ON = "telegram"

ODD = [
    {"business_message": {"unknown": True}},
    {"message": {"no": "id at all"}},
    {"message": "not even an object"},
    {"callback_query": {"id": "1", "from": {"id": "five"}}},
    {"poll": {"id": "1", "question": None}},
    {"my_chat_member": {"chat": {}, "from": {}}},
    {},
]


async def test_updates_that_come_twice_are_answered_once(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("telegram", duplicate_updates=50)
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.hears("Recharge reçue")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.confirms()
    await awa.hears("Un retrait part vers un nouveau numéro")
    await awa.hears("Retrait effectué")
    await awa.says("/solde")
    await awa.hears("Disponible : 3 000 F CFA")
    assert len(await town.transactions()) == 2
    # Welcome, payment, withdrawal, its new number, the withdrawal's end below that, balance: the questions were turned
    # into what became of them.
    assert len(await awa.said_to_me()) == 6
    await town.audit()


@ON_SQLITE
async def test_updates_out_of_order_cost_a_question_and_no_money(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.hears("Vous recevez : 2 000 F CFA")
    await town.knobs("telegram", reorder_updates=1)
    await awa.taps("Confirmer")
    # The confirmation is overtaken by a change of mind.
    await awa.says("/annuler")
    await awa.hears("j’annule. Aucun argent n’a bougé")
    await awa.says("/solde")
    await awa.hears("Disponible : 5 000 F CFA")
    await town.audit()


@pytest.mark.parametrize("odd", ODD, ids=[next(iter(body), "empty") for body in ODD])
async def test_an_odd_update_does_not_hold_up_those_behind_it(town: Town, odd: dict[str, object]) -> None:
    awa = await town.member("awa")
    await town.knobs("telegram", unknown_fields=True)
    await town.push_update(odd)
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")


async def test_a_character_no_database_can_keep_does_not_hold_up_those_behind_it(town: Town) -> None:
    awa = await town.member("awa")
    for words in ("/recharger \x00", "\x00", "/envoyer 500 \x00"):
        await town.push_update(_message(awa, words))
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")


@ON_SQLITE
async def test_too_many_messages_wait_as_long_as_telegram_says(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("telegram", faults=[{"kind": "too_many_requests", "seconds": 2, "times": 1}])
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")
    assert (await town.sandbox.get("/telegram/api/knobs")).json()["faults"] == []
    assert len(await awa.said_to_me()) == 2


@pytest.mark.parametrize("kind", ["server_error", "bad_gateway", "cut_before"])
@ON_SQLITE
async def test_what_telegram_did_not_take_is_said_again(town: Town, kind: str) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("telegram", faults=[{"kind": kind, "method": method} for method in ("send*", "edit*")])
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Retrait effectué", "Votre solde : 3 000 F CFA")
    assert await awa.balance() == 3_000


@ON_SQLITE
async def test_an_answer_lost_on_the_way_costs_a_second_message_and_no_second_franc(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.member("moussa")
    await awa.says("/envoyer 500")
    await awa.shares_contact_of("moussa")
    await awa.hears("Montant : 500 F CFA")
    await town.knobs("telegram", faults=[{"kind": "cut_after", "method": method} for method in ("send*", "edit*")])
    await awa.taps("Confirmer")
    await awa.hears("500 F CFA envoyés à Moussa Traoré")
    await awa.says("/solde")
    await awa.hears("Disponible : 4 500 F CFA")
    said = await awa.said_to_me()
    assert sum("500 F CFA envoyés" in each for each in said) == 1
    assert 1 <= sum("Disponible" in each for each in said) <= 2
    await town.audit()


@ON_SQLITE
async def test_when_the_message_to_turn_was_deleted_it_is_said_anew(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    link, waiting = await awa.payment_link(), (await awa.messages())[-1]["message_id"]
    deleted = await town.as_the_bot("deleteMessage", chat_id=awa.id, message_id=waiting)
    assert deleted.json()["result"] is True
    await town.pay(link, "0000")
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")


@ON_SQLITE
async def test_a_message_telegram_will_never_take_does_not_hold_up_the_next(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("telegram", faults=[{"kind": "refused", "description": "Bad Request: can't parse entities"}])
    await awa.says("/aide")
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")


@ON_SQLITE
async def test_the_house_opens_although_telegram_stumbles(database: Database, tmp_path: Path) -> None:
    stumbles = [
        {"kind": "server_error", "method": method} for method in ("deleteWebhook", "setMyCommands", "getUpdates")
    ]
    async with running_town(database, tmp_path, telegram_knobs={"faults": stumbles}) as town:
        awa = await town.member("awa")
        await awa.says("/solde")
        await awa.hears("Disponible : 0 F CFA")


@pytest.mark.parametrize(
    "runs",
    [
        '[{"flow": "deposit", "from": "a release long gone"}]',
        '[{"flow": "lottery", "answers": [], "facts": []}]',
        '[{"flow": "deposit", "answers": [["amount", "abc"]], "facts": [], "prompt": null}]',
        '[{"flow": "deposit", "answers": [["amount", 5000], ["phone", 7]], "facts": []}]',
    ],
    ids=["unknown field", "unknown flow", "broken amount", "broken phone"],
)
async def test_a_message_we_fail_on_is_apologised_for_once_and_the_next_works(town: Town, runs: str) -> None:
    awa = await town.member("awa", balance=1_000)
    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    async with town.database.transaction() as session:
        await session.execute(text("UPDATE conversation SET runs = :runs"), {"runs": runs})

    await awa.says("70 12 34 56")
    await awa.hears("Pardon, une erreur s’est produite de notre côté", "aucun argent n’a bougé")
    await awa.says("/solde")
    await awa.hears("Disponible : 1 000 F CFA")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.hears("Vous payez : 5 000 F CFA")

    assert sum("Pardon" in each for each in await awa.said_to_me()) == 1
    async with town.database.reading() as session:
        kept = list(await session.scalars(select(InboundMessage).where(InboundMessage.error.is_not(None))))
    assert [(each.raw or {})["message"]["text"] for each in kept] == ["70 12 34 56"]
    await town.audit()


def _message(person: Person, words: str) -> dict[str, object]:
    """A typed message as Telegram writes it, for what the sandbox's people cannot type."""
    chat = {"id": person.id, "type": "private"}
    me = {"id": person.id, "is_bot": False, "first_name": "Awa", "language_code": "fr"}
    return {"message": {"message_id": 9_999, "date": 1_795_000_000, "chat": chat, "from": me, "text": words}}
