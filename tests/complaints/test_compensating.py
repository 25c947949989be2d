"""Ending a complaint with money: two people, once, out of the house's income."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import app
import complaints
import ledger
from complaints import Complaint, ComplaintClosed, ComplaintState, NoSuchSum, Outcome
from core.db import Database
from core.money import Money
from ledger import AccountKind
from operators import Decision, NotAllowed, Operator, Role, SecondOperatorNeeded
from tests.complaints.kit import as_it_stands, complained, operator, somebody, stands

DECISIONS = app.decisions()


async def proposed(database: Database, complaint: Complaint, by: Operator, amount: int = 500) -> Decision:
    async def work(session: AsyncSession) -> Decision:
        return await complaints.propose_compensation(
            session, DECISIONS, complaint, by, Money(amount), words="Voici l'écart.", reason="écart vu sur le SMS"
        )

    return await database.run(work)


async def test_it_is_paid_once_a_second_person_approves_and_never_twice(database: Database):
    awa, fanta, issa = await somebody(database), await operator(database, "Fanta"), await operator(database, "Issa")
    complaint = await complained(database, awa)
    decision = await proposed(database, complaint, fanta)
    assert await stands(database, awa) == 0
    with pytest.raises(SecondOperatorNeeded):
        await database.run(lambda session: DECISIONS.approve(session, fanta, decision.id))
    outcomes = await asyncio.gather(
        *(database.run(lambda session: DECISIONS.approve(session, issa, decision.id)) for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Decision) for each in outcomes) == 1
    ended = await as_it_stands(database, complaint)
    assert (ended.state, ended.outcome, await stands(database, awa)) == (
        ComplaintState.CLOSED, Outcome.COMPENSATED, 500,
    )  # fmt: skip
    async with database.reading() as session:
        house = await ledger.account(session, "house", AccountKind.FEES)
        assert house is not None
        assert (await ledger.balance(session, house.id)).posted == Money(-500)
        assert (await ledger.audit(session)).is_clean


async def test_what_exceeds_the_wallets_limit_is_parked(database: Database):
    awa, fanta, issa = await somebody(database), await operator(database, "Fanta"), await operator(database, "Issa")
    for number, amount in enumerate((200_000, 30_000)):
        complaint = await complained(database, awa, key=f"run {number}")
        decision = await proposed(database, complaint, fanta, amount)
        await database.run(lambda session, decision=decision: DECISIONS.approve(session, issa, decision.id))
    assert (await stands(database, awa), await stands(database, awa, AccountKind.PARKED)) == (200_000, 30_000)


async def test_support_neither_proposes_nor_approves(database: Database):
    awa, fanta = await somebody(database), await operator(database, "Fanta")
    sali, complaint = await operator(database, "Sali", Role.SUPPORT), await complained(database, awa)
    with pytest.raises(NotAllowed):
        await proposed(database, complaint, sali)
    decision = await proposed(database, complaint, fanta)
    with pytest.raises(NotAllowed):
        await database.run(lambda session: DECISIONS.approve(session, sali, decision.id))
    assert await stands(database, awa) == 0


@pytest.mark.parametrize("amount", [0, -500, 200_001])
async def test_a_sum_that_cannot_be_meant_is_refused(database: Database, amount: int):
    fanta, complaint = await operator(database, "Fanta"), await complained(database, await somebody(database))
    with pytest.raises(NoSuchSum):
        await proposed(database, complaint, fanta, amount)


async def test_what_ended_meanwhile_pays_nothing(database: Database):
    awa, fanta, issa = await somebody(database), await operator(database, "Fanta"), await operator(database, "Issa")
    complaint = await complained(database, awa)
    decision = await proposed(database, complaint, fanta)
    await database.run(lambda session: complaints.withdraw(session, complaint))
    with pytest.raises(ComplaintClosed):
        await database.run(lambda session: DECISIONS.approve(session, issa, decision.id))
    assert await stands(database, awa) == 0
