"""People change their mind, do two things at once, and talk while they pay: what they had answered stays."""

import asyncio

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Person, Town, until

# What leads from one question of a top-up to the next, and how that one begins.
STEPS = {
    "/recharger": "Combien voulez-vous recharger ?",
    "5000": "Quel numéro va payer ?",
    "70 12 34 56": "Avec quel moyen de paiement ?",
    "wave": "Vous payez : 5 000 F CFA",
}


async def test_a_look_at_the_balance_comes_back_to_the_question(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger")
    await awa.taps("5 000 F CFA")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")
    await awa.hears("On reprend là où vous en étiez", "Quel numéro va payer ?")
    await awa.shares_own_contact()
    await awa.taps("Wave")
    await awa.hears("Vous payez : 5 000 F CFA", "+226 70 12 34 56")


@ON_SQLITE
async def test_a_question_is_taken_up_again_once_and_does_not_cling(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("/solde")
    await awa.hears("On reprend là où vous en étiez", "Quel numéro va payer ?")
    await awa.says("/aide")
    await awa.hears("Ce que je sais faire")
    await awa.says("c’est long…")
    await awa.hears("Je n’ai pas compris")
    assert sum("On reprend" in said for said in await awa.said_to_me()) == 1

    # An answer is a return to it: the next detour comes back to the next question.
    await awa.says("/recharger 5000")
    await awa.says("/solde")
    await awa.hears("On reprend là où vous en étiez", "Quel numéro va payer ?")
    await awa.shares_own_contact()
    await awa.hears("Avec quel moyen de paiement ?")
    await awa.says("/solde")
    await awa.hears("On reprend là où vous en étiez", "Avec quel moyen de paiement ?")


async def test_a_name_or_a_complaint_may_begin_like_a_command(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.taps("Un problème ?")
    await awa.taps("Le montant est faux")
    await awa.says("Recharger 5000 par Wave m’a coûté 5 500 F")
    assert "Wave m’a coûté" not in await awa.hears("Réclamation enregistrée")

    await awa.says("/tontine")
    await awa.taps("Créer une tontine")
    await awa.hears("Quel est son nom ?")
    # All by itself it is the command.
    await awa.says("solde")
    await awa.hears("Disponible : 5 000 F CFA")
    await awa.hears("On reprend là où vous en étiez", "Quel est son nom ?")
    await awa.says("Tontine des Amies")
    await awa.taps("5 000 F CFA")
    await awa.taps("Chaque jour")
    await awa.taps("Aujourd’hui")
    await awa.taps("Réglages habituels")
    await awa.hears("Tontine des Amies")
    # So is one that has its slash, whatever follows it.
    await awa.says("/solde maintenant")
    await awa.hears("On reprend là où vous en étiez", "Tontine des Amies")


async def test_a_withdrawal_in_the_middle_of_a_top_up_and_back(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("/recharger 3000")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("/retirer")
    await awa.hears("Vous avez 5 000 F CFA. Combien voulez-vous retirer ?")
    await awa.taps("2 000 F CFA")
    await awa.taps("+226")
    await awa.taps("Orange Money")
    await awa.hears("Vous recevez : 2 000 F CFA")
    await awa.taps("Confirmer")
    await awa.hears("On reprend là où vous en étiez", "Quel numéro va payer ?")
    await awa.hears("Retrait effectué : 2 000 F CFA")
    await awa.taps("+226")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 3 000 F CFA")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.hears("Recharge reçue : 3 000 F CFA", "Votre solde : 6 000 F CFA")
    assert await awa.balance() == 6_000
    await town.audit()


@ON_SQLITE
async def test_who_chats_on_while_paying_reads_the_end_anew(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    link = await awa.payment_link()
    await awa.says("/aide")
    await awa.hears("Ce que je sais faire")
    await awa.says("c’est long…")
    await awa.hears("Je n’ai pas compris")
    await town.pay(link, "0000")
    await awa.hears("✅ Recharge reçue : 5 000 F CFA")
    # The message that waited turned, and as nobody would see it so far up, it is said below as well.
    await until(lambda: _count(awa, "✅ Recharge reçue : 5 000 F CFA", 2 if awa.edits else 1))
    assert "✅ Recharge reçue" in await awa.last()
    assert any("est prêt" in text for text in await awa.said_to_me()) is not awa.edits


@ON_SQLITE
async def test_who_blocks_the_assistant_while_paying_loses_nothing(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    link = await awa.payment_link()
    await awa.blocks()
    await town.pay(link, "0000")
    await until(lambda: _has(awa, 5_000))
    await awa.unblocks()
    await awa.says("/historique")
    await awa.hears("✅ + 5 000 F CFA · Recharge Wave")
    await awa.says("/solde")
    await awa.hears("Disponible : 5 000 F CFA")
    await town.audit()


@ON_SQLITE
async def test_money_reaches_somebody_who_has_blocked_the_assistant(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=1_000), await town.member("moussa")
    await moussa.blocks()
    await awa.says("/envoyer 500")
    await awa.shares_contact_of("moussa")
    await awa.taps("Confirmer")
    await awa.hears("500 F CFA envoyés à Moussa Traoré")
    await moussa.starts()
    await moussa.hears("Que voulez-vous faire, Moussa Traoré ?", "Votre solde : 500 F CFA")
    await town.audit()


@ON_SQLITE
async def test_back_forgets_one_answer_at_a_time_and_what_rested_on_it(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.hears("Vous payez : 5 000 F CFA", "Wave, +226 70 12 34 56")
    await awa.taps("Retour")
    await awa.hears("Avec quel moyen de paiement ?")
    await awa.taps("Moov Money")
    await awa.hears("Vous payez : 5 000 F CFA", "Moov Money, +226 70 12 34 56")
    await awa.says("retour")
    await awa.hears("Avec quel moyen de paiement ?")
    await awa.says("/retour")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("+225 07 12 34 56 78")
    await awa.taps("MTN MoMo")
    await awa.hears("MTN MoMo, +225 07 12 34")
    for question in ("Avec quel moyen", "Quel numéro va payer ?", "Combien voulez-vous recharger ?"):
        await awa.says("Retour")
        await awa.hears(question)
    await awa.says("Retour")
    await awa.hears("Combien voulez-vous recharger ?")
    await awa.says("2000")
    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 2 000 F CFA", "Arrive dans votre portefeuille : 2 000 F CFA")
    assert await town.transactions() == []


@ON_SQLITE
@pytest.mark.parametrize("answered", range(len(STEPS)))
async def test_cancel_at_each_question_ends_it_there(town: Town, answered: int) -> None:
    awa = await town.member("awa")
    for step, question in list(STEPS.items())[: answered + 1]:
        await awa.says(step)
        await awa.hears(question)
    await awa.says("/annuler")
    await awa.hears("D’accord, j’annule. Aucun argent n’a bougé.")
    await awa.says("5000")
    await awa.hears("Je n’ai pas compris")
    assert await town.transactions() == []


@ON_SQLITE
async def test_with_nothing_open_back_and_cancel_lead_to_the_menu(town: Town) -> None:
    awa = await town.member("awa")
    for word in ("retour", "/annuler", "Annuler", "stop", "back"):
        await awa.says(word)
        await awa.hears("Il n’y a rien en cours. Que voulez-vous faire ?")
    await awa.taps("Menu")
    await awa.hears("Que voulez-vous faire, Awa Ouédraogo ?")


@ON_SQLITE
async def test_the_language_changes_in_the_middle_and_the_answers_stay(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("/langue")
    await awa.taps("English")
    await awa.hears("Done: I will speak English.")
    await awa.hears("Let us go on from where you were.", "Which number will pay?")
    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.hears("You pay: 5 000 F CFA", "With: Wave, +226 70 12 34 56")
    await awa.says("/langue français")
    await awa.hears("je vous parle français")
    await awa.hears("Vous payez : 5 000 F CFA")


async def test_the_whole_story_in_english(town: Town) -> None:
    grace, awa = await town.person("grace"), await town.member("awa")
    await grace.starts_in_english()
    await grace.hears("Grace Addo", "Your balance: 0 F CFA")
    await grace.taps("Top up")
    await grace.taps("5 000 F CFA")
    await grace.hears("Which number will pay?")
    await grace.gives_own_number(noted="Noted")
    await grace.taps("Wave")
    await grace.hears("You pay: 5 000 F CFA", "With: Wave, +225 07 12 34", "Fee: 0 F CFA")
    await grace.taps("Get the link")
    await grace.hears("Your Wave payment of 5 000 F CFA is ready")
    await grace.hears_button("Pay")
    await town.pay(await grace.payment_link("Pay"), "0000")
    await grace.hears("✅ Top-up received: 5 000 F CFA", "Your balance: 5 000 F CFA", "Ref. D-")

    await grace.says("withdraw 2000 to orange 07 12 34 56 78")
    await grace.hears("You receive: 2 000 F CFA", "Orange Money")
    await grace.taps("Confirm")
    await grace.hears("You need a PIN")
    assert "Done" in await grace.proves()
    await grace.hears("✅ Withdrawal done: 2 000 F CFA", "Your balance: 3 000 F CFA")

    await grace.says("/send 500")
    await grace.shares_contact_of("awa")
    await grace.hears("To: Awa Ouédraogo")
    await grace.taps("Confirm")
    await grace.hears("✅ 500 F CFA sent to Awa Ouédraogo", "Your balance: 2 500 F CFA")
    await awa.hears("💚 Grace Addo vous a envoyé 500 F CFA")

    await grace.says("/history")
    await grace.hears("Sent to Awa Ouédraogo", "Withdrawal Orange Money", "Top-up Wave")
    heard = await grace.said_to_me()
    since = next(number for number, said in enumerate(heard) if "English" in said or "Hello" in said)
    assert not any("Votre" in said for said in heard[since:])
    assert (await grace.balance(), await awa.balance()) == (2_500, 500)
    await town.audit()


@ON_SQLITE
async def test_one_line_says_it_all_in_any_order(town: Town) -> None:
    awa = await town.member("awa")
    for line in (
        "recharger 5000 wave 70 12 34 56",
        "Recharger wave 5 000 F 70123456",
        "/recharger 70 12 34 56 wave 5000",
        "recharge 5k par wave au +226 70 12 34 56",
        "déposer 5.000 FCFA avec Wave depuis 70-12-34-56",
        "RECHARGER 70.12.34.56 5000 francs Wave !",
        "topup 5000 with wave from 70 12 34 56",
        "top up 5000 via wave 0022670123456",
        "deposit 5,000 F CFA on wave 70 12 34 56",
    ):
        await awa.says(line)
        await awa.hears("Vous payez : 5 000 F CFA", "Wave, +226 70 12 34 56")
        await awa.says("/annuler")
        await awa.hears("j’annule")
    assert await town.transactions() == []


@ON_SQLITE
async def test_what_a_line_leaves_out_or_gets_wrong_is_asked(town: Town) -> None:
    awa = await town.member("awa")
    for line, asked in {
        "recharger": "Combien voulez-vous recharger ?",
        "recharger wave": "Combien voulez-vous recharger ?",
        "recharger -5 wave 70 12 34 56": "plus grand que zéro",
        "recharger 1e9 wave 70 12 34 56": "Je n’ai pas reconnu de montant",
        "recharger 500000 wave 70 12 34 56": "le maximum par opération est 200 000 F CFA",
        "recharger 5000 wave": "Quel numéro va payer ?",
        "recharger 5000 70 12 34 56": "Avec quel moyen de paiement ?",
        "recharger 5000 cauris 70 12 34 56": "Choisissez parmi : Moov Money, Orange Money, Wave, Carte Visa",
        "recharger 5000 mtn 70 12 34 56": "Choisissez parmi : Moov Money, Orange Money, Wave, Carte Visa",
    }.items():
        await awa.says(line)
        await awa.hears(asked)
    assert await town.transactions() == []


@ON_SQLITE
async def test_two_hasty_answers_are_taken_in_the_order_they_were_given(town: Town) -> None:
    awa = await town.member("awa")
    for word in STEPS:
        await awa.says(word)
    await awa.hears("Vous payez : 5 000 F CFA", "Wave, +226 70 12 34 56")
    await asyncio.gather(*(awa.says("oui") for _ in range(3)))
    await awa.hears_button("Payer")
    assert len(await town.transactions()) == 1


async def _count(person: Person, words: str, times: int) -> bool:
    return sum(words in text for text in await person.said_to_me()) == times


async def _has(person: Person, francs: int) -> bool:
    return await person.balance() == francs
