"""The page where anybody checks a statement's file: what holds, where it breaks, and what it refuses to read."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from core.canonical import digest
from core.db import Database
from core.tls import trusted
from pages.tontines import LARGEST_FILE
from tests.pages.kit import CONTRIBUTION, MEMBERS, file_of, served, with_a_round, words_of
from tests.tontines.kit import Village
from tontines.chain import BEGINNING
from tontines.statement_file import write_file


async def sent(reader: httpx.AsyncClient, content: bytes, name: str = "tontine.jsonl") -> httpx.Response:
    return await reader.post("/tontine/verify", files={"statement": (name, content)})


async def test_the_form_asks_for_a_file(reader: httpx.AsyncClient):
    page = await reader.get("/tontine/verify")
    assert page.status_code == 200
    assert "Vérifier un relevé de tontine" in words_of(page.text)
    assert '<input id="statement" name="statement" type="file"' in page.text
    assert "<script" not in page.text


async def test_our_own_file_holds_and_is_known_to_be_ours(village: Village, reader: httpx.AsyncClient):
    content = await file_of(village, await with_a_round(village))
    page = await sent(reader, content)
    last = json.loads(content.splitlines()[-1])
    assert page.status_code == 200
    assert f"✅ Le relevé tient. Lignes lues : {last['number']}" in words_of(page.text)
    assert "entier et à jour" in words_of(page.text)
    assert last["hash"] in page.text.replace("</code><code>", "")


async def test_an_older_file_is_known_to_be_a_part_of_ours(village: Village, reader: httpx.AsyncClient):
    group = await with_a_round(village)
    older = await file_of(village, group)
    await group.open(2)
    await group.everybody_pays(*MEMBERS, amount=CONTRIBUTION)
    await group.pay_pot(2)
    read = words_of((await sent(reader, older)).text)
    assert f"jusqu’à la ligne {len(older.splitlines())}" in read
    assert f"jusqu’à la ligne {len((await file_of(village, group)).splitlines())}" in read


async def test_a_line_that_was_changed_is_named(village: Village, reader: httpx.AsyncClient):
    content = await file_of(village, await with_a_round(village))
    assert content.count(b'"amount":5000') > 1
    at = content[: content.index(b'"amount":5000')].count(b"\n") + 1
    page = await sent(reader, content.replace(b'"amount":5000', b'"amount":4000', 1))
    assert page.status_code == 200
    assert f"❌ La chaîne se rompt à la ligne {at} :" in words_of(page.text)
    assert f"Lignes intactes avant elle : {at - 1}" in words_of(page.text)


async def test_a_chain_that_was_made_up_as_a_whole_is_not_taken_for_ours(village: Village, reader: httpx.AsyncClient):
    await with_a_round(village)
    line = {"number": 1, "at": "2026-11-22T08:00:00.000+00:00", "kind": "x", "facts": {}, "previous": BEGINNING}
    page = await sent(reader, write_file([{**line, "hash": digest(line)}]))
    assert "inventé en entier" in words_of(page.text)
    assert "✅" not in page.text


async def test_what_a_file_says_never_becomes_markup(village: Village, reader: httpx.AsyncClient):
    evil = "<script>alert(1)</script>"
    line = {"number": 1, "at": evil, "kind": evil, "facts": {evil: evil}, "previous": BEGINNING}
    page = await sent(reader, write_file([{**line, "hash": digest(line)}]), name=f"{evil}.jsonl")
    assert page.status_code == 200
    assert "<script" not in page.text


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b"\x00" * 1000, b"[" * 500_000, b"x\n" * 300_000, b"{}\n"])
async def test_a_file_that_is_no_statement_breaks_at_its_first_line(reader: httpx.AsyncClient, content: bytes):
    page = await sent(reader, content)
    assert page.status_code == 200
    assert "se rompt à la ligne 1 :" in words_of(page.text)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_file_that_is_larger_than_any_statement_is_not_read(reader: httpx.AsyncClient):
    allowed = await sent(reader, b"x" * LARGEST_FILE)
    assert (allowed.status_code, "se rompt à la ligne 1" in words_of(allowed.text)) == (200, True)
    refused = await sent(reader, b"x" * (LARGEST_FILE + 1))
    assert refused.status_code == 413
    assert "Ce fichier dépasse 32 Mo" in words_of(refused.text)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_ten_years_of_weekly_rounds_of_fifty_members_fit(village: Village):
    ten = [f"Membre {number}" for number in range(10)]
    await village.people_of(*ten)
    group = await village.running(*ten)
    before = len(await file_of(village, group))
    await group.everybody_pays(*ten, amount=CONTRIBUTION)
    await group.pay_pot(1)
    round_of_ten = len(await file_of(village, group)) - before
    assert round_of_ten * 5 * 52 * 10 < LARGEST_FILE


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_more_files_than_there_are_places_for_are_asked_to_come_again(reader: httpx.AsyncClient):
    may_go, has_begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slowly() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="statement"; filename="t"\r\n\r\n'
        has_begun.release()
        await may_go.wait()
        yield b"{}\r\n--x--\r\n"

    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    slow = [asyncio.create_task(reader.post("/tontine/verify", content=slowly(), headers=multipart)) for _ in range(2)]
    for _ in slow:
        await has_begun.acquire()
    refused = await sent(reader, b"{}")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "60"
    assert "revenez dans une minute" in words_of(refused.text)
    may_go.set()
    assert [(await each).status_code for each in slow] == [200, 200]
    assert (await sent(reader, b"{}")).status_code == 200


@pytest.mark.parametrize("path", ["/tontine/draw/01a203f7-378e-7094-8c5a-95fef260da9e", "/tontine/verify"])
async def test_while_the_database_is_away_a_page_asks_to_come_again(path: str):
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    line = {"number": 1, "at": "2026-11-22T08:00:00.000+00:00", "kind": "x", "facts": {}, "previous": BEGINNING}
    content = write_file([{**line, "hash": digest(line)}])
    async with (
        served(away) as address,
        httpx.AsyncClient(verify=trusted(), base_url=address, headers={"Accept-Language": "fr"}) as http,
    ):
        answer = await (sent(http, content) if path == "/tontine/verify" else http.get(path))
    await away.close()
    assert answer.status_code == 503
    assert "Rien n’est perdu" in words_of(answer.text)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_form_without_a_file_is_asked_for_one(reader: httpx.AsyncClient):
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    answers = [
        await reader.post("/tontine/verify"),
        await reader.post("/tontine/verify", data={"statement": "text"}),
        await reader.post("/tontine/verify", json={"statement": "text"}),
        await reader.post("/tontine/verify", files={"statement": ("", b"")}),
        await sent(reader, b""),
        await reader.post("/tontine/verify", content=b"", headers=multipart),
        await reader.post("/tontine/verify", content=b"rubbish", headers=multipart),
        await reader.post("/tontine/verify", content=b"--x\r\n", headers=multipart),
        await reader.post("/tontine/verify", content=b"--x\r\nno header\r\n\r\nbody\r\n--x--\r\n", headers=multipart),
        await reader.post("/tontine/verify", content=b"--x\r\nA: " + b"b" * 20_000, headers=multipart),
        await reader.post("/tontine/verify", content=b"x", headers={"Content-Type": "multipart/form-data"}),
        await reader.post("/tontine/verify", files={"text": (None, b"no file")}),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert "Choisissez le fichier" in words_of(answer.text)
