"""Carries stored webhooks to the merchant until a 200, and keeps the clock of what is planned."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import aiohttp
from aiohttp import web

from sandbox.getmipay.decisions import take_due_steps
from sandbox.getmipay.room import ROOM, Room

ANSWER_WITHIN: Final = aiohttp.ClientTimeout(total=10)
AT_ONCE: Final = 100

_OPEN = """
    SELECT id, due_at FROM getmipay_webhook
    WHERE delivered_at IS NULL AND id NOT IN (SELECT value FROM json_each(:under_way))
"""


class Courier:
    """One per sandbox. Each delivery is its own task, so copies of a webhook can travel side by side."""

    def __init__(self, room: Room, session: aiohttp.ClientSession) -> None:
        self._room = room
        self._session = session
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._room.bell.clear()
            take_due_steps(self._room)
            for webhook_id in self._due()[: AT_ONCE - len(self._under_way)]:
                self._start(webhook_id)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest_s()):
                    await self._room.bell.wait()

    async def flush(self, transaction_id: str | None = None) -> int:
        """Attempt once each webhook that is due (of one transaction, or all); return how many."""
        take_due_steps(self._room)
        started = [self._start(webhook_id) for webhook_id in self._due(transaction_id)]
        await asyncio.gather(*(started if transaction_id else self._under_way.values()))
        return len(started)

    async def stop(self) -> None:
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _start(self, webhook_id: int) -> asyncio.Task[None]:
        task = asyncio.create_task(self._deliver(webhook_id))
        self._under_way[webhook_id] = task
        task.add_done_callback(lambda _: self._arrived(webhook_id))
        return task

    def _arrived(self, webhook_id: int) -> None:
        self._under_way.pop(webhook_id, None)
        self._room.bell.set()

    async def _deliver(self, webhook_id: int) -> None:
        query = self._room.store.connection.execute
        webhook = query("SELECT * FROM getmipay_webhook WHERE id = ?", (webhook_id,)).fetchone()
        status, error = await self._post(webhook["url"], webhook["body"], webhook["signature"])
        now = time.time()
        delays = self._room.knobs.retry_delays_s
        again_at = now + delays[min(webhook["attempts"], len(delays) - 1)]
        with self._room.store.transaction():
            query("INSERT INTO getmipay_webhook_attempt VALUES (?, ?, ?, ?)", (webhook_id, now, status, error))
            query(
                "UPDATE getmipay_webhook SET attempts = attempts + 1, due_at = ?, delivered_at = ? WHERE id = ?",
                (again_at, now if status == web.HTTPOk.status_code else None, webhook_id),
            )

    async def _post(self, url: str, body: str, signature: str) -> tuple[int | None, str | None]:
        headers = {"Content-Type": "application/json", "User-Agent": "GetMiPay-Webhook/1.0"}
        if signature:
            headers["X-Signature"] = signature
        try:
            async with self._session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as answer:
                return answer.status, None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # ValueError: a signature or an address, given by hand, that cannot be written into a request at all.
            return None, type(error).__name__

    def _due(self, transaction_id: str | None = None) -> list[int]:
        rows = self._room.store.connection.execute(
            _OPEN + "AND due_at <= :now AND (:of IS NULL OR transaction_id = :of) ORDER BY due_at, id",
            {"now": time.time(), "of": transaction_id, "under_way": json.dumps(list(self._under_way))},
        )
        return [int(row["id"]) for row in rows]

    def _rest_s(self) -> float | None:
        if len(self._under_way) >= AT_ONCE:
            return None
        row = self._room.store.connection.execute(
            f"""SELECT min(due_at) AS next FROM (
                SELECT due_at FROM ({_OPEN})
                UNION ALL SELECT due_at FROM getmipay_step
                UNION ALL SELECT expires_at FROM getmipay_transaction WHERE status = 'pending')""",  # noqa: S608
            {"under_way": json.dumps(list(self._under_way))},
        ).fetchone()
        return None if row["next"] is None else max(0.0, row["next"] - time.time())


COURIER = web.AppKey("getmipay_courier", Courier)


async def employ_courier(app: web.Application) -> AsyncIterator[None]:
    """Run the courier for as long as the application lives."""
    async with aiohttp.ClientSession(timeout=ANSWER_WITHIN, cookie_jar=aiohttp.DummyCookieJar()) as session:
        courier = app[COURIER] = Courier(app[ROOM], session)
        work = asyncio.create_task(courier.run())
        yield
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await courier.stop()
