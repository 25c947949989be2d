"""Settling together: many webhooks, one transaction of a few statements, and the same rows as one by one."""

import asyncio
import json
import shutil
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text, update

from core.db import Database
from ledger import AccountKind
from members import Member
from payments import Deposit, DepositState
from payments.provider_events import EventState, SignedEvent, signed_event, take_event
from payments.settling import may_be_plain, settle_together
from payments.strict_json import canonical
from tests.payments.kit import World, completed
from tests.payments.test_races import knock_at_once

Body = dict[str, object]

# -- the same rows as one by one ---------------------------------------------------------------------------------------

DEPOSITS: list[dict[str, Any]] = [
    {"state": DepositState.OPEN, "provider_id": "T0"},
    {"state": DepositState.OPEN, "provider_id": "T1", "amount": 150_000, "fee": 1500},
    {"state": DepositState.OPEN, "provider_id": "T2", "amount": 150_000},
    {"state": DepositState.SUBMITTED},
    {"state": DepositState.EXPIRED, "provider_id": "T4"},
    {"state": DepositState.FAILED, "provider_id": "T5"},
    {"state": DepositState.UNKNOWN, "provider_id": "T6", "doubt": "amount_differs", "claimed": 4000},
    {"state": DepositState.OPEN, "provider_id": "T7", "fee": 50},
]


@dataclass(frozen=True)
class Said:
    """One webhook of a story: about which deposit, by which name, and in what it is odd."""

    deposit: int
    name: str
    event: str
    amount: int
    note: int

    def body(self, references: list[str]) -> Body:
        theirs = f"T{self.deposit}"
        names = {
            "ours": {"transaction_id": references[self.deposit]},
            "theirs": {"transaction_id": theirs},
            "both": {"transaction_id": theirs, "reference": references[self.deposit]},
            "mixed": {"transaction_id": theirs, "reference": references[(self.deposit + 1) % len(references)]},
            "nobody": {"transaction_id": f"X{self.deposit}"},
        }[self.name]
        asked = DEPOSITS[self.deposit].get("amount", 5000)
        status = "success" if self.event == "payment.completed" else "failed"
        return {"event": self.event, "status": status, "amount": asked + self.amount, "note": self.note} | names


SAID = st.builds(
    Said,
    st.integers(0, len(DEPOSITS) - 1),
    st.sampled_from(["both", "both", "both", "ours", "theirs", "mixed", "nobody"]),
    st.sampled_from(["payment.completed"] * 5 + ["payment.failed"]),
    st.sampled_from([0, 0, 0, 0, -1000]),
    st.sampled_from([0, 0, 0, 1]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(said=st.lists(SAID, min_size=1, max_size=14))
def test_settling_together_leaves_the_same_rows_as_settling_one_by_one(
    sqlite_template: Path, tmp_path: Path, said: list[Said]
) -> None:
    paths = [tmp_path / name for name in ("together.sqlite3", "alone.sqlite3")]
    for path in paths:
        for leftover in ("", "-wal", "-shm"):
            Path(f"{path}{leftover}").unlink(missing_ok=True)
    shutil.copy(sqlite_template, paths[0])

    async def tell() -> None:
        before = World(Database(f"sqlite:///{paths[0]}"))
        references = await prepare(before)
        await before.http.aclose()
        await before.database.close()
        shutil.copy(*paths)
        together, alone = (World(Database(f"sqlite:///{path}")) for path in paths)
        events = [signed(one.body(references)) for one in said]
        try:
            answers = await take_together(together.database, events)
            assert answers == [await take_alone(alone.database, event) for event in events]
            assert await rows(together.database) == await rows(alone.database)
            assert await together.books_are_right()
        finally:
            for world in (together, alone):
                await world.http.aclose()
                await world.database.close()

    asyncio.run(tell())


async def prepare(world: World) -> list[str]:
    """Awa, whom we know well, and Issa, who may hold 200 000 F; a deposit of each kind, taking turns."""
    people = [await world.member("Awa"), await world.member("Issa", tier="unidentified")]
    deposits = [
        await world.ask_deposit(people[number in {1, 2, 3}], known.get("amount", 5000))
        for number, known in enumerate(DEPOSITS)
    ]
    async with world.database.transaction() as session:
        for deposit, known in zip(deposits, DEPOSITS, strict=True):
            await session.execute(update(Deposit).where(Deposit.id == deposit.id).values(**known))
    return [deposit.reference for deposit in deposits]


def signed(body: Body) -> SignedEvent:
    return signed_event(json.loads(json.dumps(body)), canonical(body))


async def take_together(database: Database, events: list[SignedEvent]) -> list[EventState]:
    """Each run of events that look plain as one group; whatever falls out of it goes the long way, in order."""
    answers: dict[int, EventState] = {}
    group: list[int] = []
    for index, event in [*enumerate(events), (len(events), None)]:
        if event is not None and may_be_plain(event.report):
            group.append(index)
            continue
        if group:
            async with database.engine.begin() as connection:
                told = await connection.run_sync(settle_together, [events[number] for number in group])
            for number, answer in zip(group, told, strict=True):
                answers[number] = answer or await take_alone(database, events[number])
            group = []
        if event is not None:
            answers[index] = await take_alone(database, event)
    return [answers[index] for index in range(len(events))]


async def take_alone(database: Database, event: SignedEvent) -> EventState:
    return await database.run(lambda session: take_event(session, event))


ROWS = {
    "events": "SELECT transaction_id, event, variant, fingerprint, body, state, reason FROM provider_event",
    "deposits": (
        "SELECT reference, state, amount, fee, provider_id, doubt, claimed, suspended, received, parked, failure, said,"
        " settled_at IS NULL, watch_since IS NULL, reversed_at IS NULL FROM deposit"
    ),
    "accounts": "SELECT owner, kind, currency, mode, balance, held, closed_at FROM ledger_account",
    "slots": (
        "SELECT a.owner, a.kind, sum(s.balance) FROM ledger_slot s JOIN ledger_account a ON a.id = s.account_id"
        " GROUP BY a.owner, a.kind"
    ),
    "transfers": (
        "SELECT t.id, journal_id, leg, d.owner, d.kind, c.owner, c.kind, amount, t.kind, hold_id, reverses_id"
        " FROM ledger_transfer t JOIN ledger_account d ON d.id = debit_id JOIN ledger_account c ON c.id = credit_id"
    ),
    "refusals": "SELECT reason FROM ledger_refusal",
    # The id in this one's payload is the event's own, made anew in each database.
    "jobs": "SELECT kind, CASE kind WHEN 'match_event' THEN '' ELSE payload END FROM job",
}


async def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in await connection.execute(text(query))), key=repr)
            for name, query in ROWS.items()
        }


# -- through the door, on both engines ---------------------------------------------------------------------------------


async def test_a_poor_a_repeated_and_a_contradictory_neighbour_spoil_nobody(world: World) -> None:
    awa = await world.member()
    deposits = [await world.open_deposit(awa, 1000) for _ in range(12)]
    odd = await world.open_deposit(awa, 1000)
    bodies = [completed(deposit.reference, 1000) for deposit in deposits]
    bodies += [completed(deposits[0].reference, 1000), completed(deposits[1].reference, 1000, note="other")]
    bodies += [completed(odd.reference, 900), completed("D-NOBODY", 1000), {"event": "something.else"}]
    outcomes = await knock_at_once(world, bodies)
    assert outcomes[:12] == ["applied"] * 12
    assert outcomes[12:] == ["duplicate", "set_aside", "applied", "unmatched", "set_aside"]
    assert await world.wallet(awa) == (12_000, 0)
    assert (await world.deposit(odd)).doubt == "amount_differs"
    await world.work()
    assert world.events.count("deposit.settled") == 12
    assert await world.books_are_right()


async def test_a_cap_holds_within_one_group(world: World) -> None:
    issa = await world.member("Issa", tier="unidentified")
    deposits = [await world.open_deposit(issa, 60_000) for _ in range(5)]
    assert set(await knock_at_once(world, [completed(d.reference, 60_000) for d in deposits])) == {"applied"}
    assert await world.wallet(issa) == (200_000, 0)
    assert (await world.stands(issa, AccountKind.PARKED)).posted.amount == 100_000
    assert sum([(await world.deposit(deposit)).parked for deposit in deposits]) == 100_000
    assert await world.books_are_right()


async def test_two_processes_that_settle_the_same_deposits_credit_each_once(world: World, database_url: str) -> None:
    people = [await world.member(name) for name in ("Awa", "Issa", "Fanta")]
    deposits = [(await world.open_deposit(person, 1000)) for _ in range(10) for person in people]
    bodies = [completed(deposit.reference, 1000) for deposit in deposits]
    other = World(Database(database_url))
    outcomes = await asyncio.gather(knock_at_once(world, bodies), knock_at_once(other, list(reversed(bodies))))
    assert sorted(chain.from_iterable(outcomes)) == ["applied"] * 30 + ["duplicate"] * 30
    assert [await world.wallet(person) for person in people] == [(10_000, 0)] * 3
    assert await world.books_are_right()
    await other.http.aclose()
    await other.database.close()


@pytest.mark.parametrize("how_many", [1, 40])
async def test_however_many_settle_together_postgresql_is_asked_three_things_and_told_one(
    world: World, how_many: int
) -> None:
    people = [await world.member() for _ in range(how_many)]
    await knock_at_once(world, [completed((await world.open_deposit(person)).reference) for person in people])
    events = [signed(completed((await world.open_deposit(person)).reference)) for person in people]
    asked: list[str] = []
    engine = world.database.engine

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    sqlalchemy_event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with engine.begin() as connection:
        assert await connection.run_sync(settle_together, events) == [EventState.APPLIED] * how_many
    assert len(asked) == (8 if world.database.is_sqlite else 4)
    assert await world.books_are_right()


async def test_a_frozen_wallet_s_owner_and_a_new_member_are_credited_too(world: World) -> None:
    frozen = await world.member()
    async with world.database.transaction() as session:
        await session.execute(update(Member).where(Member.id == frozen.id).values(frozen_at=frozen.created_at))
    new = await world.member()
    bodies = [completed((await world.open_deposit(person)).reference) for person in (frozen, new)]
    assert await knock_at_once(world, bodies) == ["applied", "applied"]
    assert [await world.wallet(person) for person in (frozen, new)] == [(5000, 0), (5000, 0)]
