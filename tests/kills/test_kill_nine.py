"""The main story, told by a patient person while the house is killed with SIGKILL at every step and started again."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import Database
from tests.kills.house import House, as_environment
from tests.stories.person import PIN
from tests.stories.town import Person, Town, callers, free_port, house_settings, running_sandbox, until

KILLS_AT_LEAST = 24
TWICE = 2
TOP_UP = "recharger 5000 wave 70 12 34 56"
# Each engine and each channel once in every run of the tests, the other two pairs in `make soak`: they take a minute.
ON_TELEGRAM = [
    pytest.param("sqlite", "telegram"),
    pytest.param("postgresql", "telegram", marks=pytest.mark.soak),
]
ON_WHATSAPP = [
    pytest.param("postgresql", "whatsapp"),
    pytest.param("sqlite", "whatsapp", marks=pytest.mark.soak),
]


@pytest.fixture
def channel() -> str:
    """The channel on which a story happens."""
    return "telegram"


@pytest.fixture
async def town(database: Database, tmp_path: Path, channel: str) -> AsyncIterator[Town]:
    """The sandbox in this process; the house is elsewhere, when it lives."""
    async with running_sandbox(tmp_path) as url, callers(url) as http:
        await http.post("/telegram/api/knobs", json={"rate_limits": False})
        # Meta comes again, with what nobody answered 200.
        await http.post("/whatsapp/api/knobs", json={"rate_limits": False, "webhook_delays_s": [0.2]})
        await http.post("/getmipay/api/knobs", json={"magic": False, "payout_delay_s": 0.1, "retry_delays_s": [0.2]})
        port = free_port()
        settings = house_settings(database.url.render_as_string(hide_password=False), url, port=port)
        yield Town(http, database, f"http://127.0.0.1:{port}", settings, channel, patience_s=90)


@pytest.fixture
async def house(town: Town, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The house, open."""
    house = House(as_environment(town.settings), town.database, tmp_path)
    try:
        await house.open()
        await house.answers()
        answer = await town.sandbox.post("/whatsapp/api/webhook", json={"url": f"{town.app_url}/webhook/whatsapp"})
        assert answer.is_success, answer.text
        yield house
    finally:
        await house.close()


@pytest.mark.parametrize(("engine", "channel"), [*ON_TELEGRAM, *ON_WHATSAPP])
async def test_killed_at_every_step_the_story_ends_in_the_same_balances(
    town: Town, house: House, engine: str, channel: str
) -> None:
    awa, moussa = await town.person("awa"), await town.person("moussa")
    await moussa.starts()
    await house.dies()
    await moussa.hears("Bonjour Moussa Traoré")

    await awa.starts()
    await _killed_twice(house)
    await awa.hears("Bonjour Awa Ouédraogo")
    await awa.taps("Recharger")
    await house.dies()
    await awa.taps("5 000 F CFA")
    await _killed_twice(house)
    await awa.hears("Quel numéro va payer ?")
    await awa.shares_own_contact()
    await _killed_twice(house)
    await awa.taps("Wave")
    await _killed_twice(house)
    await awa.hears("Vous payez : 5 000 F CFA")
    await awa.taps("Recevoir le lien")
    await _killed_twice(house)
    await _pays(awa)
    await until(lambda: _has_told(town, "deposit"))
    # Between the webhook and the notice.
    await house.dies_at_once()
    await house.dies()
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")

    await awa.says("/retirer 2000 orange 70 12 34 56")
    await _killed_twice(house)
    await awa.taps("Confirmer")
    await _killed_twice(house)
    await _proves(awa, house)
    await house.dies()
    await _is_paid_out(awa, house)

    await awa.says("/envoyer")
    await house.dies()
    await awa.hears("À qui ?")
    await awa.shares_contact_of("moussa")
    await _killed_twice(house)
    await awa.taps("500 F CFA")
    await _killed_twice(house)
    await awa.hears("À : Moussa Traoré", "Montant : 500 F CFA")
    await awa.taps("Confirmer")
    await _killed_twice(house)
    await awa.hears("✅ 500 F CFA envoyés à Moussa Traoré", "Votre solde : 2 500 F CFA")
    await moussa.hears("💚 Awa Ouédraogo vous a envoyé 500 F CFA", "Votre solde : 500 F CFA")
    await awa.says("/historique")
    await house.dies()
    await awa.hears("− 500 F CFA · Envoi à Moussa Traoré", "− 2 000 F CFA · Retrait", "✅ + 5 000 F CFA · Recharge")

    assert (await awa.balance(), await moussa.balance()) == (2_500, 500)
    await town.audit()
    await _asked_once_for_each(town)
    assert house.kills >= KILLS_AT_LEAST
    sys.stdout.write(f"killed {house.kills} times on {engine}, {channel}\n")


@pytest.mark.parametrize(("engine", "channel"), ON_WHATSAPP)
async def test_killed_between_saying_it_on_whatsapp_and_writing_that_down_it_is_said_twice_and_paid_once(
    town: Town, house: House
) -> None:
    awa = await town.member("awa", balance=5_000)
    # Meta answers a call only when it has told us what became of the message: it can be read before we know its name.
    await town.knobs("whatsapp", status_before_answer=True, status_delay_s=0.5)
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.hears("Vous recevez : 2 000 F CFA")
    await house.dies_at_once()
    await house.answers()
    await awa.taps("Confirmer")
    await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
    await house.dies_at_once()
    await house.answers()
    await town.knobs("whatsapp", status_before_answer=False, status_delay_s=0.0)
    await awa.says("/solde")
    await awa.hears("Disponible : 3 000 F CFA")
    # Nobody can know whether a call that was not answered was heard: rather a receipt twice than none.
    for said in ("Vous recevez : 2 000 F CFA", "✅ Retrait effectué : 2 000 F CFA"):
        assert sum(said in each for each in await awa.said_to_me()) == TWICE
    assert await awa.balance() == 3_000
    await town.audit()
    await _asked_once_for_each(town)


async def _killed_twice(house: House) -> None:
    """While the act is on its way, and while what the first kill left behind is taken up."""
    await house.dies()
    await house.answers()
    await house.dies()


async def _proves(awa: Person, house: House) -> None:
    """Choose a PIN on its page; killed meanwhile, the form is sent again, as people do on a bad line."""
    await house.answers()
    await awa.hears_page()
    page = await awa.pin_page()
    sending = asyncio.create_task(page.sends(PIN))
    await house.dies()
    with contextlib.suppress(httpx.TransportError):
        await sending
    await house.answers()
    assert "C’est fait" in (await page.sends(PIN)).words


async def _pays(awa: Person) -> None:
    """Pay what was asked for.

    Killed between the commit and the answer, nobody here knows whether GetMiPay was called. Where it was, the payer's
    operator asks them all the same; where it was not, they begin again.
    """
    ready, unknown = "Votre paiement Wave de 5 000 F CFA est prêt", "Recharge de 5 000 F CFA : confirmation en cours"
    if ready in await awa.hears_either(ready, unknown):
        await awa.pays()
        return
    asked = await awa.town.transactions()
    if asked:
        await awa.town.pay(asked[0]["id"], "0000")
        return
    await awa.says(TOP_UP)
    await awa.taps("Recevoir le lien")
    await awa.pays()


async def _is_paid_out(awa: Person, house: House) -> None:
    """Wait for the end of the withdrawal, or find it reserved where GetMiPay was never called: that is for a person."""
    paid, unknown = "✅ Retrait effectué : 2 000 F CFA", "Retrait de 2 000 F CFA : confirmation en cours"
    heard = await awa.hears_either(paid, unknown)
    asked = [entry for entry in await awa.town.transactions() if entry["kind"] == "payout"]
    if paid not in heard and not asked:
        await awa.says("/solde")
        await awa.hears("Disponible : 3 000 F CFA", "Réservé pour un retrait en cours : 2 000 F CFA")
        return
    await until(lambda: _has_told(awa.town, "payout"))
    # Between the webhook and the notice, unless the notice was quicker.
    await house.dies_at_once()
    await awa.hears(paid, "Votre solde : 3 000 F CFA")


async def _has_told(town: Town, kind: str) -> bool:
    """Whether GetMiPay has told the end of that kind of payment, and was answered 200."""
    for entry in await town.transactions():
        if entry["kind"] == kind and entry["status"] == "success":
            known = (await town.sandbox.get(f"/getmipay/api/transactions/{entry['id']}")).json()
            return any(webhook["delivered_at"] for webhook in known["webhooks"])
    return False


async def _asked_once_for_each(town: Town) -> None:
    """No reference was ever sent twice, and what succeeded is one top-up and at most one withdrawal."""
    calls = (await town.sandbox.get("/getmipay/api/requests")).json()["requests"]
    asked = Counter(call["reference"] for call in calls if call["path"].endswith("/initiate"))
    assert max(asked.values()) == 1
    succeeded = Counter(entry["kind"] for entry in await town.transactions() if entry["status"] == "success")
    assert succeeded["deposit"] == 1
    assert succeeded["payout"] <= 1
