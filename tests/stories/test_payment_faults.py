"""GetMiPay on a bad day, as the chat shows it: what is not known is said so, and every franc is where it belongs."""

from datetime import timedelta

import pytest

from core import clock
from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Town, until

TOP_UP = "recharger 5000 wave 70 12 34 56"
WITHDRAW = "retirer 2000 orange 70 12 34 56"


async def test_a_top_up_nobody_answered_turns_when_the_webhook_comes(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault="timeout_after_acting", hang_s=0.2)
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    await awa.hears("⏳ Recharge de 5 000 F CFA : confirmation en cours", "Ne payez pas une deuxième fois")
    messages = len(await awa.said_to_me())

    await _decide(town, "success")
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
    # The same message turned: nothing was said since.
    assert len(await awa.said_to_me()) == messages + (0 if awa.edits else 1)
    assert (await awa.balance(), len(await town.transactions())) == (5_000, 1)
    await town.audit()


async def test_a_withdrawal_nobody_answered_turns_when_the_webhook_comes(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault="timeout_after_acting", hang_s=0.2, payout_delay_s=600)
    await awa.says(WITHDRAW)
    await awa.taps("Confirmer")
    await awa.hears("⏳ Retrait de 2 000 F CFA : confirmation en cours", "votre argent est réservé")
    await awa.says("/solde")
    await awa.hears("Disponible : 3 000 F CFA", "Réservé pour un retrait en cours : 2 000 F CFA")
    await awa.says("/historique")
    await awa.hears("⏳ − 2 000 F CFA · Retrait Orange Money", "en cours")

    await _decide(town, "success")
    await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
    assert [entry["kind"] for entry in await town.transactions()] == ["payout", "deposit"]
    await town.audit()


@ON_SQLITE
async def test_a_withdrawal_nobody_answered_comes_back_when_it_is_refused_after_all(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault="error_after_acting", payout_delay_s=600)
    await awa.says(WITHDRAW)
    await awa.taps("Confirmer")
    await awa.hears("confirmation en cours")
    await _decide(town, "failed", "RECIPIENT_LIMIT_REACHED")
    await awa.hears(
        "❌ Le retrait de 2 000 F CFA n’a pas abouti", "a atteint son plafond", "Vos 2 000 F CFA sont de nouveau"
    )
    assert await awa.balance() == 5_000
    await town.audit()


@ON_SQLITE
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("NOT_ENOUGH_FUNDS", "Solde insuffisant sur votre compte mobile money"),
        ("PAYER_LIMIT_REACHED", "Le plafond de votre compte mobile money est atteint"),
        ("NOT_APPROVED", "Le paiement n’a pas été validé à temps"),
        ("INVALID_OTP", "Le code était incorrect ou expiré"),
        ("PAYMENT_IN_PROGRESS", "Une opération est déjà en cours sur ce compte"),
        ("PAYER_NOT_FOUND", "Ce numéro n’a pas de compte chez cet opérateur"),
        ("AMOUNT_OUT_OF_BOUNDS", "L’opérateur n’accepte pas ce montant"),
        ("TEMPORARILY_UNAVAILABLE", "L’opérateur est indisponible"),
        ("SOMETHING_ELSE", "L’opérateur a refusé l’opération"),
    ],
)
async def test_a_refused_top_up_says_why(town: Town, code: str, sentence: str) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault="fails", deposit_refusal=code)
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.hears("❌ La recharge de 5 000 F CFA n’a pas abouti", sentence, "Votre portefeuille n’a pas changé")
    assert await awa.balance() == 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        ("refused", "RECIPIENT_NOT_FOUND", "Ce numéro n’a pas de compte chez cet opérateur"),
        ("refused_with_200", "RECIPIENT_LIMIT_REACHED", "Le compte qui reçoit a atteint son plafond"),
        ("refused", "NOT_ALLOWED_TO_RECEIVE", "Ce compte ne peut pas recevoir d’argent"),
        ("fails", "AMOUNT_OUT_OF_BOUNDS", "L’opérateur n’accepte pas ce montant"),
        ("fails", "COUNTRY_MISMATCH", "pas pris en charge par l’opérateur"),
        ("refused", "INSUFFICIENT_MERCHANT_BALANCE", "Les retraits sont momentanément indisponibles"),
    ],
)
async def test_a_refused_withdrawal_says_why_and_gives_back(town: Town, fault: str, code: str, sentence: str) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault=fault, payout_refusal=code)
    await awa.says(WITHDRAW)
    await awa.taps("Confirmer")
    await awa.hears("❌ Le retrait de 2 000 F CFA n’a pas abouti", sentence, "Votre solde : 5 000 F CFA")
    assert await awa.balance() == 5_000
    await town.audit()


@pytest.mark.parametrize("fault", ["webhook_duplicated", "webhook_concurrent", "webhook_before_answer", "webhook_late"])
async def test_a_webhook_twice_at_once_too_early_or_late_credits_once(town: Town, fault: str) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault=fault, late_s=0.5)
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    if fault != "webhook_before_answer":
        await awa.pays()
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
    await until(lambda: _all_delivered(town))
    assert await awa.balance() == 5_000
    # A late answer to our call does not bring the link back.
    assert "✅ Recharge reçue" in await awa.last()
    assert not awa.edits or not any("est prêt" in said for said in await awa.said_to_me())
    await town.audit()


@ON_SQLITE
@pytest.mark.parametrize(("fault", "arrived"), [("amount_under", 2_500), ("amount_over", 10_000)])
async def test_another_amount_than_asked_is_credited_as_it_arrived(town: Town, fault: str, arrived: int) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault=fault)
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    await awa.pays()
    shown = f"{arrived // 1000} {arrived % 1000:03} F CFA"
    await awa.hears(f"✅ Recharge reçue : {shown}", f"Votre solde : {shown}")
    assert await awa.balance() == arrived


async def test_when_no_webhook_ever_comes_the_look_up_settles(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault="silent", payout_fault="silent", payout_status=True)
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    await awa.pays()
    with clock.ahead(timedelta(minutes=2)):
        await awa.hears("✅ Recharge reçue : 5 000 F CFA")
        await awa.says(WITHDRAW)
        await awa.confirms()
        await awa.hears("⏳ Retrait de 2 000 F CFA en cours", "L’argent est réservé")
        await until(lambda: _has_paid_out(town))
        with clock.ahead(timedelta(minutes=2)):
            await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
    assert await awa.balance() == 3_000
    await town.audit()


@ON_SQLITE
async def test_a_link_nobody_pays_expires_and_a_late_payment_still_counts(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    await awa.payment_link()
    with clock.ahead(timedelta(minutes=31)):
        await awa.hears("⌛ Le lien de paiement de 5 000 F CFA a expiré", "Votre portefeuille n’a pas changé")
        await _decide(town, "success")
        await awa.hears("✅ Recharge reçue : 5 000 F CFA")
    assert await awa.balance() == 5_000
    await town.audit()


@ON_SQLITE
async def test_a_payment_cancelled_on_the_page_says_so(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    link = await awa.payment_link()
    await town.sandbox.post(f"/getmipay/api/transactions/{link.rsplit('/', 1)[-1]}/cancel")
    await awa.hears("❌ La recharge de 5 000 F CFA n’a pas abouti", "Vous avez annulé le paiement")


@ON_SQLITE
async def test_a_top_up_taken_back_after_it_was_spent_stops_withdrawals_until_it_is_covered(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("retirer 4000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Retrait effectué")
    deposit = next(entry for entry in await town.transactions() if entry["kind"] == "deposit")
    await _decide_one(town, deposit["id"], "failed", "REVERSED")
    with clock.ahead(timedelta(minutes=2)):
        await awa.hears("↩️ Votre recharge de 5 000 F CFA a été reprise", "Votre solde : 0 F CFA")
    await awa.says("/retirer")
    await awa.hears("il reste 4 000 F CFA à couvrir", "Rechargez ce montant")
    assert await awa.balance() == 0


async def _decide(town: Town, status: str, error: str | None = None) -> None:
    """GetMiPay decides about its newest transaction."""
    await _decide_one(town, (await town.transactions())[0]["id"], status, error)


async def _decide_one(town: Town, transaction: str, status: str, error: str | None = None) -> None:
    decision = {"status": status, "error": error}
    answer = await town.sandbox.post(f"/getmipay/api/transactions/{transaction}/decide", json=decision)
    assert answer.is_success, answer.text


async def _has_paid_out(town: Town) -> bool:
    ended = [(entry["kind"], entry["status"]) for entry in await town.transactions()]
    return ("payout", "success") in ended


async def _all_delivered(town: Town) -> bool:
    name = (await town.transactions())[0]["id"]
    webhooks = (await town.sandbox.get(f"/getmipay/api/transactions/{name}")).json()["webhooks"]
    return all(webhook["delivered_at"] for webhook in webhooks)
