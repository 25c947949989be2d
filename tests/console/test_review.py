"""Two operators at the console decide what became of a payment; support cannot, and one alone cannot."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

import payments
from core.db import Database
from ledger import AccountKind
from operators import Role
from payments import DepositState, Outcome
from tests.console.kit import Counter, counter, words_of
from tests.payments.kit import World
from tests.payments.test_review import deposit_in_review, wallet

WHY = "GetMiPay l’a confirmé au téléphone"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Counter]:
    async with counter(database) as served:
        payments.register_decisions(served.decisions)
        yield served


async def test_who_cannot_withdraw_because_of_a_payout_given_back_and_paid_is_shown_so_with_the_way_out(
    desk: Counter, world: World
):
    await world.turn(payout_fault="failed_then_completed", payout_status=True)
    awa = await world.member()
    await world.give(awa, 5000)
    payout = await world.open_payout(awa)
    path, stopped = f"/payments/{payout.reference}", "Rien ne sort de ce portefeuille : un retrait de 2 000 F CFA"
    async with desk.seated("Fanta", Role.FINANCE) as first, desk.seated("Ibrahim", Role.FINANCE) as second:
        assert "Rien ne sort de" not in words_of((await first.opens(f"/members/{awa.id}")).text)
        for _ in range(2):
            await world.flush(hurry=True)
        await world.work()
        shown = await first.opens(f"/members/{awa.id}")
        assert "sorties suspendues" in words_of(shown.text)
        assert stopped in words_of(shown.text)
        assert (
            f'dès qu’une deuxième personne approuve, sauf s’il reste quelque chose à couvrir. <a href="/console{path}"'
            in (unescape(shown.text).replace("\n", " "))
        )
        assert "Rien ne sort de son portefeuille" in words_of((await first.opens(path)).text)

        # Opening the wallet is another matter, and changes nothing about it.
        await first.sends(f"/members/{awa.id}/freeze", reason=WHY)
        opened = await first.sends(f"/members/{awa.id}/unfreeze", reason=WHY)
        assert stopped in words_of(opened.text)

        proposed = await first.sends(f"{path}/outcome", outcome=Outcome.BORNE, reason=WHY)
        [decision] = re.findall(r"/console/decisions/([0-9a-f-]{36})/reject", proposed.text)
        for words in ("Ce qui est proposé Payé, à la charge de la maison", "Montant 2 000 F CFA", "alors échoué"):
            assert words in words_of(proposed.text)
        assert "Décision approuvée" in words_of((await second.sends(f"/decisions/{decision}/approve")).text)
        page = words_of((await first.opens(f"/members/{awa.id}")).text)
        assert "sorties suspendues" not in page
        assert "Rien ne sort de" not in page
        assert "Rien ne sort de" not in words_of((await first.opens(path)).text)
    await world.ask_payout(awa, 1000)


async def test_a_deposit_in_review_is_settled_by_two_and_the_member_has_it(desk: Counter, world: World):
    deposit = await deposit_in_review(world)
    path = f"/payments/{deposit.reference}"
    async with (
        desk.seated("Fanta", Role.FINANCE) as first,
        desk.seated("Ibrahim", Role.FINANCE) as second,
        desk.seated("Sita", Role.SUPPORT) as support,
    ):
        assert deposit.reference in (await first.opens("/decisions")).text
        assert "Des paiements attendent que l’on dise ce qu’ils sont devenus" in words_of((await first.opens("")).text)
        assert "Question à GetMiPay" in words_of((await support.opens(path)).text)
        assert "/outcome" not in (await support.opens(path)).text
        refused = await support.sends(f"{path}/outcome", outcome=Outcome.PAID, reason=WHY)
        assert refused.status_code == 403

        proposed = await first.sends(f"{path}/outcome", outcome=Outcome.PAID, reason=WHY)
        assert "Rien n’a bougé" in words_of(proposed.text)
        assert await wallet(world, deposit) == (0, 0)
        assert "Décisions qui attendent une deuxième personne : 1." in words_of((await second.opens("")).text)
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
