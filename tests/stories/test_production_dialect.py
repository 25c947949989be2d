"""The main job in GetMiPay's dialect of production: services with limits, one-time codes, unsigned callbacks."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from bot.conversation import Conversation
from core import clock
from core.db import Database
from core.inbox import InboundMessage
from core.jobs import JobRow
from core.outbox import OutboxMessage
from core.tls import trusted
from operations.check import Level, check
from payments.services import ProviderService
from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Person, Town, house_settings, labels_of, running_sandbox, running_town, until

CODE = "123456"


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """The whole house and its world, on each engine, speaking `v1`."""
    async with running_town(database, tmp_path, getmipay_dialect="v1") as town:
        await until(lambda: knows_services(town))
        yield town


async def knows_services(town: Town) -> bool:
    async with town.database.reading() as session:
        return await session.scalar(select(ProviderService.id).limit(1)) is not None


async def test_awa_tops_up_by_link_and_by_code_and_withdraws(town: Town) -> None:
    awa = await town.person("awa")
    await awa.starts()
    await awa.hears("Bonjour Awa Ouédraogo")

    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.hears("Votre paiement Wave de 5 000 F CFA est prêt")
    await awa.pays()
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA", "Réf. D-")

    await awa.says("recharger 3000 orange 70 12 34 56")
    await awa.hears("Vous payez : 3 000 F CFA", "Orange Money, +226 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Sur le téléphone +226 70 12 34 56, composez *144*4*6*3000#", "Jamais votre code secret")
    await awa.says("12 34 56")
    await awa.hears("✅ Recharge reçue : 3 000 F CFA", "Votre solde : 8 000 F CFA")

    await awa.says("/retirer 2000 orange 70 12 34 56")
    await awa.confirms()
    await until(lambda: has_paid_out(town))
    with clock.ahead(timedelta(minutes=2)):
        # A payout has no address that GetMiPay could call back: the look-up tells.
        await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 6 000 F CFA")
    await town.audit()


async def test_a_code_is_not_kept_anywhere_it_could_be_read(town: Town) -> None:
    awa = await town.member("awa")
    await asks_for_code(awa)
    await awa.says(CODE)
    await awa.hears("✅ Recharge reçue : 3 000 F CFA")
    async with town.database.reading() as session:
        kept = [str(row.runs) for row in await session.scalars(select(Conversation))]
        kept += [str(row.payload) for row in await session.scalars(select(JobRow))]
        kept += [str(row.view) for row in await session.scalars(select(OutboxMessage))]
        kept += [str(row.raw) for row in await session.scalars(select(InboundMessage))]
    assert not [words for words in kept if CODE in words]
    assert any("••••" in words for words in kept)


@ON_SQLITE
async def test_a_code_on_which_our_code_fails_is_not_kept_aside(town: Town) -> None:
    awa = await town.member("awa")
    await asks_for_code(awa)
    async with town.database.transaction() as session:
        fault = "CREATE TRIGGER fault BEFORE INSERT ON deposit BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END"
        await session.execute(text(fault))
    await awa.says(CODE)
    await awa.hears("une erreur s’est produite de notre côté")
    async with town.database.reading() as session:
        (kept,) = await session.scalars(select(InboundMessage).where(InboundMessage.error.is_not(None)))
    assert "a fault of ours" in (kept.error or "")
    assert CODE not in f"{kept.raw} {kept.error}"


async def test_a_code_that_is_none_is_asked_again_and_a_wrong_one_says_so(town: Town) -> None:
    awa = await town.member("awa")
    await asks_for_code(awa)
    await awa.says("mon code")
    await awa.hears("Un code de paiement a de 4 à 8 chiffres", "composez *144*4*6*3000#")
    await awa.says("000000")
    await awa.hears("❌ La recharge de 3 000 F CFA n’a pas abouti", "Le code était incorrect ou expiré")
    await awa.taps("Réessayer")
    await awa.taps("Confirmer")
    await awa.says(CODE)
    await awa.hears("✅ Recharge reçue : 3 000 F CFA")
    await town.audit()


@ON_SQLITE
async def test_the_operators_limits_are_told_before_anything_is_confirmed(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", services={"5": {"max_amount": 4000}, "101": {"is_active": False}})
    await resync(town)
    await awa.says("recharger 5000 orange 70 12 34 56")
    await awa.hears("entre 100 F CFA et 4 000 F CFA")
    await awa.says("annuler")
    await awa.says("recharger 4000 70 12 34 56")
    await awa.hears_button("Wave")
    offered = [label for message in await awa.messages() for label in labels_of(message)]
    assert {"Orange Money", "Wave"} <= set(offered)
    assert "Moov Money" not in offered


@ON_SQLITE
async def test_who_approves_on_the_telephone_is_told_so(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 moov 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Votre paiement Moov Money de 5 000 F CFA est chez l’opérateur", "validez sur le téléphone")
    await town.pay((await town.transactions())[0]["id"], "0000")
    await awa.hears("✅ Recharge reçue : 5 000 F CFA")
    await town.audit()


async def test_a_forged_callback_credits_nobody(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.payment_link()
    name = (await town.transactions())[0]["id"]
    async with httpx.AsyncClient(verify=trusted()) as stranger:
        answer = await stranger.post(
            f"{town.app_url}/webhook/getmipay/v1", json={"order_id": name, "status": "SUCCESS", "amount": 5000}
        )
    assert answer.json() == {"outcome": "hinted"}
    await until(lambda: was_asked_about(town))
    assert await awa.balance() == 0
    await awa.pays()
    with clock.ahead(timedelta(seconds=15)):
        await awa.hears("✅ Recharge reçue : 5 000 F CFA")
    await town.audit()


async def test_a_top_up_nobody_answered_turns_when_its_own_address_is_called(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault="timeout_after_acting", hang_s=0.2)
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.hears("⏳ Recharge de 5 000 F CFA : confirmation en cours", "Ne payez pas une deuxième fois")
    await town.pay((await town.transactions())[0]["id"], "0000")
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
    # No audit against GetMiPay's balance: what it keeps of this one stood in the answer that never came.
    assert (await awa.balance(), len(await town.transactions())) == (5_000, 1)


@ON_SQLITE
async def test_a_token_that_ends_in_mid_withdrawal_pays_once(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.sandbox.post("/getmipay/api/tokens/revoke")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("⏳ Retrait de 2 000 F CFA en cours")
    await until(lambda: has_paid_out(town))
    with clock.ahead(timedelta(minutes=2)):
        await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
    assert [entry["kind"] for entry in await town.transactions()] == ["payout", "deposit"]
    await town.audit()


async def asks_for_code(person: Person) -> None:
    await person.says("recharger 3000 orange 70 12 34 56")
    await person.taps("Confirmer")
    await person.hears("composez *144*4*6*3000#")


async def resync(town: Town) -> None:
    """The hourly list of services, now."""
    with clock.ahead(timedelta(hours=1, minutes=1)):
        await until(lambda: has_limit(town))


async def has_paid_out(town: Town) -> bool:
    return ("payout", "success") in [(each["kind"], each["status"]) for each in await town.transactions()]


async def has_limit(town: Town) -> bool:
    async with town.database.reading() as session:
        return (await session.get_one(ProviderService, "5")).at_most == 4000


async def was_asked_about(town: Town) -> bool:
    requests = (await town.sandbox.get("/getmipay/api/requests")).json()["requests"]
    return any("transaction-check" in request["path"] and request["status"] for request in requests)


async def test_the_check_proves_both_keys_and_names_the_other_door(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path) as url:
        right = house_settings(
            f"sqlite:///{tmp_path}/none.sqlite3", url, getmipay_dialect="v1", getmipay_webhook_secret=""
        )
        found = {finding.about: finding async for finding in check(right)}
        assert (found["GetMiPay"].level, found["GetMiPay"].says) == (Level.GOOD, "answers, and accepts both keys")
        assert found["keys"].level is Level.GOOD
        wrong = right.model_copy(update={"getmipay_secret_key": SecretStr("another")})
        found = {finding.about: finding async for finding in check(wrong)}
        assert "the keys are not accepted" in found["GetMiPay"].says
        elsewhere = right.model_copy(update={"getmipay_api_url": f"{url}/getmipay"})
        found = {finding.about: finding async for finding in check(elsewhere)}
        assert (found["GetMiPay"].level, "GETMIPAY_DIALECT" in found["GetMiPay"].says) == (Level.BAD, True)
        assert right.getmipay_callback_url.endswith("/webhook/getmipay/v1")
