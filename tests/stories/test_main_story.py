"""The main job, end to end: top up, see it arrive, withdraw, send, and read it all again."""

from tests.stories.conftest import EVERYWHERE
from tests.stories.person import payload_in
from tests.stories.town import Town


@EVERYWHERE
async def test_awa_tops_up_withdraws_sends_and_reads_her_history(town: Town) -> None:
    awa, moussa = await town.person("awa"), await town.member("moussa")

    await awa.starts()
    await awa.hears("Bonjour Awa Ouédraogo", "Votre solde : 0 F CFA")

    await awa.taps("Recharger")
    await awa.hears("Combien voulez-vous recharger ?")
    await awa.taps("5 000 F CFA")
    await awa.hears("Quel numéro va payer ?")
    await awa.gives_own_number()
    await awa.hears("Avec quel moyen de paiement ?")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 5 000 F CFA", "Wave, +226 70 12 34 56", "Frais : 0 F CFA")
    await awa.taps("Recevoir le lien")
    await awa.hears("Votre paiement Wave de 5 000 F CFA est prêt")
    await awa.pays(pin="0000")
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA", "Réf. D-")

    await awa.says("/retirer 2000 orange 70 12 34 56")
    await awa.hears("Vous recevez : 2 000 F CFA", "Orange Money, +226 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Il vous faut un code PIN", "Retirer 2 000 F CFA avec Orange Money vers +226 70 12 34 56")
    assert "C’est fait" in await awa.proves()
    await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA", "Réf. R-")

    await awa.says("/envoyer")
    await awa.hears("À qui ?")
    await awa.shares_contact_of("moussa")
    await awa.hears("envoyer à Moussa Traoré", "Vous avez 3 000 F CFA")
    await awa.taps("500 F CFA")
    await awa.hears("À : Moussa Traoré", "Montant : 500 F CFA")
    await awa.taps("Confirmer")
    await awa.hears("✅ 500 F CFA envoyés à Moussa Traoré", "Votre solde : 2 500 F CFA")
    await moussa.hears("💚 Awa Ouédraogo vous a envoyé 500 F CFA", "Votre solde : 500 F CFA")

    await awa.says("/historique")
    await awa.hears(
        "✅ − 500 F CFA · Envoi à Moussa Traoré",
        "✅ − 2 000 F CFA · Retrait Orange Money",
        "✅ + 5 000 F CFA · Recharge Wave",
    )
    assert (await awa.balance(), await moussa.balance()) == (2_500, 500)
    await town.audit()


async def test_a_wrong_pin_moves_nothing_and_one_tap_tries_again(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays(pin="1234")
    await awa.hears("❌ La recharge de 5 000 F CFA n’a pas abouti", "code PIN", "Votre portefeuille n’a pas changé")
    assert await awa.balance() == 0

    await awa.taps("Réessayer")
    await awa.hears("Vous payez : 5 000 F CFA", "Wave, +226 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.hears("✅ Recharge reçue : 5 000 F CFA")
    assert await awa.balance() == 5_000
    await town.audit()


async def test_a_refused_withdrawal_gives_the_money_back_and_says_so(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault="refused")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("❌ Le retrait de 2 000 F CFA n’a pas abouti", "de nouveau dans votre portefeuille")
    assert await awa.balance() == 5_000
    await town.audit()


async def test_a_withdrawal_nobody_answered_keeps_the_money_reserved(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault="server_error")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("⏳ Retrait de 2 000 F CFA : confirmation en cours", "votre argent est réservé")
    await awa.says("/solde")
    await awa.hears("Disponible : 3 000 F CFA", "Réservé pour un retrait en cours : 2 000 F CFA")


async def test_somebody_who_is_no_member_yet_is_invited_and_the_sender_keeps_the_money(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    fatou = await town.person("fatou")
    await awa.says("/envoyer 500")
    await awa.shares_contact_of("fatou")
    await awa.hears("Fatou Diop n’est pas encore sur Cauri", "Vous gardez vos 500 F CFA")
    invited = payload_in(await awa.hears("https://t.me/", "https://wa.me/"), "inv_")
    assert await awa.balance() == 5_000

    await fatou.starts(invited)
    await fatou.hears("Bonjour Fatou Diop")
    await awa.hears("Fatou Diop vient de rejoindre Cauri", "500 F CFA")
    await awa.taps("Envoyer maintenant")
    await awa.hears("À : Fatou Diop", "Montant : 500 F CFA")
    await awa.taps("Confirmer")
    await fatou.hears("Awa Ouédraogo vous a envoyé 500 F CFA")
    assert (await awa.balance(), await fatou.balance()) == (4_500, 500)
    await town.audit()
