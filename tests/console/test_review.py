"""Two operators at the console decide what became of a payment; support cannot, and one alone cannot."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import payments
from core.db import Database
from ledger import AccountKind
from operators import Role
from payments import DepositState, Outcome
from tests.console.kit import Counter, counter, words_of
from tests.payments.kit import World, opened_world
from tests.payments.test_review import deposit_in_review, wallet

WHY = "GetMiPay l’a confirmé au téléphone"


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(database, tmp_path) as world:
        yield world


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Counter]:
    async with counter(database) as served:
        payments.register_decisions(served.decisions)
        yield served


async def test_a_deposit_in_review_is_settled_by_two_and_the_member_has_it(desk: Counter, world: World):
    deposit = await deposit_in_review(world)
    path = f"/payments/{deposit.reference}"
    async with (
        desk.seated("Fanta", Role.FINANCE) as first,
        desk.seated("Ibrahim", Role.FINANCE) as second,
        desk.seated("Sita", Role.SUPPORT) as support,
    ):
        assert deposit.reference in (await first.opens("/decisions")).text
        assert "Question à GetMiPay" in words_of((await support.opens(path)).text)
        assert "/outcome" not in (await support.opens(path)).text
        refused = await support.sends(f"{path}/outcome", outcome=Outcome.PAID, reason=WHY)
        assert refused.status_code == 403

        proposed = await first.sends(f"{path}/outcome", outcome=Outcome.PAID, reason=WHY)
        assert "Rien n’a bougé" in words_of(proposed.text)
        assert await wallet(world, deposit) == (0, 0)
        [decision] = re.findall(r"/console/decisions/([0-9a-f-]{36})/reject", proposed.text)
        assert (await first.sends(f"/decisions/{decision}/approve")).status_code == 409
        assert (await support.sends(f"/decisions/{decision}/approve")).status_code == 403
        assert await wallet(world, deposit) == (0, 0)

        assert "Décision approuvée" in words_of((await second.sends(f"/decisions/{decision}/approve")).text)
        assert (await second.sends(f"/decisions/{decision}/approve")).status_code == 409
        story = words_of((await second.opens(path)).text)
        assert "Fanta propose : Trancher un paiement" in story
        assert "Ibrahim approuve : Trancher un paiement" in story
    assert (await world.deposit(deposit)).state is DepositState.SETTLED
    posted, _ = await wallet(world, deposit)
    assert posted == deposit.amount - deposit.fee
    assert await world.books_are_right()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_is_proposed_needs_a_reason_and_makes_sense(desk: Counter, world: World):
    deposit = await deposit_in_review(world)
    path = f"/payments/{deposit.reference}/outcome"
    async with desk.seated("Fanta", Role.FINANCE) as seat:
        assert (await seat.sends(path, outcome=Outcome.PAID, reason="")).status_code == 409
        assert (await seat.sends(path, outcome="king", reason=WHY)).status_code == 404
        assert (await seat.sends(path, outcome=Outcome.BORNE, reason=WHY)).status_code == 409
        assert (await seat.sends(path, outcome=Outcome.PAID, amount="beaucoup", reason=WHY)).status_code == 409
        assert (await seat.sends(path, outcome=Outcome.PAID, amount="4 000", reason=WHY)).status_code == 200
        assert (await seat.sends(path, outcome=Outcome.PAID, reason=WHY)).status_code == 409


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_each_franc_in_suspense_leads_to_what_it_came_for(desk: Counter, world: World):
    deposit = await deposit_in_review(world, claimed=4_000)
    assert await world.house(AccountKind.SUSPENSE) == 4_000
    async with desk.seated("Fanta", Role.FINANCE) as seat:
        page = (await seat.opens("/differences")).text
    assert f"/console/payments/{deposit.reference}" in page
    assert "+ 4 000 F CFA" in words_of(page)
