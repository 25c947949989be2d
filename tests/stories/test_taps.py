"""Buttons tapped twice, too late, or by somebody else: what was meant happens once, and nothing else does."""

from datetime import timedelta

import pytest

from core import clock
from tests.stories.conftest import ON_SQLITE, ON_TELEGRAM, ON_WHATSAPP
from tests.stories.town import Person, Town, until


async def test_a_confirmation_tapped_twice_is_one_payment_one_withdrawal_one_send(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps_twice("Recevoir le lien")
    await awa.pays()
    await awa.hears("Recharge reçue")

    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps_twice("Confirmer")
    await awa.proves()
    await awa.hears("Retrait effectué")

    await awa.says("/envoyer 500")
    await awa.shares_contact_of("moussa")
    await awa.taps_twice("Confirmer")
    await awa.hears("500 F CFA envoyés à Moussa Traoré", "Votre solde : 2 500 F CFA")
    await moussa.hears("Awa Ouédraogo vous a envoyé 500 F CFA")

    assert [entry["kind"] for entry in await town.transactions()] == ["payout", "deposit"]
    assert (await awa.balance(), await moussa.balance()) == (2_500, 500)
    await town.audit()


@ON_SQLITE
async def test_every_other_button_tapped_twice_says_one_thing(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger")
    await awa.taps_twice("5 000 F CFA")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("70 12 34 56")
    await awa.taps_twice("Wave")
    await awa.hears("Vous payez : 5 000 F CFA")
    await awa.taps_twice("Retour")
    await awa.hears("Avec quel moyen de paiement ?")
    await awa.taps_twice("Orange Money")
    await awa.hears("Orange Money, +226 70 12 34 56")
    before = len(await awa.said_to_me())
    await awa.taps_twice("Annuler")
    await awa.hears("j’annule. Aucun argent n’a bougé")
    # Each answer took its question's place, where there are edits; else the last one was said below.
    before += 0 if awa.edits else 1
    assert len(await awa.said_to_me()) == before

    await awa.taps_twice("Menu")
    await awa.hears("Que voulez-vous faire, Awa Ouédraogo ?")
    await awa.taps_twice("Recharger")
    await until(lambda: _is_asked_twice(awa, "Combien voulez-vous recharger ?", before + 3))
    await awa.taps("1 000 F CFA")
    await awa.hears("Quel numéro va payer ?")
    assert await town.transactions() == []


@ON_SQLITE
@ON_TELEGRAM
async def test_the_history_turned_twice_stays_one_message(town: Town) -> None:
    awa = await town.member("awa", balance=2_000)
    await town.member("moussa")
    for _ in range(6):
        await awa.says("/envoyer 100")
        await awa.shares_contact_of("moussa")
        await awa.taps("Confirmer")
        await awa.hears("100 F CFA envoyés")
    await awa.says("/historique")
    await awa.hears("Historique", "Envoi à Moussa Traoré")
    before = len(await awa.said_to_me())
    await awa.taps_twice("Plus ancien")
    await awa.hears("Historique", "+ 2 000 F CFA · Recharge Wave")
    await awa.taps_twice("Plus récent")
    await awa.hears("Historique", "− 100 F CFA · Envoi à Moussa Traoré")
    assert len(await awa.said_to_me()) == before


@ON_SQLITE
async def test_a_failed_payment_is_tried_again_once_however_often_it_is_tapped(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays(pin="1111")
    before = len(await awa.said_to_me())
    await awa.taps_twice("Réessayer")
    await until(lambda: _is_asked_twice(awa, "Vous payez : 5 000 F CFA", before + 2))
    await awa.taps_twice("Recevoir le lien")
    await awa.pays()
    await awa.hears("Recharge reçue", "Votre solde : 5 000 F CFA")
    assert [entry["status"] for entry in await town.transactions()] == ["success", "failed"]


@ON_SQLITE
async def test_the_button_of_what_is_over_says_so_and_changes_nothing(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("retirer 1000 orange 70 12 34 56")
    confirm = await awa.data_of("Confirmer")
    await awa.taps("Confirmer")
    await awa.hears("Retrait effectué")
    await awa.says("retirer 2000 orange 70 12 34 56")
    cancelled = await awa.data_of("Confirmer")
    await awa.says("/annuler")
    await awa.hears("j’annule")
    await awa.says("/solde")
    await awa.hears("Disponible : 4 000 F CFA")

    for old in (confirm, cancelled):
        await awa.taps_unseen(old)
        await awa.hears("Ce bouton n’est plus valable : rien n’a bougé")
    assert await awa.balance() == 4_000
    assert len(await town.transactions()) == 2


@ON_SQLITE
async def test_an_old_button_does_not_disturb_the_question_that_waits(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 1000 wave 70 12 34 56")
    old = await awa.data_of("Recevoir le lien")
    await awa.says("/annuler")
    await awa.says("/solde")
    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    await awa.taps_unseen(old)
    await awa.hears("Ce bouton n’est plus valable : rien n’a bougé", "Quel numéro va payer ?")
    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 5 000 F CFA")


@ON_SQLITE
async def test_an_answered_questions_button_is_the_second_half_of_a_double_tap(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger")
    thousand = await awa.data_of("1 000 F CFA")
    await awa.taps("5 000 F CFA")
    await awa.hears("Quel numéro va payer ?")
    await awa.taps_unseen(thousand)
    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 5 000 F CFA")


async def test_somebody_elses_button_is_worth_nothing(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=5_000), await town.member("moussa", balance=1_000)
    await awa.says("retirer 2000 orange 70 12 34 56")
    confirm = await awa.data_of("Confirmer")
    await moussa.taps_unseen(confirm)
    await moussa.hears("Ce bouton n’est plus valable : rien n’a bougé")
    assert (await awa.balance(), await moussa.balance()) == (5_000, 1_000)

    await awa.taps("Confirmer")
    await awa.hears("Retrait effectué")
    await town.knobs("getmipay", payout_fault="fails")
    await awa.says("retirer 1000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    retry = await awa.data_of("Réessayer")
    # What Awa's button knows, her number and her amount, is not for Moussa: he starts from the first question.
    await moussa.taps_unseen(retry)
    await moussa.hears("Vous avez 1 000 F CFA. Combien voulez-vous retirer ?")
    assert (await awa.balance(), await moussa.balance()) == (3_000, 1_000)
    await town.audit()


@ON_SQLITE
@pytest.mark.parametrize("data", ["go:riches", "go:", "x", ":::", "go:deposit:nothing", "9" * 64, "\u200b"])
async def test_a_made_up_button_gets_an_answer_and_no_money(town: Town, data: str) -> None:
    awa = await town.member("awa")
    await awa.taps_unseen(data)
    expected = "Combien voulez-vous recharger ?" if data.startswith("go:deposit") else "Ce bouton n’est plus valable"
    await awa.hears(expected)
    assert await awa.balance() == 0


async def _is_asked_twice(person: Person, question: str, messages: int) -> bool:
    """A button that begins something begins it each time; only the question asked last has buttons."""
    said = await person.said_to_me()
    return len(said) >= messages and all(question in text for text in said[-2:])


@ON_SQLITE
@ON_WHATSAPP
async def test_a_button_that_was_answered_long_ago_is_never_met_with_silence(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger")
    old = await awa.data_of("5 000 F CFA")
    await awa.taps("5 000 F CFA")
    await awa.hears("Quel numéro va payer ?")
    with clock.ahead(timedelta(minutes=1)):
        await awa.taps_unseen(old)
        await awa.hears("Ce bouton n’est plus valable", "Quel numéro va payer ?")
