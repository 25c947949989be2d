"""The house without a chat: its services and GetMiPay's door over HTTP, and its worker; a process to be killed.

    python -m tests.chaos.teller doors|worker|both

`POST /do` is one service in one transaction. What it is told is `what` and that service's own words, with a key: said
again after any doubt, the same key is done once. It answers 200 with what came of it, or 503 to be asked again.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
import payments
import tontines
from core import logs
from core.db import Database, is_database_away
from core.errors import Refusal
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler
from core.money import Money
from core.phones import Phone
from members import Member
from payments import Access, Direction, GetMiPay, Methods, WebhookDoor, WebhookSecrets
from tests.payments.kit import EVENTS
from worker import Worker

PHONE = Phone("+22670123456")
METHODS = Methods()
DEPOSIT_METHODS = ("wave", "orange_money", "moov_money")
# What is heard, in the very transaction that ends the event's job: the judge counts each.
TOLD = "CREATE TABLE chaos_told (event VARCHAR(64) NOT NULL, subject VARCHAR(36) NOT NULL)"

Order = Mapping[str, Any]
Service = Callable[[AsyncSession, Order], Awaitable[dict[str, Any]]]


def main() -> None:
    logs.configure()
    asyncio.run(_serve(sys.argv[1]))


async def _serve(part: str) -> None:
    database, jobs, port = Database(os.environ["DATABASE_URL"]), Jobs(), int(os.environ["PORT"])
    callback = f"http://127.0.0.1:{os.environ['CALLBACK_PORT']}/webhook/getmipay/"
    access = Access(f"{os.environ['SANDBOX']}/getmipay", "demo-api-key", "demo-secret-key", callback, callback)
    async with GetMiPay(access) as provider:
        payments.register_jobs(jobs, provider)
        tontines.register(jobs)
        for event in {*EVENTS, *tontines.EVENTS}:
            subscribe(jobs, event, _hears(event))
        if part != "worker":
            runner = web.AppRunner(_doors(database), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        if part != "doors":
            await Worker(database, jobs, []).run()
        await asyncio.Event().wait()


def _doors(database: Database) -> web.Application:
    door = WebhookDoor(WebhookSecrets("demo-webhook-secret", "demo-previous-webhook-secret"))

    async def hear(request: web.Request) -> web.Response:
        answer = await door.receive(database, await request.read(), request.headers.get("X-Signature"))
        return web.Response(status=answer.status)

    async def do(request: web.Request) -> web.Response:
        order = await request.json()
        try:
            done = await database.run(lambda session: _SERVICES[order["what"]](session, order))
        except (Refusal, ledger.InsufficientFunds) as refusal:
            return web.json_response({"refused": type(refusal).__name__})
        except Exception as error:
            if not is_database_away(error):
                raise
            return web.json_response({"away": type(error).__name__}, status=503)
        return web.json_response(done)

    app = web.Application()
    app.add_routes([web.post("/webhook/getmipay/", hear), web.post("/do", do)])
    return app


def _hears(event: str) -> TransactionalHandler:
    async def hear(session: AsyncSession, payload: Payload) -> None:
        subject = next((str(payload[name]) for name in ("id", "contribution", "round") if name in payload), "")
        await session.execute(
            text("INSERT INTO chaos_told (event, subject) VALUES (:event, :subject)"),
            {"event": event, "subject": subject},
        )

    return hear


async def _deposit(session: AsyncSession, order: Order) -> dict[str, Any]:
    member, method = await _member(session, order["by"]), METHODS.choose(PHONE, order["method"], Direction.DEPOSIT)
    quote = payments.quote_deposit(Money(order["amount"]), method)
    asked = await payments.request_deposit(session, member, quote, PHONE, key=order["key"])
    return {"reference": asked.reference}


async def _payout(session: AsyncSession, order: Order) -> dict[str, Any]:
    member, method = await _member(session, order["by"]), METHODS.choose(PHONE, order["method"], Direction.PAYOUT)
    quote = payments.quote_payout(Money(order["amount"]), method)
    asked = await payments.request_payout(session, member, quote, PHONE, key=order["key"])
    return {"reference": asked.reference}


async def _send(session: AsyncSession, order: Order) -> dict[str, Any]:
    member = await _member(session, order["by"])
    sent = await payments.request_send(session, member, UUID(order["to"]), Money(order["amount"]), key=order["key"])
    return {"reference": sent.reference}


async def _contribute(session: AsyncSession, order: Order) -> dict[str, Any]:
    paid = await tontines.contribute(
        session, UUID(order["tontine"]), UUID(order["to"]), Money(order["amount"]), payer_id=UUID(order["by"]),
        key=order["key"],
    )  # fmt: skip
    return {"contribution": str(paid.id)}


async def _pay_pot(session: AsyncSession, order: Order) -> dict[str, Any]:
    """Ask for the pot of the first open round as one officer, and approve it as the other."""
    cycle = await tontines.running_cycle(session, UUID(order["tontine"]))
    rounds = await tontines.rounds_of(session, cycle.id)
    open_round = next((each for each in rounds if each.state is tontines.RoundState.OPEN), None)
    if open_round is None:
        return {"refused": "NoRoundOpen"}
    await tontines.request_pot(session, open_round.id, by=UUID(order["by"]))
    await tontines.approve_pot(session, open_round.id, by=UUID(order["to"]))
    return {"round": str(open_round.id)}


async def _member(session: AsyncSession, member_id: str) -> Member:
    return await session.get_one(Member, UUID(member_id))


_SERVICES: dict[str, Service] = {
    "deposit": _deposit, "payout": _payout, "send": _send, "contribute": _contribute, "pot": _pay_pot,
}  # fmt: skip


if __name__ == "__main__":
    main()
