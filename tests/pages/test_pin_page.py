"""The page of the PIN, attacked: forged, replayed, borrowed and old links, another bot's word, guesses side by side."""

import asyncio
import hmac
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from aiohttp import web
from playwright.async_api import expect
from sqlalchemy import func, select

from core import clock
from core.db import Database
from core.ids import new_id
from core.jobs import JobRow
from core.tls import trusted
from members import Member, Pins, has_pin
from members.guard import choose_pin
from members.proofs import LINK_LIFE, Place, Proof, Wants, ask_for_proof, purge_proofs
from pages import pin_routes
from tests.chromium import browser
from tests.members.kit import newcomer
from tests.pages.kit import words_of

TOKEN = "100000001:the-bots-token"
PIN = "2580"
SECRET = "a secret of the house"
CHAT = "https://chat.example"


@dataclass
class Door:
    """The page's address, and its database."""

    database: Database
    http: httpx.AsyncClient
    base: str

    async def member(self, number: int, *, pin: str | None = PIN) -> Member:
        member = await newcomer(self.database, str(number), "Awa <b>&</b>")
        if pin is not None:
            kept = await Pins(SECRET).hash(member.id, pin)
            await self.database.run(lambda session: choose_pin(session, member.id, kept))
        return member

    async def link(self, member: Member, *, wants: Wants = Wants.PIN, person: str = "100", channel: str = "whatsapp"):
        place = Place(channel, person, person, new_id())
        _, token = await self.database.run(
            lambda session: ask_for_proof(
                session, member.id, wants, place, about=f"Envoyer 500 F CFA à {member.name}", language="fr",
                is_app=channel == "telegram",
            )
        )  # fmt: skip
        return f"/pin/{token}"

    async def post(self, link: str, pin: str = PIN, **fields: str) -> httpx.Response:
        return await self.http.post(link, data={"pin": pin, **fields})

    async def goes_on(self) -> int:
        """How many dialogues were told to go on."""
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).where(JobRow.kind == "event:guard.proven")) or 0


@pytest.fixture
async def door(database: Database) -> AsyncIterator[Door]:
    async with served(database) as base, httpx.AsyncClient(base_url=base, timeout=60, verify=trusted()) as http:
        yield Door(database, http, base)


@asynccontextmanager
async def served(database: Database) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(pin_routes(database, Pins(SECRET), TOKEN, lambda _: CHAT, framed_by=["https://web.telegram.org"]))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def told_by_telegram(person: int, *, token: str = TOKEN, age: timedelta = timedelta(), **changed: str) -> str:
    facts = {
        "query_id": "AAH", "user": json.dumps({"id": person, "first_name": "Awa"}),
        "auth_date": str(int((clock.now() - age).timestamp())), "signature": "s",
    }  # fmt: skip
    said = "\n".join(f"{name}={facts[name]}" for name in sorted(facts))
    key = hmac.digest(b"WebAppData", token.encode(), "sha256")
    return urlencode({**facts, "hash": hmac.new(key, said.encode(), "sha256").hexdigest(), **changed})


async def test_looking_changes_nothing_and_the_right_pin_goes_on_once(door: Door):
    link = await door.link(await door.member(100))
    for _ in range(3):
        page = await door.http.get(link)
        assert page.status_code == 200
    assert "Envoyer 500 F CFA à Awa <b>&</b>" in words_of(page.text)
    assert "<b>" not in page.text
    assert (await door.post(link)).status_code == 200
    again = await asyncio.gather(*(door.post(link) for _ in range(5)))
    assert {answer.status_code for answer in again} == {200}
    assert "C’est fait" in words_of(again[0].text)
    assert await door.goes_on() == 1


async def test_the_same_form_sent_five_times_at_once_goes_on_once(door: Door):
    link = await door.link(await door.member(100))
    answers = await asyncio.gather(*(door.post(link) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert await door.goes_on() == 1


async def test_forged_and_old_links_are_worth_nothing(door: Door):
    awa = await door.member(100)
    link = await door.link(awa)
    forged = link[:-1] + ("A" if link[-1] != "A" else "B")
    for each in (forged, "/pin/x", f"/pin/{'a' * 43}", f"/pin/{awa.id}"):
        assert (await door.http.get(each)).status_code == 410
        assert (await door.post(each)).status_code == 410
    with clock.ahead(LINK_LIFE + timedelta(seconds=1)):
        assert (await door.http.get(link)).status_code == 410
        assert (await door.post(link)).status_code == 410
    assert await door.goes_on() == 0


async def test_what_is_kept_of_a_link_does_not_open_it(door: Door):
    await door.link(await door.member(100))
    async with door.database.reading() as session:
        proof = (await session.scalars(select(Proof))).one()
    for kept in (proof.token_hash.hex(), str(proof.id), str(proof.run_id)):
        assert (await door.post(f"/pin/{kept}")).status_code == 410


async def test_the_link_of_somebody_else_wants_their_pin(door: Door):
    awa, issa = await door.member(100, pin="4071"), await door.member(200)
    assert (await door.post(await door.link(awa))).status_code == 422
    assert (await door.post(await door.link(issa))).status_code == 200
    assert await door.goes_on() == 1


async def test_a_newer_question_closes_the_older_link(door: Door):
    awa, place = await door.member(100), Place("whatsapp", "100", "100", new_id())
    facts = {"about": "x", "language": "fr", "is_app": False}
    _, old = await door.database.run(lambda session: ask_for_proof(session, awa.id, Wants.PIN, place, **facts))
    _, new = await door.database.run(lambda session: ask_for_proof(session, awa.id, Wants.PIN, place, **facts))
    assert (await door.post(f"/pin/{old}")).status_code == 410
    assert (await door.post(f"/pin/{new}")).status_code == 200


@pytest.mark.parametrize(
    "opened_by",
    [
        pytest.param(lambda: "", id="any browser"),
        pytest.param(lambda: told_by_telegram(200), id="somebody else"),
        pytest.param(lambda: told_by_telegram(100, token="100000002:another-bot"), id="another bot"),
        pytest.param(lambda: told_by_telegram(100, age=timedelta(minutes=11)), id="long ago"),
        pytest.param(lambda: told_by_telegram(100, age=-timedelta(minutes=11)), id="the future"),
        pytest.param(lambda: told_by_telegram(200, user='{"id": 100}'), id="another person written in"),
        pytest.param(lambda: told_by_telegram(100, hash=""), id="no hash"),
        pytest.param(lambda: told_by_telegram(100) + "&user=%7B%22id%22%3A200%7D", id="two people"),
        pytest.param(lambda: "hash=é&auth_date=x&user=[]", id="nonsense"),
        pytest.param(lambda: told_by_telegram(100) + "&more=" + "x" * 5000, id="far too long"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_link_of_telegrams_opens_only_for_whom_telegram_vouches_for(door: Door, opened_by):
    link = await door.link(await door.member(100), channel="telegram")
    for _ in range(5):
        assert (await door.post(link, opened_by=opened_by())).status_code == 403
    # None of that was a try.
    assert (await door.post(link, opened_by=told_by_telegram(100))).status_code == 200


async def test_guessing_side_by_side_through_the_page_gets_three_tries(door: Door):
    awa = await door.member(100)
    links = [await door.link(awa) for _ in range(4)]
    answers = await asyncio.gather(*(door.post(links[number % 4], f"{1300 + 7 * number}") for number in range(24)))
    said = [words_of(answer.text) for answer in answers]
    # The third one reads that it was the last.
    assert sum("Essais restants" in each for each in said) <= 2
    assert sum(answer.status_code == 423 for answer in answers) >= 22
    assert (await door.post(links[0])).status_code == 423
    assert await door.goes_on() == 0


async def test_what_cannot_be_a_pin_is_no_try(door: Door):
    link = await door.link(await door.member(100))
    for typed in ("", "12", "abcd", "25 80", "٢٥٨٠", "1" * 1000, "\x00" * 4):
        answer = await door.post(link, typed)
        assert (answer.status_code, "Essais restants" in answer.text) == (422, False)
    assert (await door.post(link)).status_code == 200


async def test_nothing_that_was_typed_comes_back_but_what_telegram_said(door: Door):
    link = await door.link(await door.member(100))
    answer = await door.post(link, "1379", new="9753", again='"><script>alert(1)</script>', opened_by='"><b>x</b>')
    assert "1379" not in answer.text
    assert "9753" not in answer.text
    assert answer.text.count("<script>") == 1
    assert "<b>" not in answer.text


async def test_two_first_pins_chosen_at_once_are_one(door: Door):
    awa = await door.member(100, pin=None)
    links = [await door.link(awa), await door.link(awa)]
    answers = await asyncio.gather(
        door.post(links[0], new="2580", again="2580"), door.post(links[1], new="4071", again="4071")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert await door.goes_on() == 1
    async with door.database.reading() as session:
        assert await has_pin(session, awa.id)


async def test_the_page_is_light_and_lets_nothing_else_in(door: Door):
    link = await door.link(await door.member(100), wants=Wants.NEW_PIN)
    page = await door.http.get(link)
    assert len(page.content) < 15_000
    policy = page.headers["Content-Security-Policy"]
    assert re.search(
        r"default-src 'none'.*script-src 'sha256-[^' ]+'; frame-ancestors https://web\.telegram\.org$", policy
    )
    assert "unsafe" not in policy
    assert {page.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options")} == {
        "no-store", "no-referrer", "nosniff",
    }  # fmt: skip


async def test_what_was_asked_long_ago_is_forgotten(door: Door):
    await door.link(await door.member(100))
    with clock.ahead(timedelta(days=2)):
        await door.database.run(purge_proofs)
    async with door.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Proof)) == 0


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_it_is_typed_by_thumb_on_a_small_telephone(door: Door, tmp_path: Path, *, scripts: bool):
    awa, complaints = await door.member(100, pin=None), []
    async with browser() as chromium:
        context = await chromium.new_context(
            viewport={"width": 360, "height": 640}, java_script_enabled=scripts, locale="fr-FR", has_touch=True
        )
        phone = await context.new_page()
        phone.on("console", lambda message: complaints.append(message.text))
        await phone.goto(door.base + await door.link(awa))
        await phone.screenshot(path=tmp_path / "choose.png", full_page=True)
        assert await phone.evaluate("document.documentElement.scrollWidth") <= 360
        if scripts:
            for digit in ("2", "5", "8", "0", "next", "2", "5", "8", "1", "back", "0"):
                await phone.locator(f'[data-key="{digit}"]').tap()
        else:
            await phone.locator('[name="new"]').fill(PIN)
            await phone.locator('[name="again"]').fill(PIN)
        await phone.screenshot(path=tmp_path / "typed.png", full_page=True)
        await phone.get_by_role("button", name="Choisir ce code").click()
        await expect(phone.locator("h1")).to_have_text("✅ C’est fait")
        await phone.screenshot(path=tmp_path / "done.png", full_page=True)

        await phone.goto(door.base + await door.link(awa))
        await phone.screenshot(path=tmp_path / "enter.png", full_page=True)
        await phone.locator('[name="pin"]').evaluate("field => { field.value = '1379' }")
        await phone.get_by_role("button", name="Confirmer").click()
        await expect(phone.locator(".verdict")).to_contain_text("Essais restants")
        await phone.screenshot(path=tmp_path / "wrong.png", full_page=True)
    assert [each for each in complaints if "422" not in each] == []
    assert await door.goes_on() == 1
