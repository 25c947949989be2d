"""FastAPI and SQLAlchemy's async ORM as their documentation says: one session, one transaction for each webhook."""

import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Header, HTTPException, Request
from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint, or_, select
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = os.environ["BENCH_SECRET"].encode()
URL = os.environ["BENCH_DATABASE_URL"]
IS_SQLITE = URL.startswith("sqlite")
DRIVERS = {"postgresql://": "postgresql+asyncpg://", "sqlite://": "sqlite+aiosqlite://"}
engine = create_async_engine(
    next(URL.replace(plain, full, 1) for plain, full in DRIVERS.items() if URL.startswith(plain)),
    pool_size=10,
    max_overflow=10,
)
insert = sqlite.insert if IS_SQLITE else postgresql.insert
# SQLite counts up an INTEGER alone.
Key = BigInteger().with_variant(Integer(), "sqlite")
Session = async_sessionmaker(engine, expire_on_commit=False)


class Model(DeclarativeBase):
    pass


if IS_SQLITE:

    @sqlalchemy_event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        """As SQLAlchemy's documentation says for transactions that hold."""
        connection.isolation_level = None
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sqlalchemy_event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _now() -> datetime:
    return datetime.now(UTC)


class Account(Model):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), unique=True)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)


class Deposit(Model):
    __tablename__ = "deposit"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    provider_id: Mapped[str] = mapped_column(String(100), unique=True)
    wallet_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Event(Model):
    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("transaction_id", "event"),)
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)


class Transfer(Model):
    __tablename__ = "transfer"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), index=True)
    debit_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    credit_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)


class Notice(Model):
    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=_lifespan)


@app.post("/webhook/getmipay/")
async def webhook(request: Request, x_signature: str = Header("")) -> dict[str, str]:
    body = await request.body()
    if not hmac.compare_digest(hmac.new(SECRET, body, hashlib.sha256).hexdigest(), x_signature):
        raise HTTPException(401)
    async with Session.begin() as session:
        return {"outcome": await _settle(session, json.loads(body), body.decode())}


async def _settle(session: AsyncSession, data: dict[str, Any], body: str) -> str:
    recorded = await session.execute(
        insert(Event)
        .values(transaction_id=data["transaction_id"], event=data["event"], body=body, received_at=_now())
        .on_conflict_do_nothing()
        .returning(Event.id)
    )
    if recorded.one_or_none() is None:
        return "duplicate"
    named = select(Deposit).where(Deposit.provider_id == data["transaction_id"]).with_for_update()
    deposit = (await session.scalars(named)).one()
    if deposit.state == "settled" or deposit.amount != data["amount"]:
        return "no_effect"
    deposit.state, deposit.settled_at = "settled", _now()
    # Locked in one order, so that no two webhooks wait for each other.
    concerned = or_(Account.owner.in_(["provider", "fees"]), Account.id == deposit.wallet_id)
    rows = await session.scalars(select(Account).where(concerned).order_by(Account.id).with_for_update())
    accounts = {account.id if account.id == deposit.wallet_id else account.owner: account for account in rows}
    wallet, provider, fees = accounts[deposit.wallet_id], accounts["provider"], accounts["fees"]
    for debit, credit, amount, kind in (
        (provider, wallet, deposit.amount, "deposit"), (wallet, fees, deposit.fee, "fee"),
    ):  # fmt: skip
        if amount:
            debit.balance -= amount
            credit.balance += amount
            session.add(
                Transfer(deposit_id=deposit.id, debit_id=debit.id, credit_id=credit.id, amount=amount, kind=kind)
            )
    session.add(Notice(kind="deposit.settled", payload={"id": deposit.id}))
    return "applied"


async def create_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all)
    await engine.dispose()
