"""Random tontines through whole cycles: whatever people do, the sums hold."""

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

import ledger
import tontines
from core import clock
from core.db import Database
from core.errors import Refusal
from core.money import Money
from ledger import AccountKind
from payments import history
from tests.tontines.conftest import sqlite_alone as engine  # noqa: F401
from tests.tontines.kit import NAMES, Group, Village
from tontines import ContributionState, Due, Order, Receipt, RoundState, ShortPot, Turn

WEALTH = 1_000_000


class _Enough(Exception):
    """Ends an example, and takes back all that it wrote."""


@dataclass(frozen=True)
class Plan:
    """A tontine and the chance by which its people act."""

    halves: list[int]
    rules: dict[str, Any]
    chance: Random


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    halves = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    if sum(halves) % 2:
        halves[0] += 1
    if sum(halves) < 4:
        halves[0] += 2
    has_halves = any(held % 2 for held in halves)
    contribution = draw(st.integers(100, 3000)) * 2 if has_halves else draw(st.integers(100, 6000))
    fine = draw(st.sampled_from([0, 50, 99]))
    rules = {
        "contribution": contribution,
        "half_shares": has_halves,
        "order": draw(st.sampled_from(list(Order))),
        "short_pot": draw(st.sampled_from(list(ShortPot))),
        "beneficiary_contributes": draw(st.booleans()),
        "grace_days": draw(st.integers(0, 2)),
        "fine": fine,
        "fine_after_turn": fine,
        "fine_cap": 2 * fine,
        "caution": draw(st.sampled_from([0, 500])),
    }
    whims = Random(draw(st.integers(0, 2**32)))  # noqa: S311 - no secret of anybody's
    return Plan(halves, rules, whims)


lives = settings(
    deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


# A life takes a second: a few each time, each time others, and many in `make soak`.
@settings(lives, max_examples=5)
@given(plans())
async def test_whatever_people_do_pots_pay_what_they_hold_shares_get_one_turn_and_sums_are_conserved(
    database: Database, plan: Plan
):
    await live_and_forget(database, plan)


@pytest.mark.soak
@pytest.mark.timeout(600)
@settings(lives, max_examples=40)
@given(plans())
async def test_the_same_holds_through_forty_lives(database: Database, plan: Plan):
    await live_and_forget(database, plan)


async def live_and_forget(database: Database, plan: Plan) -> None:
    with contextlib.suppress(_Enough):
        async with database.transaction() as session:
            village = Village(database, session)
            async with village.clock:
                await Life(village, plan).live()
            raise _Enough


class Life:
    """One tontine from its first round to its last debt."""

    def __init__(self, village: Village, plan: Plan) -> None:
        self.village, self.plan, self.chance = village, plan, plan.chance
        self.names = NAMES[: len(plan.halves)]
        self.group: Group

    async def live(self) -> None:
        await self.begin()
        number = 1
        while number <= len(await self.village.do(tontines.rounds_of, (await self.group.cycle()).id)):
            await self.live_round(number)
            number += 1
        await self.pay_pots_that_waited()
        await self.check_the_end()
        await self.pay_debts()
        await self.check_sums()

    async def begin(self) -> None:
        village, plan = self.village, self.plan
        await village.people_of(*self.names, francs=WEALTH)
        wanted = dict(zip(self.names, plan.halves, strict=True))
        self.group = await village.tontine(*self.names, halves=wanted, **plan.rules)
        for name in self.names:
            caution = plan.rules["caution"] * wanted[name] // 2
            if caution:
                await village.do(
                    tontines.pay_caution, self.group.id, village.id(name), Money(caution),
                    payer_id=village.id(name), key=village.key(),
                )  # fmt: skip
        draws = plan.rules["order"] is Order.DRAW
        reveal_at = clock.now() + timedelta(hours=1) if draws else None
        await village.do(tontines.start_cycle, self.group.id, by=village.id(self.names[0]), reveal_at=reveal_at)

    async def live_round(self, number: int) -> None:
        await self.before_it_opens(number)
        round_ = await self.group.open(number)
        for name in self.chance.sample(self.names, len(self.names)):
            await self.act(name)
        if self.chance.random() < 0.3:
            await self.try_pot(number)
        await self.group.past_deadline(number, days=3)
        for name in self.names:
            if self.chance.random() < 0.5:
                await self.act(name)
        if self.chance.random() < 0.15:
            await self.declare_default(self.chance.choice(self.names))
        await self.try_pot(number)
        if self.chance.random() < 0.5:
            await self.take_back(self.chance.choice(self.names))
        await self.check_pot(round_.id)

    async def before_it_opens(self, number: int) -> None:
        village, name = self.village, self.chance.choice(self.names)
        round_ = await self.group.round(number)
        with contextlib.suppress(Refusal):
            if self.chance.random() < 0.5:
                await village.do(tontines.place_bid, round_.id, village.id(name), Money(self.chance.randint(1, 100)))
        with contextlib.suppress(Refusal):
            if self.chance.random() < 0.3:
                await village.do(tontines.state_need, self.group.id, village.id(name), "la rentrée")
        if self.chance.random() < 0.2:
            await self.swap(name)
        if self.chance.random() < 0.1:
            await self.leave(name)

    async def act(self, name: str) -> None:
        """Pay all, a part, early, for a while nothing, in cash, or let somebody else pay."""
        owed = await self.group.owes(name)
        what = self.chance.choice(["all", "all", "all", "part", "early", "nothing", "cash", "other", "set_off"])
        with contextlib.suppress(Refusal):
            if what == "all" and owed:
                await self.group.pay(name, owed)
            elif what == "part" and owed:
                await self.group.pay(name, self.chance.randint(1, owed))
            elif what == "early":
                await self.group.pay(name, owed + self.chance.randint(1, 2 * self.plan.rules["contribution"]))
            elif what == "cash" and owed:
                await self.pay_cash(name, self.chance.randint(1, owed))
            elif what == "other" and owed:
                await self.group.pay(name, owed, by=self.chance.choice(self.names))
            elif what == "set_off":
                await self.village.do(tontines.agree_to_set_off, self.group.id, self.village.id(name))

    async def pay_cash(self, name: str, amount: int) -> None:
        village = self.village
        treasurer = self.names[1] if name != self.names[1] else self.names[0]
        declared = await village.do(
            tontines.declare_cash, self.group.id, village.id(name), Money(amount), by=village.id(treasurer),
            key=village.key(),
        )  # fmt: skip
        confirm = self.chance.random() < 0.8
        await village.do(tontines.answer_cash, declared.id, by=village.id(name), confirm=confirm)

    async def swap(self, name: str) -> None:
        village, cycle = self.village, await self.group.cycle()
        turns = await village.do(tontines.turns_of, cycle.id)
        if len(turns) < 2:
            return
        one, other = self.chance.sample(turns, 2)
        with contextlib.suppress(Refusal):
            swap = await village.do(
                tontines.ask_swap, one.share_id, other.share_id, by=village.id(name), key=village.key()
            )
            for each in self.names:
                with contextlib.suppress(Refusal):
                    await village.do(tontines.answer_swap, swap.id, by=village.id(each), agree=True)

    async def leave(self, name: str) -> None:
        with contextlib.suppress(Refusal):
            await self.village.do(tontines.leave, self.group.id, self.village.id(name))

    async def declare_default(self, name: str) -> None:
        by = self.names[0] if name != self.names[0] else self.names[1]
        with contextlib.suppress(Refusal):
            await self.village.do(
                tontines.declare_default, self.group.id, self.village.id(name), by=self.village.id(by)
            )

    async def take_back(self, name: str) -> None:
        """Somebody finds that one of this member's contributions was a mistake, and whoever may confirms it."""
        village = self.village
        paid = await village.do(tontines.reversible_of, (await self.group.member(name)).id)
        if not paid:
            return
        mistake = self.chance.choice(paid)
        for asker in self.names:
            with contextlib.suppress(Refusal):
                await village.do(tontines.ask_reversal, mistake.id, "une erreur", by=village.id(asker))
                break
        for second in self.names:
            with contextlib.suppress(Refusal):
                await village.do(tontines.confirm_reversal, mistake.id, by=village.id(second))

    async def try_pot(self, number: int) -> None:
        """Ask for the pot as whoever may, and let whoever may approve it."""
        village, round_ = self.village, await self.group.round(number)
        for asker in self.names:
            with contextlib.suppress(Refusal):
                await village.do(tontines.request_pot, round_.id, by=village.id(asker))
                break
        for approver in self.names:
            with contextlib.suppress(Refusal):
                await village.do(tontines.approve_pot, round_.id, by=village.id(approver))

    async def pay_pots_that_waited(self) -> None:
        """In the end nobody waits for ever: who is late is in default, and each pot pays what is there."""
        # What was taken back after its deadline has a new one.
        await self.village.until(clock.now() + timedelta(days=5))
        rounds = await self.village.do(tontines.rounds_of, (await self.group.cycle()).id)
        for name in self.names:
            await self.declare_default(name)
        for round_ in rounds:
            if round_.state is not RoundState.CLOSED:
                await self.try_pot(round_.number)

    async def pay_debts(self) -> None:
        for name in self.names:
            owed = await self.group.owes(name)
            if owed:
                await self.group.pay(name, self.chance.randint(1, owed))

    async def check_pot(self, round_id: UUID) -> None:
        """What a pot has paid is at most what it has collected, and the ledger has the rest."""
        async with self.village.transaction() as session:
            collected = int(await session.scalar(select(func.sum(Due.paid)).where(Due.round_id == round_id)) or 0)
            given = select(func.sum(Receipt.amount - Receipt.taken_back)).where(Receipt.round_id == round_id)
            paid = int(await session.scalar(given) or 0)
            round_ = await session.get_one(tontines.Round, round_id)
            price = (await tontines.turn_of(session, round_)).price_paid
        in_cash = await self.unconfirmed_cash(round_id)
        kept = await self.village.stands(f"round:{round_id}") + await self.village.stands(f"round:{round_id}:cash")
        assert paid + price <= collected
        assert collected == paid + price + kept - in_cash

    async def unconfirmed_cash(self, round_id: UUID) -> int:
        receipts = await self.village.do(tontines.receipts_of, round_id, tontines.Source.CASH)
        return sum(each.given for each in receipts if each.confirmed_at is None)

    async def check_the_end(self) -> None:
        cycle = await self.group.cycle()
        assert cycle.ended_at is not None
        shares = await self.village.do(tontines.shares_of, cycle.id)
        turns: list[Turn] = await self.village.do(tontines.turns_of, cycle.id)
        assert sorted(turn.share_id for turn in turns) == sorted(share.id for share in shares)
        assert [turn.position for turn in turns] == list(range(1, len(shares) + 1))
        for round_ in await self.village.do(tontines.rounds_of, cycle.id):
            await self.check_pot(round_.id)
        await self.check_sums()
        lines = await self.village.do(tontines.statement, self.group.id)
        assert tontines.verify_statement(lines) is None

    async def check_sums(self) -> None:
        summary = await self.village.do(tontines.summarise, await self.group.cycle())
        assert [total.gap for total in summary.shares] == [0] * len(summary.shares)
        owed = [debt.amount for debt in summary.debts if debt.kind == "contribution"]
        assert sum(owed) == sum(total.owes for total in summary.shares)
        async with self.village.transaction() as session:
            assert (await ledger.audit(session)).is_clean
            undecided = select(tontines.Contribution).where(tontines.Contribution.state == ContributionState.WAITING)
            assert list(await session.scalars(undecided)) == []
        purses = sum([await self.check_history(name) for name in self.names])
        kept = (await self.village.do(tontines.money_left, self.group.id)).amount
        banknotes = await self.village.stands(f"tontine:{self.group.id}", AccountKind.CASH)
        assert purses + kept - banknotes == WEALTH * len(self.names)

    async def check_history(self, name: str) -> int:
        """What they read in their history comes to what they have; gives how much that is."""
        kinds = (AccountKind.WALLET, AccountKind.PARKED)
        purse = sum([await self.village.wallet(name, kind) for kind in kinds])
        page = await self.village.do(history, self.village.id(name), limit=1000)
        assert WEALTH + sum(line.amount.amount for line in page.lines) == purse
        return purse
