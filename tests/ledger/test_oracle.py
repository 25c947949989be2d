"""Whatever batches are told, the ledger answers as the oracle does, keeps what it keeps, and passes its own audit."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.clock import ahead, now
from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import AccountKind, Command, PlaceHold, Post, PostHold, Reverse, VoidHold
from tests.ledger.kit import Books, open_books
from tests.ledger.oracle import Oracle, Purse

T = TypeVar("T")

HOUR = timedelta(hours=1)
AMOUNTS = st.integers(1, 120)
PARTS = st.none() | AMOUNTS.map(Money)


class Bench:
    """A loop and a database for a whole test: the state machine is synchronous, the ledger's callers are not."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.books = self.run(self._open(url))

    async def _open(self, url: str) -> Books:
        return await open_books(Database(url))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self.books.database.close())
        self.loop.close()


class Ledger(RuleBasedStateMachine):
    """Batches drawn at random, about accounts of this example's own."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench, self.clock = bench, ExitStack()
        owner = f"example:{new_id()}"
        kinds = [AccountKind.WALLET, AccountKind.POT, AccountKind.RECEIVABLE, AccountKind.PROVIDER, AccountKind.FEES]
        self.accounts = [bench.run(bench.books.open(owner, kind)) for kind in kinds]
        self.signs = {account: kind.sign for account, kind in zip(self.accounts, kinds, strict=True)}
        self.wallet, self.pot, _, self.provider, _ = self.accounts
        self.oracle = Oracle({account: Purse(account in {self.wallet, self.pot}) for account in self.accounts})
        self.said: list[Command] = []

    @rule(amount=st.integers(50, 300))
    def top_up(self, amount: int) -> None:
        self.tell([self.post_of(self.provider, self.wallet, amount)])

    @rule(data=st.data(), size=st.integers(1, 8))
    def tell_a_batch(self, data: st.DataObject, size: int) -> None:
        batch: list[Command] = []
        for _ in range(size):
            command = self.draw(data)
            self.said.append(command)
            batch.append(command)
        self.tell(batch)

    @rule()
    def let_two_hours_pass(self) -> None:
        self.clock.enter_context(ahead(2 * HOUR))

    @invariant()
    def what_is_kept_is_what_the_oracle_keeps(self) -> None:
        for account, purse in self.oracle.purses.items():
            expected = (self.signs[account] * purse.balance, self.oracle.held(account, now()))
            assert self.bench.run(self.bench.books.standing(account)) == expected

    def teardown(self) -> None:
        entries = self.bench.run(self.bench.books.statement(self.wallet, limit=1000))
        assert sum(entry.amount.amount for entry in entries) == self.oracle.purses[self.wallet].balance
        assert {entry.transfer_id for entry in entries} == {
            moved_id for moved_id, moved in self.oracle.moves.items() if self.wallet in {moved.debit, moved.credit}
        }
        assert self.bench.run(self.bench.books.audit()).is_clean
        self.clock.close()

    def tell(self, batch: list[Command]) -> None:
        expected = [self.oracle.tell(command, now()) for command in batch]
        assert self.bench.run(self.bench.books.apply(*batch)) == expected

    def draw(self, data: st.DataObject) -> Command:
        makers = [self.new_post, self.new_post, self.new_hold, self.new_hold, self.resolve, self.resolve, self.reverse]
        if self.said:
            makers += [self.say_again, self.contradict]
        return data.draw(st.sampled_from(makers))(data)

    def new_post(self, data: st.DataObject) -> Command:
        debit, credit = self.draw_pair(data)
        return self.post_of(debit, credit, data.draw(AMOUNTS))

    def post_of(self, debit: UUID, credit: UUID, amount: int) -> Post:
        return Post(id=new_id(), debit=debit, credit=credit, amount=Money(amount), kind="move", journal=new_id())

    def new_hold(self, data: st.DataObject) -> Command:
        debit, credit = self.draw_pair(data)
        expires_at = now() + HOUR if data.draw(st.booleans()) else None
        amount = Money(data.draw(AMOUNTS))
        return PlaceHold(id=new_id(), debit=debit, credit=credit, amount=amount, kind="hold", expires_at=expires_at)

    def resolve(self, data: st.DataObject) -> Command:
        hold = self.draw_id(data, PlaceHold)
        if data.draw(st.booleans()):
            return VoidHold(hold)
        return PostHold(id=new_id(), hold=hold, journal=new_id(), amount=data.draw(PARTS))

    def reverse(self, data: st.DataObject) -> Command:
        transfer = self.draw_id(data, Post | PostHold | Reverse)
        return Reverse(id=new_id(), transfer=transfer, journal=new_id(), amount=data.draw(PARTS))

    def say_again(self, data: st.DataObject) -> Command:
        return data.draw(st.sampled_from(self.said))

    def contradict(self, data: st.DataObject) -> Command:
        """The same id with another amount, or the same leg under another id."""
        said = data.draw(st.sampled_from(self.said))
        if isinstance(said, VoidHold):
            return said
        if data.draw(st.booleans()):
            return replace(said, id=new_id())
        return replace(said, amount=Money(data.draw(AMOUNTS)))

    def draw_pair(self, data: st.DataObject) -> tuple[UUID, UUID]:
        debit = data.draw(st.sampled_from(self.accounts))
        others = [account for account in self.accounts if account != debit]
        return debit, data.draw(st.sampled_from([*others, new_id()] if data.draw(st.integers(0, 19)) == 0 else others))

    def draw_id(self, data: st.DataObject, kind: Any) -> UUID:
        """The id of something said before in this example, in this very batch perhaps, or of nothing at all."""
        known = [command.id for command in self.said if isinstance(command, kind)]
        return data.draw(st.sampled_from(known)) if known else new_id()


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    bench = Bench(database_url)
    yield bench
    bench.close()


def test_the_ledger_and_the_oracle_agree_on_every_batch(bench: Bench):
    run_state_machine_as_test(
        lambda: Ledger(bench),
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
