"""The demo as a newcomer meets it: `cauri demo`, a real browser, a phone's width, and the main job end to end."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.thumb import AWA, MOUSSA, Thumb, demo, opened_page


@pytest.mark.xdist_group("demo")
async def test_a_newcomer_does_the_main_job_on_a_phone_and_finds_it_again_after_a_restart(tmp_path: Path) -> None:
    pictures = Path(os.environ["SCREENSHOTS"]) if "SCREENSHOTS" in os.environ else tmp_path
    async with demo(tmp_path / "demo") as address, opened_page(address) as page:
        awa, moussa = Thumb(page, AWA), Thumb(page, MOUSSA)
        await moussa.takes_the_phone()
        await moussa.starts()
        await moussa.reads("Bonjour Moussa Traoré")
        await awa.takes_the_phone()
        await page.screenshot(path=pictures / "1-welcome.png")
        await awa.starts()
        await awa.reads("Bonjour Awa Ouédraogo", "Votre solde : 0 F CFA")
        await page.screenshot(path=pictures / "2-started.png")

        await awa.taps("Recharger")
        await awa.taps(r"^5.000.F")
        await page.screenshot(path=pictures / "3-number.png")
        await awa.taps("Partager mon numéro")
        await awa.taps("Wave")
        await awa.reads("Vous payez : 5 000 F CFA")
        await page.screenshot(path=pictures / "4-confirm.png")
        await awa.taps("Recevoir le lien")
        await awa.reads("Votre paiement Wave de 5 000 F CFA est prêt")
        await page.screenshot(path=pictures / "5-link.png")
        await awa.pays(pin="0000")
        await awa.reads("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
        await page.screenshot(path=pictures / "6-received.png")

        await awa.writes("retirer 2000 orange 70 12 34 56")
        await awa.taps("Confirmer")
        await awa.reads("Il vous faut un code PIN")
        await page.screenshot(path=pictures / "7-needs-a-pin.png")
        await awa.chooses_pin("2580", pictures / "7-pin.png")
        await awa.reads("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
        await awa.reads("Un retrait part vers un nouveau numéro")
        await page.screenshot(path=pictures / "7-withdrawn.png")

        await awa.writes("/envoyer")
        await awa.reads("À qui ?")
        await awa.phone.get_by_test_id("attach").click()
        await page.get_by_test_id("share-contact").click()
        await page.get_by_test_id("contact-of").filter(has_text="Moussa").click()
        await awa.taps("^500 F")
        await awa.reads("À : Moussa Traoré", "Montant : 500 F CFA")
        await awa.taps("Confirmer")
        await awa.reads("✅ 500 F CFA envoyés à Moussa Traoré", "Votre solde : 2 500 F CFA")
        await page.screenshot(path=pictures / "8-sent.png")

        await awa.writes("/historique")
        await awa.reads("Envoi à Moussa Traoré", "Retrait Orange Money", "Recharge Wave")
        await page.screenshot(path=pictures / "9-history.png")

        await awa.writes("recharger 1000 wave 70 12 34 56")
        await awa.taps("Recevoir le lien")
        await awa.reads("Votre paiement Wave de 1 000 F CFA est prêt")
        await awa.pays(pin="1234")
        await awa.reads("❌ La recharge de 1 000 F CFA n’a pas abouti", "code PIN")
        await page.screenshot(path=pictures / "10-wrong-pin.png")

        await moussa.takes_the_phone()
        await moussa.reads("Awa Ouédraogo vous a envoyé 500 F CFA")

    async with demo(tmp_path / "demo") as address, opened_page(address) as page:
        awa = Thumb(page, AWA)
        await awa.takes_the_phone()
        await awa.writes("/solde")
        await awa.reads("Disponible : 2 500 F CFA")
        console = await awa.comes_into_the_console()
        await console.get_by_label("Rechercher").fill("ouedraogo")
        await console.get_by_role("button", name="Chercher").click()
        await expect(console.get_by_role("heading", level=1)).to_have_text("Awa Ouédraogo")


@pytest.mark.xdist_group("demo")
async def test_a_newcomer_tops_up_and_withdraws_on_whatsapp(tmp_path: Path) -> None:
    pictures = Path(os.environ["SCREENSHOTS"]) if "SCREENSHOTS" in os.environ else tmp_path
    async with demo(tmp_path / "demo") as address, opened_page(address) as page:
        awa = Thumb(page, AWA)
        await page.locator('[data-testid="channel"][data-channel="whatsapp"]').click()
        await page.screenshot(path=pictures / "w1-welcome.png")
        await awa.phone.get_by_test_id("say-hello").click()
        await awa.reads("Bonjour Awa Ouédraogo", "Votre solde : 0 F CFA")
        await awa.chooses("Recharger")
        await awa.reads("Combien voulez-vous recharger ?")
        await page.screenshot(path=pictures / "w2-amount.png")
        await awa.chooses(r"\b5.000.F")
        await awa.reads("Quel numéro va payer ?")
        await page.screenshot(path=pictures / "w3-number.png")
        await awa.taps("📱")
        await awa.reads("Avec quel moyen de paiement ?")
        await page.screenshot(path=pictures / "w4-method.png")
        await awa.chooses("Wave")
        await awa.reads("Vous payez : 5 000 F CFA")
        await page.screenshot(path=pictures / "w5-confirm.png")
        await awa.taps("Recevoir le lien")
        await awa.reads("Votre paiement Wave de 5 000 F CFA est prêt")
        await page.screenshot(path=pictures / "w6-link.png")
        await awa.pays(pin="0000")
        await awa.reads("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
        await page.screenshot(path=pictures / "w7-received.png")

        await awa.writes("retirer 2000 orange")
        await awa.taps("📱")
        await awa.reads("Vous recevez : 2 000 F CFA")
        await page.screenshot(path=pictures / "w8-withdraw.png")
        await awa.taps("Confirmer")
        await awa.reads("Il vous faut un code PIN")
        await page.screenshot(path=pictures / "w8-pin.png")
        await awa.types_pin("2580")
        await awa.reads("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
        await page.screenshot(path=pictures / "w9-withdrawn.png")
        await awa.writes("/lier")
        await awa.taps("Afficher un code")
        await awa.reads("Votre code")
        await page.screenshot(path=pictures / "w10-code.png")
