"""What takes two: proposed by one, approved by another, and done once."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.errors import Refusal
from core.jobs import JobRow, enqueue
from operators import (
    Act,
    AlreadyDecided,
    AlreadyProposed,
    Decision,
    Decisions,
    NotAllowed,
    Operator,
    ReasonMissing,
    Role,
    SecondOperatorNeeded,
    Verdict,
    acts_about,
    find_decision,
    open_decisions,
    verify_acts,
)
from tests.operators.kit import hired

WHY = "GetMiPay wrote that it was paid"


class Counter:
    """Two finance people, somebody of support, and a kind of decision that leaves a job each time it is carried out."""

    def __init__(self, database: Database, awa: Operator, issa: Operator, support: Operator) -> None:
        self.database, self.awa, self.issa, self.support = database, awa, issa, support
        self.decisions = Decisions()
        self.decisions.register("resolve", Act.RESOLVE_PAYMENT, _leave_a_job)

    async def propose(self, by: Operator, subject: str = "D-1", reason: str = WHY, **payload: str) -> Decision:
        return await self.database.run(
            lambda session: self.decisions.propose(session, by, "resolve", subject, reason=reason, payload=payload)
        )

    async def approve(self, by: Operator, decision_id: UUID) -> Decision:
        return await self.database.run(lambda session: self.decisions.approve(session, by, decision_id))

    async def reject(self, by: Operator, decision_id: UUID) -> Decision:
        return await self.database.run(lambda session: self.decisions.reject(session, by, decision_id))

    async def done(self) -> int:
        async with self.database.reading() as session:
            return len(list(await session.scalars(select(JobRow.id).where(JobRow.kind == "effect"))))


async def _leave_a_job(session: AsyncSession, decision: Decision) -> None:
    if decision.payload.get("says") == "no":
        raise TooLate
    await enqueue(session, "effect", f"{decision.id}", {})
    await enqueue(session, "effect", "counted once for all", {})


class TooLate(Refusal):
    key = "refusal.operator.already_decided"


@pytest.fixture
async def counter(database: Database) -> Counter:
    return Counter(
        database,
        await hired(database, "Awa", Role.FINANCE),
        await hired(database, "Issa", Role.ADMIN),
        await hired(database, "Binta", Role.SUPPORT),
    )


async def test_a_second_person_approves_and_it_happens(counter: Counter):
    decision = await counter.propose(counter.awa, outcome="paid")
    assert await counter.done() == 0
    approved = await counter.approve(counter.issa, decision.id)
    assert (approved.verdict, approved.decided_by) == (Verdict.APPROVED, counter.issa.id)
    assert await counter.done() == 2
    async with counter.database.reading() as session:
        proposed, confirmed = await acts_about(session, "D-1")
        assert await verify_acts(session) is None
    assert proposed.detail["reason"] == WHY
    assert proposed.detail["outcome"] == "paid"
    assert [proposed.operator_id, confirmed.operator_id] == [counter.awa.id, counter.issa.id]


async def test_whoever_proposes_does_not_approve_but_may_think_again(counter: Counter):
    decision = await counter.propose(counter.awa)
    with pytest.raises(SecondOperatorNeeded):
        await counter.approve(counter.awa, decision.id)
    assert (await counter.reject(counter.awa, decision.id)).verdict is Verdict.REJECTED
    assert await counter.done() == 0
    with pytest.raises(AlreadyDecided):
        await counter.approve(counter.issa, decision.id)
    await counter.propose(counter.issa)


async def test_two_approvals_at_once_are_carried_out_once(counter: Counter):
    third = await hired(counter.database, "Moussa", Role.FINANCE)
    decision = await counter.propose(counter.awa)
    said = await asyncio.gather(
        *(counter.approve(by, decision.id) for by in (counter.issa, third, counter.issa, third)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in said) == ["AlreadyDecided"] * 3 + ["Decision"]
    assert await counter.done() == 2


async def test_two_who_propose_at_once_about_one_subject_make_one_decision(counter: Counter):
    said = await asyncio.gather(counter.propose(counter.awa), counter.propose(counter.issa), return_exceptions=True)
    assert sorted(type(each).__name__ for each in said) == ["AlreadyProposed", "Decision"]
    with pytest.raises(AlreadyProposed):
        await counter.propose(counter.issa)
    await counter.propose(counter.issa, "D-2")
    async with counter.database.reading() as session:
        assert [each.subject for each in await open_decisions(session)] == ["D-1", "D-2"]
        found = await find_decision(session, "D-2", "resolve")
        assert found is not None
        assert await find_decision(session, "D-2", "release") is None


async def test_what_cannot_be_carried_out_stays_open_and_leaves_no_trace(counter: Counter):
    decision = await counter.propose(counter.awa, says="no")
    with pytest.raises(TooLate):
        await counter.approve(counter.issa, decision.id)
    async with counter.database.reading() as session:
        assert [each.id for each in await open_decisions(session)] == [decision.id]
        assert len(await acts_about(session, "D-1")) == 1
    await counter.reject(counter.issa, decision.id)


async def test_support_neither_proposes_nor_decides(counter: Counter):
    with pytest.raises(NotAllowed):
        await counter.propose(counter.support)
    decision = await counter.propose(counter.awa)
    for act in (counter.approve, counter.reject):
        with pytest.raises(NotAllowed):
            await act(counter.support, decision.id)


@pytest.mark.parametrize("reason", ["", "  ok  ", "\n\t \x00", "a" * 501])
async def test_nothing_is_proposed_without_a_reason_that_says_something(counter: Counter, reason: str):
    with pytest.raises(ReasonMissing):
        await counter.propose(counter.awa, reason=reason)


FORBIDDEN = {
    "the terms change": "UPDATE operator_decision SET payload = '{}'",
    "the reason changes": "UPDATE operator_decision SET reason = 'other'",
    "one person does both": "UPDATE operator_decision SET verdict = 'approved', decided_by = proposed_by",
    "a decision goes away": "DELETE FROM operator_decision",
}


@pytest.mark.parametrize("change", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_the_database_keeps_a_decision_as_it_was_proposed(counter: Counter, change: str):
    await counter.propose(counter.awa)
    with pytest.raises(IntegrityError, match="denied"):
        await counter.database.run(lambda session: session.execute(text(change)))


async def test_what_was_decided_is_not_decided_again_by_hand(counter: Counter):
    await counter.reject(counter.issa, (await counter.propose(counter.awa)).id)
    with pytest.raises(IntegrityError, match="denied"):
        await counter.database.run(lambda s: s.execute(text("UPDATE operator_decision SET verdict = NULL")))
