"""A house with a wallet or two, GetMiPay's sandbox across a real wire, and a clock that can be put forward."""

import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from sqlalchemy import select

import ledger
import payments
from core import clock
from core.db import Database
from core.events import subscribe
from core.ids import new_id
from core.jobs import Jobs
from core.money import Money
from core.phones import Phone
from core.tls import trusted
from ledger import AccountKind
from members import Member, MemberPhone, wallet_owner
from payments import (
    Access,
    CallbackDoor,
    Deposit,
    Direction,
    GetMiPay,
    GetMiPayV1,
    Methods,
    Payout,
    Seal,
    ServiceSync,
    WebhookAnswer,
    WebhookDoor,
    WebhookSecrets,
)
from payments.callback_token import callback_token
from payments.provider import NotKnown, Order, Outcome, Sighting
from payments.provider_events import ProviderEvent
from sandbox.server import build
from sandbox.settings import Settings

SECRET = "demo-webhook-secret"
PREVIOUS = "demo-previous-webhook-secret"
SECRET_KEY = "demo-secret-key"
SEAL = Seal(SECRET_KEY)
PHONE = Phone("+22670123456")
# Whatever waits, waits until a test hurries it: no test depends on how fast the machine is.
PATIENCE = {"payout_delay_s": 600, "late_s": 600, "order_gap_s": 600, "retry_delays_s": [600], "hang_s": 0.05}
EVENTS = [
    *(f"deposit.{name}" for name in ("link_ready", "settled", "failed", "expired", "unknown", "review", "reversed")),
    *(f"payout.{name}" for name in ("submitted", "completed", "failed", "unknown", "review", "reversed")),
    "payout.cleared",
    "parked.released",
    payments.CORRECTED,
    "send.completed",
    payments.ALERT,
]


@dataclass
class World:
    """Everything a payment meets."""

    database: Database
    base: str = ""
    door: WebhookDoor = field(default_factory=lambda: WebhookDoor(WebhookSecrets(SECRET, PREVIOUS)))
    jobs: Jobs = field(default_factory=Jobs)
    methods: Methods = field(default_factory=Methods)
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, verify=trusted()))
    answers: list[WebhookAnswer] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    runs: Iterator[int] = field(default_factory=itertools.count)
    callbacks: CallbackDoor = field(default_factory=lambda: CallbackDoor(SECRET_KEY))
    callback_url: str = ""
    provider: GetMiPay | GetMiPayV1 | None = None

    # -- people and their money ------------------------------------------------------------------------------------

    async def member(self, name: str = "Awa", tier: str = "identified") -> Member:
        """Somebody who has withdrawn to their number before."""
        member = Member(
            id=new_id(), name=name, language="fr", time_zone="Africa/Ouagadougou", tier=tier, created_at=clock.now()
        )
        async with self.database.transaction() as session:
            session.add(member)
            await session.flush()
            before = clock.now() - timedelta(days=3)
            session.add(MemberPhone(member_id=member.id, e164=PHONE.e164, last_used_at=before, payout_since=before))
        return member

    async def give(self, member: Member, amount: int) -> None:
        """Money in the wallet, from our merchant balance."""
        async with self.database.transaction() as session:
            wallet = await ledger.open_account(session, wallet_owner(member.id), AccountKind.WALLET)
            provider = await ledger.open_account(session, payments.HOUSE, AccountKind.PROVIDER)
            await ledger.post(
                session,
                ledger.Post(
                    id=new_id(), debit=provider.id, credit=wallet.id, amount=Money(amount), kind="deposit",
                    journal=new_id(),
                ),
            )  # fmt: skip

    async def spend(self, member: Member, amount: int) -> None:
        """Money out of the wallet, into fees, where nobody can take it back from."""
        async with self.database.transaction() as session:
            wallet = await ledger.open_account(session, wallet_owner(member.id), AccountKind.WALLET)
            fees = await ledger.open_account(session, payments.HOUSE, AccountKind.FEES)
            post = ledger.Post(
                id=new_id(), debit=wallet.id, credit=fees.id, amount=Money(amount), kind="send", journal=new_id()
            )
            await ledger.post(session, post)

    async def stands(self, owner: Member | str, kind: AccountKind = AccountKind.WALLET) -> ledger.Balance:
        key = owner if isinstance(owner, str) else wallet_owner(owner.id)
        async with self.database.reading() as session:
            account = await ledger.account(session, key, kind)
            if account is None:
                return ledger.Balance(Money(0), Money(0))
            return await ledger.balance(session, account.id)

    async def wallet(self, member: Member) -> tuple[int, int]:
        """What is posted and what is held."""
        balance = await self.stands(member)
        return balance.posted.amount, balance.held.amount

    async def house(self, kind: AccountKind) -> int:
        return (await self.stands(payments.HOUSE, kind)).posted.amount

    async def books_are_right(self) -> bool:
        async with self.database.reading() as session:
            return (await ledger.audit(session)).is_clean

    # -- asking ----------------------------------------------------------------------------------------------------

    async def ask_deposit(
        self, member: Member, amount: int = 5000, *, key: str = "", method: str = "wave", code: str = ""
    ) -> Deposit:
        """A deposit confirmed and committed, not called for yet; `code` is the operator's one-time code."""
        quote = payments.quote_deposit(Money(amount), self.methods.choose(PHONE, method, Direction.DEPOSIT))
        run, sealed = key or f"run-{next(self.runs)}", SEAL.close(code) if code else None
        return await self.database.run(
            lambda session: payments.request_deposit(session, member, quote, PHONE, key=run, sealed_code=sealed)
        )

    async def ask_payout(
        self, member: Member, amount: int = 2000, *, key: str = "", method: str = "orange_money"
    ) -> Payout:
        """A payout confirmed and committed, not called for yet."""
        quote = payments.quote_payout(Money(amount), self.methods.choose(PHONE, method, Direction.PAYOUT))
        run = key or f"run-{next(self.runs)}"
        return await self.database.run(lambda session: payments.request_payout(session, member, quote, PHONE, key=run))

    async def open_deposit(self, member: Member, amount: int = 5000) -> Deposit:
        """A deposit that GetMiPay has been called for."""
        deposit = await self.ask_deposit(member, amount)
        await self.work()
        return await self.deposit(deposit)

    async def ask_and_open(self, member: Member, method: str) -> Deposit:
        """The same, of 5 000 F by that method."""
        deposit = await self.ask_deposit(member, method=method)
        await self.work()
        return await self.deposit(deposit)

    async def open_payout(self, member: Member, amount: int = 2000) -> Payout:
        """A payout that GetMiPay has been called for."""
        payout = await self.ask_payout(member, amount)
        await self.work()
        return await self.payout(payout)

    async def deposit(self, deposit: Deposit) -> Deposit:
        async with self.database.reading() as session:
            return await session.get_one(Deposit, deposit.id)

    async def payout(self, payout: Payout) -> Payout:
        async with self.database.reading() as session:
            return await session.get_one(Payout, payout.id)

    async def set_aside(self) -> list[tuple[str, str | None]]:
        """The state and reason of every event, oldest first."""
        async with self.database.reading() as session:
            events = await session.scalars(select(ProviderEvent).order_by(ProviderEvent.id))
            return [(event.state.value, event.reason) for event in events]

    # -- time and work ---------------------------------------------------------------------------------------------

    async def work(self, ahead: timedelta = timedelta(0)) -> None:
        """Do every job that is due, `ahead` of now; those that fail wait for their retry."""
        with clock.ahead(ahead):
            while await self.jobs.do_one(self.database):
                pass

    async def work_through(self, *steps: timedelta) -> None:
        for ahead in steps:
            await self.work(ahead)

    # -- GetMiPay --------------------------------------------------------------------------------------------------

    async def turn(self, **knobs: object) -> None:
        answer = await self.http.post(f"{self.base}/api/knobs", json=knobs)
        assert answer.status_code == 200, answer.text

    async def pay(self, deposit: Deposit, pin: str = "0000") -> None:
        """The payer confirms on the page, and GetMiPay's webhooks travel."""
        await self.post(f"transactions/{await self.name(deposit.reference)}/pay", pin=pin)
        await self.flush()

    async def decide(self, reference: str, status: str, *, hurry: bool = False) -> None:
        """GetMiPay decides, whatever it had decided before."""
        await self.post(f"transactions/{await self.name(reference)}/decide", status=status)
        await self.flush(hurry=hurry)

    async def send_webhook(self, reference: str, event: str | None = None, **fields: object) -> None:
        await self.post(
            f"transactions/{await self.name(reference)}/webhook", **({"event": event} if event else {}), fields=fields
        )
        await self.flush()

    async def post(self, path: str, **body: object) -> None:
        answer = await self.http.post(f"{self.base}/api/{path}", json=body)
        assert answer.is_success, answer.text

    async def flush(self, *, hurry: bool = False) -> None:
        await self.post("webhooks/flush", hurry=hurry)

    async def name(self, reference: str) -> str:
        """GetMiPay's id for a reference of ours, which in the dialect `v1` stands in the description alone."""
        listed = (await self.http.get(f"{self.base}/api/transactions")).json()["transactions"]
        (known,) = [each for each in listed if reference in {each["reference"], each["description"].split()[-1]}]
        return known["id"]

    async def known(self, reference: str) -> dict[str, Any]:
        """Everything GetMiPay knows of a payment of ours."""
        return (await self.http.get(f"{self.base}/api/transactions/{await self.name(reference)}")).json()

    async def merchant_balance(self) -> int:
        """What GetMiPay says it owes us."""
        return (await self.http.get(f"{self.base}/api/balance")).json()["balance"]

    async def calls(self, path: str) -> int:
        """How often GetMiPay was called on a path."""
        answer = await self.http.get(f"{self.base}/api/requests")
        return sum(path in call["path"] for call in answer.json()["requests"])

    # -- the door --------------------------------------------------------------------------------------------------

    async def knock(self, body: object, secret: str = SECRET) -> WebhookAnswer:
        """A webhook that is signed well."""
        text = json.dumps(body, sort_keys=True)
        return await self.door.receive(self.database, text.encode(), signature_of(text, secret))

    async def call_back(self, body: object, reference: str = "") -> str:
        """A callback at the address of a payment's own, or, without a reference, from anybody; what became of it."""
        about = {"reference": reference, "token": callback_token(SECRET_KEY, reference)} if reference else {}
        answer = await self.http.post(self.callback_url, json=body, params=about)
        return str(answer.json()["outcome"]) if answer.content else str(answer.status_code)


def signature_of(text: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def completed(name: str, amount: object = 5000, **fields: object) -> dict[str, object]:
    """`payment.completed` as a tool of GetMiPay's writes it: our reference as their id."""
    return {
        "event": "payment.completed", "transaction_id": name, "status": "success", "amount": amount,
    } | fields  # fmt: skip


@asynccontextmanager
async def opened_world(database: Database, folder: Path, dialect: str = "a") -> AsyncIterator[World]:
    """The sandbox and our doors on free ports of this machine."""
    world = World(database)
    ours, ours_at = await _serve(_door_of(world))
    callback = f"{ours_at}/webhook/getmipay/{'v1' if dialect == 'v1' else ''}"
    theirs, theirs_at = await _serve(build(Settings(data=folder / "sandbox.sqlite3", webhook_url=callback)))
    world.base = f"{theirs_at}/getmipay"
    await world.turn(**PATIENCE)
    world.callback_url = callback
    access = Access(world.base, "demo-api-key", SECRET_KEY, callback, f"{ours_at}/retour")
    if dialect == "v1":
        provider: GetMiPay | GetMiPayV1 = GetMiPayV1(replace(access, api_url=f"{world.base}/api/v1"))
    else:
        provider = GetMiPay(access)
    world.provider = provider
    async with provider:
        payments.register_jobs(world.jobs, provider, seal=SEAL)
        for name in EVENTS:
            _listen(world, name)
        if isinstance(provider, GetMiPayV1):
            world.methods = Methods(narrow=payments.narrowed)
            ServiceSync(provider).register(world.jobs)
            await database.run(payments.begin_to_sync)
            await world.work()
        yield world
    await world.http.aclose()
    await theirs.cleanup()
    await ours.cleanup()


def _door_of(world: World) -> web.Application:
    async def webhook(request: web.Request) -> web.Response:
        answer = await world.door.receive(world.database, await request.read(), request.headers.get("X-Signature"))
        world.answers.append(answer)
        return web.Response(status=answer.status)

    async def callback(request: web.Request) -> web.Response:
        about = request.query
        answer = await world.callbacks.receive(
            world.database, await request.read(), about.get("reference", ""), about.get("token", "")
        )
        world.answers.append(answer)
        return web.json_response({"outcome": answer.outcome}, status=answer.status)

    app = web.Application()
    app.router.add_post("/webhook/getmipay/", webhook)
    app.router.add_post("/webhook/getmipay/v1", callback)
    return app


async def _serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def _listen(world: World, name: str) -> None:
    async def hear(_: object, payload: dict[str, str]) -> None:
        world.events.append(name)
        if name == payments.ALERT:
            world.alerts.append(payload["reason"])

    subscribe(world.jobs, name, hear)


@dataclass
class Answering:
    """A provider whose every answer is given beforehand."""

    outcomes: list[Outcome] = field(default_factory=list)
    sighting: Sighting = field(default_factory=NotKnown)
    orders: list[Order] = field(default_factory=list)
    looked: int = 0

    async def initiate(self, order: Order) -> Outcome:
        self.orders.append(order)
        return self.outcomes.pop(0)

    async def look_up(
        self, direction: Direction, reference: str, provider_id: str | None, pay_id: str | None = None
    ) -> Sighting:
        self.looked += 1
        return self.sighting


async def work_with(world: World, provider: Answering, ahead: timedelta = timedelta(0)) -> None:
    """Do every job that is due, calling this provider in GetMiPay's stead; events wait for `world.work`."""
    jobs = Jobs()
    payments.register_jobs(jobs, provider)
    with clock.ahead(ahead):
        while await jobs.do_one(world.database):
            pass
