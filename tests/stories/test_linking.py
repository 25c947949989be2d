"""One person on Telegram and on WhatsApp: a code makes two conversations one wallet, and nothing else ever does."""

import re
from datetime import timedelta

from core import clock
from tests.stories.conftest import EVERYWHERE, ON_SQLITE
from tests.stories.person import Person
from tests.stories.town import Town

HAPPENS_ON = "telegram and WhatsApp"


async def code_shown_to(person: Person) -> str:
    await person.says("/lier")
    await person.taps("Afficher un code")
    shown = await person.hears("Votre code", "valable 10 minutes", "Ne le donnez à personne")
    found = re.search(r"\d{4} \d{4}", shown)
    assert found
    return found[0]


async def test_awa_links_her_whatsapp_and_finds_her_money_and_her_past_there(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    there = await town.member("awa", channel="whatsapp")
    await there.says("/solde")
    await there.hears("Disponible : 0 F CFA")

    await there.says(f"lier {await code_shown_to(awa)}")
    await there.hears("Ce code vient du portefeuille de Awa Ouédraogo", "un seul portefeuille")
    await there.taps("Oui, relier")
    await there.hears("C’est fait", "Votre solde : 5 000 F CFA")
    await awa.hears("Une autre conversation est reliée à votre portefeuille")

    await there.says("/historique")
    await there.hears("+ 5 000 F CFA · Recharge Wave")
    await there.says("retirer 2000 orange 70 12 34 56")
    await there.taps("Confirmer")
    await there.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
    await awa.says("/solde")
    await awa.hears("Disponible : 3 000 F CFA")
    assert (await awa.balance(), await there.balance()) == (3_000, 3_000)
    await town.audit()


async def test_two_wallets_with_money_become_one_with_all_of_it(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    there = await town.member("awa", balance=1_500, channel="whatsapp")
    # The other way round: shown on WhatsApp, typed on Telegram.
    await awa.says("/lier")
    await awa.taps("Taper un code")
    await awa.says(await code_shown_to(there))
    await awa.taps("Oui, relier")
    await awa.hears("C’est fait", "1 500 F CFA de votre autre portefeuille", "Votre solde : 6 500 F CFA")
    assert (await awa.balance(), await there.balance()) == (6_500, 6_500)
    await there.says("/historique")
    await there.hears("+ 5 000 F CFA · Recharge Wave", "+ 1 500 F CFA · Recharge Wave")
    await town.audit()


@ON_SQLITE
async def test_the_code_is_one_tap_away_on_the_other_channel(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await code_shown_to(awa)
    button = await awa.hears_button("Ouvrir WhatsApp")
    assert button
    there = await town.person("awa", "whatsapp")
    url = next(
        each["url"]
        for message in await awa.messages()
        for row in message.get("inline_keyboard") or []
        for each in row
        if "wa.me" in each.get("url", "")
    )
    await there.follows_link(url)
    await there.taps("Oui, relier")
    await there.hears("C’est fait", "Votre solde : 5 000 F CFA")


@ON_SQLITE
async def test_a_wrong_code_moves_nothing_and_nobody_guesses_for_long(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    paul = await town.member("moussa", channel="whatsapp")
    code = (await code_shown_to(awa)).replace(" ", "")
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for left in (4, 3, 2, 1):
        await paul.says(f"lier {wrong}")
        await paul.hears("Ce code n’est pas le bon", f"essais restants : {left}", "Aucun argent n’a bougé")
    await paul.says(f"lier {wrong}")
    await paul.hears("Trop de codes essayés")
    await paul.says(f"lier {code}")
    await paul.hears("Trop de codes essayés")
    await paul.says("lier 12 34")
    await paul.hears("Un code a huit chiffres")
    assert (await awa.balance(), await paul.balance()) == (5_000, 0)


@ON_SQLITE
async def test_who_says_no_stays_two(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    there = await town.member("awa", channel="whatsapp")
    await there.says(f"lier {await code_shown_to(awa)}")
    await there.taps("Annuler")
    await there.hears("Aucun argent n’a bougé")
    assert await there.balance() == 0


@ON_SQLITE
async def test_a_withdrawal_under_way_keeps_two_wallets_apart(town: Town) -> None:
    awa = await town.member("awa")
    there = await town.member("awa", balance=5_000, channel="whatsapp")
    await town.knobs("getmipay", payout_fault="server_error")
    await there.says("retirer 2000 orange 70 12 34 56")
    await there.taps("Confirmer")
    await there.hears("confirmation en cours")
    await awa.says(f"lier {await code_shown_to(there)}")
    await awa.taps("Oui, relier")
    await awa.hears("Une opération est encore en cours", "aucun argent n’a bougé")
    assert (await awa.balance(), await there.balance()) == (0, 3_000)


@ON_SQLITE
async def test_a_number_given_to_somebody_else_opens_no_wallet(town: Town) -> None:
    awa = await town.member("awa", balance=5_000, channel="whatsapp")
    phone = await town.phone_of("awa")
    moussa = await town.person("moussa", "whatsapp")
    answer = await town.sandbox.post("/whatsapp/api/people/moussa/number", json={"phone": phone, "silently": True})
    assert answer.is_success, answer.text
    moussa = await town.person("moussa", "whatsapp")
    await moussa.starts()
    await moussa.hears("Bonjour Moussa Traoré", "Votre solde : 0 F CFA")
    assert (await awa.balance(), await moussa.balance()) == (5_000, 0)


@ON_SQLITE
async def test_who_changes_numbers_finds_their_wallet_again(town: Town) -> None:
    awa = await town.member("awa", balance=5_000, channel="whatsapp")
    await town.sandbox.post("/whatsapp/api/people/awa/number", json={"phone": "+22670445566", "new_user_id": True})
    awa = await town.person("awa", "whatsapp")
    await awa.says("/solde")
    await awa.hears("Disponible : 5 000 F CFA")


@ON_SQLITE
async def test_who_is_told_by_the_number_alone_still_shares_a_card_of_their_own(town: Town) -> None:
    awa = await town.member("awa", channel="whatsapp")
    await town.sandbox.post("/whatsapp/api/people/awa/ids", json={"ids": "phone_only"})
    await awa.shares_own_contact()
    await awa.hears("C’est noté : +22670123456")
    await town.sandbox.post("/whatsapp/api/people/awa/ids", json={"ids": "both"})
    await awa.shares_own_contact()
    await awa.hears("C’est noté")


@EVERYWHERE
async def test_who_was_silent_for_a_day_reads_what_counts_at_once_and_the_rest_when_they_answer(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=5_000), await town.member("moussa")
    await town.submits_templates()
    with clock.ahead(timedelta(hours=25)):
        await awa.says("/envoyer 500")
        await awa.shares_contact_of("moussa")
        await awa.taps("Confirmer")
        await awa.hears("500 F CFA envoyés à Moussa Traoré")
        await moussa.hears("💚 Awa Ouédraogo vous a envoyé 500 F CFA")
        await moussa.taps("Menu")
        await moussa.hears("Que voulez-vous faire, Moussa Traoré ?", "Votre solde : 500 F CFA")


async def test_a_wallet_with_a_pin_is_linked_with_the_code_and_the_pin(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("/pin")
    await awa.taps("Choisir mon code")
    assert "C’est fait" in await awa.proves()
    await awa.hears("Votre code PIN est enregistré")
    moussa = await town.member("moussa", channel="whatsapp")
    # He has seen the code over her shoulder.
    await moussa.says(f"lier {await code_shown_to(awa)}")
    await moussa.taps("Oui, relier")
    await moussa.hears("Ce portefeuille a un code PIN", "celui de Awa Ouédraogo")
    page = await moussa.pin_page()
    for guess in ("1379", "1380", "1381"):
        await page.sends(guess)
    await awa.hears("Quelqu’un s’est trompé plusieurs fois de code PIN")
    assert (await awa.balance(), await moussa.balance()) == (5_000, 0)
    async with town.ahead(timedelta(minutes=16)):
        there = await town.member("awa", channel="whatsapp")
        await there.says(f"lier {await code_shown_to(awa)}")
        await there.taps("Oui, relier")
        assert "C’est fait" in await there.proves()
        await there.hears("C’est fait : un seul portefeuille", "Votre solde : 5 000 F CFA")
        await awa.hears("Une autre conversation est reliée", "les grosses sommes n’en sortent pas")
        # From where the thief is not, one tap stops everything everywhere.
        await awa.taps("Ce n’est pas moi")
        await awa.hears("Votre portefeuille est gelé")
        await there.hears("Votre portefeuille est gelé")
        await there.says("retirer 1000 orange 70 12 34 56")
        await there.hears("Les sorties de votre portefeuille sont suspendues")
    await town.audit()
