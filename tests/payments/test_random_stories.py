"""Random stories of webhooks, look-ups, time-outs and time: whatever happens, the money moves at most once."""

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.db import Database
from core.jobs import Jobs
from core.money import Money
from ledger import AccountKind
from payments import DepositState, PayoutState, register_jobs
from payments.failures import FailureCode
from payments.provider import (
    Accepted,
    Declined,
    NoAnswer,
    NotKnown,
    NotSent,
    Outcome,
    Progress,
    Seen,
    Sighting,
    Unclear,
)
from tests.payments.kit import Answering, World, completed

# They go hundreds of times where the cases of deposits and payouts have gone.
pytestmark = pytest.mark.no_cover

OUTCOMES: list[Outcome] = [
    Accepted("THEIRS", None),
    Declined(FailureCode.NO_ACCOUNT, "no"),
    Declined(FailureCode.UNKNOWN, "?"),
    Unclear("ReadTimeout"),
    NotSent("ConnectError"),
]
SIGHTINGS: list[Sighting] = [
    Seen(Progress.SUCCEEDED, Money(5000)),
    Seen(Progress.SUCCEEDED, Money(4000)),
    Seen(Progress.SUCCEEDED, Money(5000, "XAF")),
    Seen(Progress.FAILED, None),
    Seen(Progress.PENDING, None),
    NotKnown(),
    NoAnswer("ReadTimeout"),
]


@dataclass(frozen=True)
class Webhook:
    end: str
    theirs: bool
    amount: int


@dataclass(frozen=True)
class Work:
    """Workers wake up, minutes later, and this is what they are told."""

    minutes: int
    outcome: Outcome
    sighting: Sighting


EVENTS = st.one_of(
    st.builds(Webhook, st.sampled_from(["completed", "failed"]), st.booleans(), st.sampled_from([5000, 5000, 4000])),
    st.builds(Work, st.sampled_from([0, 0, 3, 20, 45, 24 * 60]), st.sampled_from(OUTCOMES), st.sampled_from(SIGHTINGS)),
)


class Whims(Answering):
    """Says to every call what the story says now."""

    now: Work
    undecided_calls: int = 0
    """Calls that may have been acted upon."""

    async def initiate(self, order):
        self.undecided_calls += not isinstance(self.now.outcome, NotSent)
        return self.now.outcome

    async def look_up(self, direction, reference, provider_id, pay_id=None):
        return self.now.sighting


@dataclass
class Story:
    """One payment's life, told step by step."""

    world: World
    kind: str
    reference: str
    provider: Whims = field(default_factory=Whims)
    jobs: Jobs = field(default_factory=Jobs)
    minutes: int = 0

    def __post_init__(self) -> None:
        register_jobs(self.jobs, self.provider)

    async def tell(self, event: Webhook | Work) -> None:
        if isinstance(event, Work):
            self.minutes += event.minutes
            self.provider.now = event
        with clock.ahead(timedelta(minutes=self.minutes)):
            await self._tell(event)

    async def _tell(self, event: Webhook | Work) -> None:
        if isinstance(event, Webhook):
            status = "success" if event.end == "completed" else "failed"
            name = "THEIRS" if event.theirs else self.reference
            body = completed(name, event.amount, event=f"{self.kind}.{event.end}", status=status)
            assert (await self.world.knock(body)).status == 200
        else:
            while await self.jobs.do_one(self.world.database):
                pass


def tell_story(sqlite_template: Path, folder: Path, story) -> None:
    """Each example on a database of its own; SQLite, because it is the same code and a copy takes no time."""
    path = folder / "story.sqlite3"
    shutil.copy(sqlite_template, path)
    for leftover in ("-wal", "-shm"):
        Path(f"{path}{leftover}").unlink(missing_ok=True)

    async def run() -> None:
        world = World(Database(f"sqlite:///{path}"))
        try:
            await story(world)
        finally:
            await world.http.aclose()
            await world.database.close()

    asyncio.run(run())


STORIES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@STORIES
@given(events=st.lists(EVENTS, max_size=10))
def test_a_deposit_is_credited_at_most_once_whatever_is_said(sqlite_template: Path, tmp_path: Path, events) -> None:
    async def story(world: World) -> None:
        awa = await world.member()
        deposit = await world.ask_deposit(awa)
        told = Story(world, "payment", deposit.reference)
        for event in events:
            before = await world.deposit(deposit)
            await told.tell(event)
            after = await world.deposit(deposit)
            credited, _ = await world.wallet(awa)
            paid = after.state is DepositState.SETTLED
            assert credited == (after.received if paid else 0)
            assert credited in {0, 4000, 5000}
            if before.state is DepositState.SETTLED:
                assert after.state in {DepositState.SETTLED, DepositState.REVERSED}
            assert await world.house(AccountKind.PROVIDER) == credited + after.suspended
            assert await world.books_are_right()
        assert told.provider.undecided_calls <= 1

    tell_story(sqlite_template, tmp_path, story)


@STORIES
@given(events=st.lists(EVENTS, max_size=10))
def test_a_payout_leaves_the_wallet_at_most_once_whatever_is_said(
    sqlite_template: Path, tmp_path: Path, events
) -> None:
    async def story(world: World) -> None:
        awa = await world.member()
        await world.give(awa, 9000)
        payout = await world.ask_payout(awa, 5000)
        told = Story(world, "payout", payout.reference)
        for event in events:
            before = await world.payout(payout)
            await told.tell(event)
            after = await world.payout(payout)
            expected = {
                PayoutState.COMPLETED: (4000, 0), PayoutState.FAILED: (9000, 0), PayoutState.REVERSED: (9000, 0),
            }.get(after.state, (9000, 5000))  # fmt: skip
            assert await world.wallet(awa) == expected
            if before.state is PayoutState.FAILED:
                assert after.state is PayoutState.FAILED
            assert await world.books_are_right()
        assert told.provider.undecided_calls <= 1

    tell_story(sqlite_template, tmp_path, story)
