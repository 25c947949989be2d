"""Sixteen connections, one wallet holding 1 000, 400 ids of 10 each said twice, and somebody killing at random."""

import asyncio
import json
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from core.ids import new_id
from tests.ledger.kit import Books
from tests.ledger.spender import CONNECTIONS, Errand, in_words, spend

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_killed_backends_and_callers_who_insist_spend_each_franc_once(books: Books, database_url: str):
    errand = await _errand(books, database_url)
    killed: list[int] = []
    killer = asyncio.create_task(_kill_backends(database_url, killed))
    answers = await spend(errand)
    killer.cancel()
    with suppress(asyncio.CancelledError):
        await killer
    assert len(killed) > 10
    await _expect_a_hundred_spent_once(books, errand, answers)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_killed_processes_and_callers_who_insist_spend_each_franc_once(books: Books, database_url: str):
    errand = await _errand(books, database_url)
    half = replace(errand, ids=sorted(set(errand.ids)), connections=CONNECTIONS // 2)
    victim = await _start(half)
    other = asyncio.create_task(_answers(await _start(half)))
    await _until_somebody_spent(books, errand)
    victim.kill()
    await victim.wait()
    answers = [*(await _answers(await _start(half))), *(await other)]
    await _expect_a_hundred_spent_once(books, errand, answers)


async def _errand(books: Books, url: str) -> Errand:
    wallet = await books.wallet(1000)
    ids = [str(new_id()) for _ in range(400)]
    return Errand(url, str(wallet), str(books.provider), ids * 2, 10, CONNECTIONS)


async def _expect_a_hundred_spent_once(books: Books, errand: Errand, answers: list[tuple[str, str]]) -> None:
    assert Counter(spent for spent, _ in answers) == dict.fromkeys(errand.ids, 2)
    done = {spent for spent, answer in answers if answer == "done"}
    assert len(done) == 100
    assert done.isdisjoint(spent for spent, answer in answers if answer == "refused")

    wallet = UUID(errand.wallet)
    entries = await books.statement(wallet, limit=1000)
    assert Counter(str(entry.transfer_id) for entry in entries if entry.kind == "payout") == dict.fromkeys(done, 1)
    assert await books.standing(wallet) == (0, 0)
    assert await books.standing(books.provider) == (0, 0)
    assert (await books.audit()).is_clean


async def _kill_backends(url: str, killed: list[int]) -> None:
    """Terminate one of the spenders' server processes after the other, until cancelled."""
    own = make_url(url).difference_update_query(["pgbouncer"]).render_as_string(hide_password=False)
    connection = await asyncpg.connect(own, statement_cache_size=0)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    victim = f"SELECT pid, pg_terminate_backend(pid) {others} ORDER BY random() LIMIT 1"
    try:
        while True:
            await asyncio.sleep(0.05)
            killed += [row["pid"] for row in await connection.fetch(victim)]
    finally:
        await connection.close()


async def _start(errand: Errand) -> asyncio.subprocess.Process:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.ledger.spender", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdin
    program.stdin.write(in_words(errand).encode())
    program.stdin.close()
    return program


async def _answers(program: asyncio.subprocess.Process) -> list[tuple[str, str]]:
    assert program.stdout
    said = await program.stdout.read()
    assert await program.wait() == 0
    return [(spent, answer) for spent, answer in json.loads(said)]


async def _until_somebody_spent(books: Books, errand: Errand) -> None:
    while len(await books.statement(UUID(errand.wallet))) < 10:  # noqa: ASYNC110 - another process spends
        await asyncio.sleep(0.01)
