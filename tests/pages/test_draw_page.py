"""The page of a draw: plain words, the public record, and a check that anybody can do again."""

import subprocess
import sys
from html import unescape
from pathlib import Path

import httpx
from sqlalchemy import text

import tontines
from core.ids import new_id
from tests.pages.kit import committed, revealed, words_of
from tests.tontines.kit import Village
from tontines import Draw
from tontines.draw import reveal


async def test_before_the_reveal_the_page_shows_what_binds_us_and_never_the_secret(
    village: Village, reader: httpx.AsyncClient
):
    _, cycle_id = await committed(village)
    await village.do(tontines.add_words, cycle_id, village.id("Awa"), "le mil")
    page = await reader.get(f"/tontine/draw/{cycle_id}")
    draw = await village.do(_draw, cycle_id)

    assert page.status_code == 200
    assert "Le tirage sera révélé le" in words_of(page.text)
    assert "Membres qui ont déjà mélangé : 1" in words_of(page.text)
    assert draw.commitment in page.text
    assert draw.secret not in page.text
    assert "le mil" not in page.text
    assert (await reader.get(f"/tontine/draw/{cycle_id}/record.json")).status_code == 404


async def test_a_revealed_draw_is_recomputed_and_shows_whose_turn_is_when(village: Village, reader: httpx.AsyncClient):
    group, cycle_id = await revealed(village, words={"Binta": "la lune"})
    read = words_of((await reader.get(f"/tontine/draw/{cycle_id}")).text)
    draw = await village.do(_draw, cycle_id)

    assert "Les Amies · cycle 1" in read
    assert "✅ Personne n’a touché à ce tirage" in read
    assert "Binta : « la lune »" in read
    assert draw.secret in read
    for number in (1, 2, 3):
        [name] = await group.beneficiary(number)
        assert f" {number} {name} part " in read


async def test_the_page_is_read_in_english_too(village: Village, reader: httpx.AsyncClient):
    _, cycle_id = await revealed(village)
    asked = await reader.get(f"/tontine/draw/{cycle_id}", headers={"Accept-Language": "en-GB"})
    chosen = await reader.get(f"/tontine/draw/{cycle_id}", params={"lang": "en"})
    assert "Nobody has touched this draw" in words_of(asked.text)
    assert chosen.text == asked.text


async def test_the_lines_on_the_page_find_the_same_order_with_nothing_but_python(
    village: Village, reader: httpx.AsyncClient, tmp_path: Path
):
    _, cycle_id = await revealed(village, words={"Awa": "né à « Bobo » 🌸", "Binta": "la lune"})
    page = unescape((await reader.get(f"/tontine/draw/{cycle_id}")).text)
    lines = page.partition("<pre>")[2].partition("</pre>")[0]
    record = await reader.get(f"/tontine/draw/{cycle_id}/record.json")
    (tmp_path / "record.json").write_bytes(record.content)

    assert _run(lines, tmp_path) == "commitment: True\norder: True\n"

    changed = {**record.json(), "order": record.json()["order"][::-1]}
    (tmp_path / "record.json").write_bytes(httpx.Response(200, json=changed).content)
    assert _run(lines, tmp_path) == "commitment: True\norder: False\n"


async def test_a_record_that_somebody_bent_in_the_database_is_told_apart(village: Village, reader: httpx.AsyncClient):
    _, cycle_id = await committed(village)
    draw = await village.do(_draw, cycle_id)
    honest = reveal(draw.secret, draw.shares, []).model_dump(mode="json")
    await village.do(_force, cycle_id, {**honest, "order": honest["order"][::-1]})
    assert "donnent un autre ordre" in words_of((await reader.get(f"/tontine/draw/{cycle_id}")).text)

    other = reveal("00" * 32, draw.shares, []).model_dump(mode="json")
    await village.do(_force, cycle_id, {**other, "commitment": draw.commitment})
    assert "n’est pas celui qui avait été annoncé" in words_of((await reader.get(f"/tontine/draw/{cycle_id}")).text)


async def test_names_and_words_never_become_markup(village: Village, reader: httpx.AsyncClient):
    names = ("<b>Awa</b>", '"><script>alert(1)</script>', "{{ 7 * 7 }}")
    for name in names:
        await village.person(name, 100_000)
    _, cycle_id = await revealed(village, *names, words={names[0]: "<img src=x onerror=alert(1)>"})
    page = (await reader.get(f"/tontine/draw/{cycle_id}")).text
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>Awa" not in page
    for name in names:
        assert name in unescape(page)


async def test_an_address_that_leads_nowhere_says_so_kindly(village: Village, reader: httpx.AsyncClient):
    group = await village.running("Awa", "Binta", "Chantal")
    for nothing in (new_id(), (await group.cycle()).id, group.id, "1", "..", "%00"):
        page = await reader.get(f"/tontine/draw/{nothing}")
        assert page.status_code == 404
        if nothing != "..":
            assert "Il n’y a rien ici" in words_of(page.text)


async def test_a_page_lets_nothing_in_and_tells_nobody_where_one_was(village: Village, reader: httpx.AsyncClient):
    _, cycle_id = await revealed(village)
    headers = (await reader.get(f"/tontine/draw/{cycle_id}")).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


async def _draw(session, cycle_id):
    return await session.get_one(Draw, cycle_id, populate_existing=True)


async def _force(session, cycle_id, public):
    """As a dishonest operator might: the guards of the database are taken away first."""
    engine = session.get_bind().dialect.name
    if engine == "postgresql":
        await session.execute(text("ALTER TABLE tontine_draw DISABLE TRIGGER USER"))
    else:
        guards = await session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'tontine_draw'")
        )
        for guard in list(guards):
            await session.execute(text(f"DROP TRIGGER {guard}"))
    draw = await _draw(session, cycle_id)
    draw.public, draw.revealed_at = public, draw.reveal_at


def _run(lines: str, folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-I", "-c", lines], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
