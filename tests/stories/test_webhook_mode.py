"""With a public address Telegram calls us: the same story at the door, and what the door refuses."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from core import clock, outbox
from core.db import Database
from core.inbox import InboundMessage
from core.tls import trusted
from operations.readiness import NotReady
from operations.serve import serve
from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Town, free_port, house_settings, running_sandbox, running_town, until

SECRET = "known-to-telegram"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


@asynccontextmanager
async def called_town(
    database: Database, folder: Path, *, faults: Sequence[dict[str, Any]] = ()
) -> AsyncIterator[Town]:  # fmt: skip
    """A house in webhook mode.

    In the world something in front of it speaks TLS; here Telegram is told the plain address behind that, once the
    house has told it the public one.
    """
    port = free_port()
    settings = {"public_url": f"https://127.0.0.1:{port}", "port": port, "telegram_webhook_secret": SECRET}
    registered = f"http://127.0.0.1:{port}/webhook/getmipay/"
    knobs = {"faults": list(faults)}
    async with running_town(database, folder, telegram_knobs=knobs, registered=registered, **settings) as town:
        await until(lambda: _is_told(town, f"https://127.0.0.1:{port}/webhook/telegram"))
        await town.as_the_bot("setWebhook", url=f"{town.app_url}/webhook/telegram", secret_token=SECRET)
        yield town


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with called_town(database, tmp_path) as town:
        yield town


async def test_the_main_story_works_through_the_door(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.hears("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.confirms()
    await awa.hears("✅ Retrait effectué : 2 000 F CFA")
    await awa.says("/envoyer 500")
    await awa.shares_contact_of("moussa")
    await awa.taps("Confirmer")
    await awa.hears("✅ 500 F CFA envoyés à Moussa Traoré")
    await moussa.hears("Awa Ouédraogo vous a envoyé 500 F CFA")
    assert (await awa.balance(), await moussa.balance()) == (2_500, 500)
    await town.audit()


@ON_SQLITE
@pytest.mark.parametrize("secret", [None, "", "guessed", f"{SECRET}s", "é"])
async def test_who_does_not_know_the_secret_is_turned_away(town: Town, secret: str | None) -> None:
    awa = await town.member("awa", balance=1_000)
    await awa.says("retirer 1000 orange 70 12 34 56")
    data, at = await awa.data_of("Confirmer"), await awa.button("Confirmer")
    tap = {"update_id": 7, **awa.tap_of(data, at["message_id"])}
    headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(f"{town.app_url}/webhook/telegram", json=tap, headers=headers)
    assert (answer.status_code, answer.content) == (HTTPStatus.UNAUTHORIZED, b"")
    assert await awa.balance() == 1_000
    assert len(await town.transactions()) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", HTTPStatus.BAD_REQUEST),
        (b"{", HTTPStatus.BAD_REQUEST),
        (b"\xff\xfe", HTTPStatus.BAD_REQUEST),
        (b"{}", HTTPStatus.OK),
        (b'{"update_id": 1, "message": 5}', HTTPStatus.OK),
        (b'{"update_id": 2, "message": {"text": "\\ud800\\u0000"}}', HTTPStatus.OK),
    ],
    ids=["empty", "cut", "not-utf-8", "nothing", "odd", "half-a-character"],
)
async def test_what_is_no_update_neither_breaks_nor_stops_the_door(town: Town, body: bytes, status: int) -> None:
    awa = await town.member("awa")
    async with httpx.AsyncClient(verify=trusted(), headers=HEADERS) as http:
        assert (await http.post(f"{town.app_url}/webhook/telegram", content=body)).status_code == status
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")


@ON_SQLITE
async def test_who_writes_faster_than_anybody_can_is_told_once_and_heard_again_a_minute_later(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=1_000), await town.member("moussa")
    async with town.ahead(timedelta(seconds=60 - clock.now().second)):
        async with httpx.AsyncClient(verify=trusted(), base_url=town.app_url, headers=HEADERS) as http:
            for _ in range(16):
                flood = ({"update_id": 42, "message": _hello(awa.id)} for _ in range(40))
                answers = await asyncio.gather(*(http.post("/webhook/telegram", json=each) for each in flood))
                assert {answer.status_code for answer in answers} == {HTTPStatus.OK}
        await awa.hears("Vos messages arrivent trop vite", "votre argent n’a pas bougé")
        said = len(await awa.said_to_me())
        await awa.says("/solde")
        await moussa.says("/solde")
        await moussa.hears("Disponible : 0 F CFA")
        assert len(await awa.said_to_me()) == said
    async with town.ahead(timedelta(minutes=3)):
        await awa.says("/solde")
        await awa.hears("Disponible : 1 000 F CFA")


@ON_SQLITE
async def test_while_telegram_cannot_be_reached_at_the_start_it_is_asked_again_and_then_calls(
    database: Database, tmp_path: Path
) -> None:
    kinds = ("cut_before", "server_error", "too_many_requests")
    faults = [{"kind": kind, "method": "setwebhook", "seconds": 1} for kind in kinds]
    async with called_town(database, tmp_path, faults=faults) as town:
        awa = await town.member("awa")
        await awa.says("/solde")
        await awa.hears("Disponible : 0 F CFA")


@ON_SQLITE
async def test_what_telegram_refuses_for_good_is_asked_once_and_ends_the_start(
    database: Database, tmp_path: Path
) -> None:
    async with running_sandbox(tmp_path) as url:
        async with httpx.AsyncClient(verify=trusted()) as http:
            await http.post(f"{url}/telegram/api/knobs", json={"faults": [{"kind": "refused", "method": "setwebhook"}]})
        public = {"public_url": "https://127.0.0.1:9", "telegram_webhook_secret": SECRET}
        settings = house_settings(database.url.render_as_string(hide_password=False), url, **public)
        with pytest.raises(NotReady, match="Refused by the sandbox"):
            await serve(settings, lambda _: None, asyncio.Event())


@ON_SQLITE
async def test_half_a_character_in_a_message_is_answered(town: Town) -> None:
    awa = await town.member("awa")
    chat = {"id": awa.id, "type": "private"}
    me = {"id": awa.id, "is_bot": False, "first_name": "Awa\ud83d", "language_code": "fr"}
    message = {"message_id": 9_999, "date": 1_795_000_000, "chat": chat, "from": me, "text": "/recharger 5000 \ud83d"}
    update = {"update_id": 5, "message": message}
    async with httpx.AsyncClient(verify=trusted(), headers=HEADERS) as http:
        answer = await http.post(f"{town.app_url}/webhook/telegram", content=json.dumps(update))
    assert answer.status_code == HTTPStatus.OK
    await awa.hears("Quel numéro va payer ?")
    async with town.database.reading() as session:
        assert list(await session.scalars(select(InboundMessage).where(InboundMessage.error.is_not(None)))) == []


@ON_SQLITE
async def test_health_metrics_and_the_page_a_payer_comes_back_to(town: Town) -> None:
    await town.member("awa", balance=1_000)
    async with httpx.AsyncClient(verify=trusted(), base_url=town.app_url) as http:
        assert (await http.get("/health")).json() == {"status": "ok"}
        assert (await http.get("/ready")).json() == {"status": "ready"}
        metrics = (await http.get("/metrics")).text
        for name in ("cauri_jobs_due", "cauri_jobs_oldest_seconds", "cauri_outbox_waiting", "cauri_webhooks"):
            assert f"\n{name}" in metrics
        town.doors.leave()
        leaving = await http.get("/ready")
        assert (leaving.status_code, leaving.json()) == (HTTPStatus.SERVICE_UNAVAILABLE, {"status": "stopping"})
        assert (await http.get("/health")).json() == {"status": "ok"}
        french = await http.get("/payment/return", headers={"Accept-Language": "fr-BF,fr;q=0.9"})
        paid = {"transaction_id": "TXN1", "status": "success"}
        english = await http.get("/payment/return", params=paid, headers={"Accept-Language": "en-GB"})
        neither = await http.get("/payment/return", headers={"Accept-Language": "de"})
    assert "Retournez dans la conversation" in french.text
    assert "https://t.me/cauri_bot?start=menu" in french.text
    assert "Go back to the chat" in english.text
    assert "TXN1" not in english.text
    assert neither.text == french.text
    assert french.headers["X-Content-Type-Options"] == "nosniff"


class Road:
    """The network between the house and its PostgreSQL, which can break."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._port = free_port()
        self._gate: asyncio.Server | None = None
        self._travellers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The database's address by this road."""
        return make_url(self._server).set(host="127.0.0.1", port=self._port, query={}).render_as_string(False)

    async def open(self) -> None:
        self._gate = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def close(self) -> None:
        """Cut every connection, and refuse new ones."""
        assert self._gate is not None
        self._gate.close()
        for writer in self._travellers:
            writer.transport.abort()
        self._travellers.clear()

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        folder = make_url(self._server).query["host"]
        there, forth = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        self._travellers |= {back, forth}
        await asyncio.gather(_pour(here, forth), _pour(there, back))


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_house_that_opens_before_its_database_waits_for_it(database_url: str, tmp_path: Path) -> None:
    road = Road(database_url)
    async with running_sandbox(tmp_path) as url:
        stop, opened = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(serve(house_settings(road.url, url), lambda _: opened.set(), stop))
        await asyncio.sleep(1)
        assert not serving.done()
        assert not opened.is_set()
        await road.open()
        await opened.wait()
        stop.set()
        await serving
        await road.close()


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_while_the_database_is_away_telegram_is_told_to_come_again_and_does(
    database_url: str, tmp_path: Path
) -> None:
    road = Road(database_url)
    await road.open()
    database = Database(road.url)
    async with (
        called_town(database, tmp_path) as town,
        httpx.AsyncClient(verify=trusted(), base_url=town.app_url) as http,
    ):
        await town.knobs("telegram", webhook_delays_s=[0.2])
        awa = await town.member("awa", balance=1_000)
        # A chat that was being written to at that moment is quiet until its claim runs out; not what this is about.
        await until(lambda: _is_all_said(town))
        await road.close()
        # Alive, so that nobody starts it anew for nothing; not ready, so that others are asked.
        assert (await http.get("/health")).status_code == HTTPStatus.OK
        unready = await http.get("/ready")
        assert (unready.status_code, unready.json()) == (HTTPStatus.SERVICE_UNAVAILABLE, {"status": "database away"})
        await awa.says("/solde")
        told = await http.post("/webhook/telegram", json={"update_id": 1, "message": _hello(awa.id)}, headers=HEADERS)
        assert told.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert told.headers["Retry-After"] == "5"
        webhook = await http.post("/webhook/getmipay/", content=b"{}", headers={"X-Signature": "0" * 64})
        assert webhook.status_code == HTTPStatus.UNAUTHORIZED

        await road.open()
        await awa.hears("Disponible : 1 000 F CFA")
        assert (await http.get("/ready")).status_code == HTTPStatus.OK
        await town.audit()
    await database.close()
    await road.close()


async def _is_all_said(town: Town) -> bool:
    async with town.database.reading() as session:
        return await outbox.next_due(session) is None


async def _is_told(town: Town, url: str) -> bool:
    return (await town.as_the_bot("getWebhookInfo")).json()["result"]["url"] == url


def _hello(person: int) -> dict[str, object]:
    return {
        "message_id": 1, "date": 1_795_000_000, "chat": {"id": person, "type": "private"}, "text": "/aide",
        "from": {"id": person, "is_bot": False, "first_name": "Awa"},
    }  # fmt: skip


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(65_536):
            target.write(chunk)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
