"""Two hundred copies of the same thing, and twenty people at the same time: the money moves as if one by one."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.db import Database
from core.tls import trusted
from tests.channels.whatsapp_kit import contact, tap, text, value, webhook
from tests.stories.town import Person, Town, running_town, until

COPIES = 200
SECRET = "known-to-telegram"
FIRST_UPDATE = 900_000_000


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """A house that also takes Telegram's updates at its door."""
    async with running_town(database, tmp_path, telegram_webhook_secret=SECRET) as town:
        yield town


async def test_two_hundred_taps_on_one_confirmation_withdraw_once(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("retirer 2000 orange 70 12 34 56")
    await _deliver(town, await _taps(awa, "Confirmer", range(COPIES)))
    await awa.hears("Retrait effectué", "Votre solde : 3 000 F CFA")
    assert [entry["kind"] for entry in await town.transactions()] == ["payout", "deposit"]
    assert await awa.balance() == 3_000
    await town.audit()


async def test_two_hundred_copies_of_one_update_withdraw_once(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("retirer 2000 orange 70 12 34 56")
    await _deliver(town, await _taps(awa, "Confirmer", [0] * COPIES))
    await awa.hears("Retrait effectué", "Votre solde : 3 000 F CFA")
    assert [entry["kind"] for entry in await town.transactions()] == ["payout", "deposit"]
    assert await awa.balance() == 3_000
    await town.audit()


async def test_two_hundred_copies_of_one_whatsapp_message_are_answered_once(town: Town) -> None:
    awa = await town.member("awa", channel="whatsapp")
    before = len(await awa.said_to_me())
    await _post_whatsapp(town, awa, [text("/solde", None, user_id=awa.address[1])] * COPIES)
    await awa.hears("Disponible : 0 F CFA")
    # Whoever is answered twice is answered in order: what is asked next comes last.
    await awa.says("/aide")
    await awa.hears("Ce que je sais faire")
    assert len(await awa.said_to_me()) == before + 2


@pytest.mark.parametrize("taps", [1, COPIES])
async def test_two_hundred_copies_of_one_tap_or_many_taps_on_whatsapp_withdraw_once(town: Town, taps: int) -> None:
    awa = await town.member("awa", balance=5_000, channel="whatsapp")
    await awa.says("retirer 2000 orange 70 12 34 56")
    data, at = await awa.data_of("Confirmer"), await awa.button("Confirmer")
    asked = next(each["wamid"] for each in await awa.messages() if each["message_id"] == at["message_id"])
    tapped = [tap(data, asked, None, user_id=awa.address[1]) for _ in range(taps)]
    await _post_whatsapp(town, awa, tapped * (COPIES // taps))
    await awa.hears("Retrait effectué", "Votre solde : 3 000 F CFA")
    assert sum("Retrait effectué" in said for said in await awa.said_to_me()) == 1
    assert [entry["kind"] for entry in await town.transactions()] == ["payout", "deposit"]
    assert await awa.balance() == 3_000
    await town.audit()


async def test_two_hundred_taps_on_one_confirmation_send_once(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=5_000), await town.member("moussa")
    await awa.says("/envoyer 500")
    await awa.shares_contact_of("moussa")
    await _deliver(town, await _taps(awa, "Confirmer", range(COPIES)))
    await awa.hears("500 F CFA envoyés à Moussa Traoré", "Votre solde : 4 500 F CFA")
    await moussa.hears("Awa Ouédraogo vous a envoyé 500 F CFA", "Votre solde : 500 F CFA")
    assert sum("vous a envoyé" in said for said in await moussa.said_to_me()) == 1
    assert (await awa.balance(), await moussa.balance()) == (4_500, 500)
    await town.audit()


async def test_two_hundred_copies_of_one_webhook_credit_once(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault="silent")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    (paid,) = await town.transactions()
    body = json.dumps({"amount": 5000, "event": "payment.completed", "status": "success", "transaction_id": paid["id"]})
    signature = hmac.new(b"demo-webhook-secret", body.encode(), hashlib.sha256).hexdigest()
    await _post_all(f"{town.app_url}/webhook/getmipay/", [body] * COPIES, lambda _: {"X-Signature": signature})
    await awa.hears("Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
    assert sum("Recharge reçue" in said for said in await awa.said_to_me()) == 1
    assert await awa.balance() == 5_000
    await town.audit()


async def test_twenty_members_top_up_and_withdraw_at_the_same_time(town: Town) -> None:
    people = [await town.newcomer(f"Membre {number}", f"+2267012{3400 + number}") for number in range(20)]
    await asyncio.gather(*(_tops_up_and_withdraws(person, number) for number, person in enumerate(people)))
    assert [await person.balance() for person in people] == [1_000 + 100 * number for number in range(20)]
    await until(lambda: _has_ended(town, 40))
    await town.audit()


async def _tops_up_and_withdraws(person: Person, number: int) -> None:
    phone = await person.town.phone_of(person.name)
    await person.starts()
    await person.hears(f"Bonjour Membre {number}")
    await person.says(f"recharger {3_000 + 100 * number} wave {phone}")
    await person.taps("Recevoir le lien")
    await person.pays()
    await person.hears("Recharge reçue")
    await person.says(f"retirer 2000 orange {phone}")
    await person.confirms()
    await person.hears("Retrait effectué : 2 000 F CFA")


async def _taps(person: Person, label: str, updates: Iterable[int]) -> list[str]:
    """Deliveries of taps on that button, under these update ids."""
    data, at = await person.data_of(label), await person.button(label)
    tap = person.tap_of(data, at["message_id"])
    return [json.dumps({"update_id": FIRST_UPDATE + update, **tap}) for update in updates]


async def _deliver(town: Town, updates: Sequence[str]) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    await _post_all(f"{town.app_url}/webhook/telegram", updates, lambda _: headers)


async def _post_whatsapp(town: Town, person: Person, messages: Sequence[dict[str, Any]]) -> None:
    """Each of them as a webhook of its own, signed by Meta."""
    told = [value(each, contacts=[contact(None, person.address[1], person.full_name)]) for each in messages]
    bodies = [json.dumps(webhook(each)) for each in told]

    def signature(body: str) -> dict[str, str]:
        made = hmac.new(b"demo-whatsapp-app-secret", body.encode(), hashlib.sha256).hexdigest()
        return {"X-Hub-Signature-256": f"sha256={made}"}

    await _post_all(f"{town.app_url}/webhook/whatsapp", bodies, signature)


async def _post_all(url: str, bodies: Sequence[str], headers: Callable[[str], dict[str, str]]) -> None:
    """Post all of them at the same time; what is told to come again later does, as whoever calls us would."""
    limits = httpx.Limits(max_connections=COPIES)
    async with httpx.AsyncClient(verify=trusted(), limits=limits, timeout=60) as http:

        async def is_taken(body: str) -> bool:
            answer = await http.post(url, content=body, headers=headers(body))
            assert answer.status_code in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}, answer.text
            return answer.is_success

        await asyncio.gather(*(until(partial(is_taken, body)) for body in bodies))


async def _has_ended(town: Town, payments: int) -> bool:
    entries: list[dict[str, Any]] = await town.transactions()
    return len(entries) == payments and all(entry["status"] == "success" for entry in entries)
