"""What two operators decide, as the member reads it in the chat."""

import pytest
from sqlalchemy import select

import app
import payments
from operators import Role
from payments import Doubt, Outcome, Payout
from tests.operators.kit import hired
from tests.stories.conftest import ON_SQLITE
from tests.stories.person import Person
from tests.stories.town import Town, until

WHY = "GetMiPay wrote to us about it"


async def paid_twice(town: Town) -> tuple[Person, Payout]:
    """A withdrawal that failed, was given back, and had arrived all the same: nothing leaves the wallet any more."""
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault="failed_then_completed", payout_status=True, order_gap_s=0.2)
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("❌ Le retrait de 2 000 F CFA n’a pas abouti")

    async def found() -> Payout | None:
        async with town.database.reading() as session:
            return await session.scalar(select(Payout).where(Payout.doubt == Doubt.PAID_TWICE))

    payout = await until(found)
    await town.knobs("getmipay", payout_fault=None)
    await awa.says("retirer 1000 orange 70 12 34 56")
    await awa.hears("suspendues")
    return awa, payout


async def decide(town: Town, payout: Payout, outcome: Outcome) -> None:
    known = app.decisions()
    one, other = [await hired(town.database, name, Role.FINANCE) for name in ("Fanta", "Issa")]
    decision = await town.database.run(
        lambda session: payments.propose_resolution(session, known, one, payout.reference, outcome, reason=WHY)
    )
    await town.database.run(lambda session: known.approve(session, other, decision.id))


@ON_SQLITE
async def test_a_withdrawal_that_was_paid_twice_is_taken_back_and_the_wallet_opens_again(town: Town) -> None:
    awa, payout = await paid_twice(town)
    await decide(town, payout, Outcome.PAID)
    await awa.hears(
        f"Votre retrait {payout.reference} était bien arrivé", "nous avons donc repris 2 000 F CFA",
        "Votre solde : 3 000 F CFA",
    )  # fmt: skip
    await awa.says("/historique")
    await awa.hears("− 2 000 F CFA · Retrait payé deux fois, repris")
    await awa.says("retirer 1000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("✅ Retrait effectué : 1 000 F CFA", "Votre solde : 2 000 F CFA")
    await town.audit()


@ON_SQLITE
@pytest.mark.parametrize("outcome", [Outcome.UNPAID, Outcome.BORNE])
async def test_what_was_given_back_stays_theirs_and_the_wallet_opens_again(town: Town, outcome: Outcome) -> None:
    awa, payout = await paid_twice(town)
    await decide(town, payout, outcome)
    await awa.hears(
        "✅ Vérification terminée pour le retrait de 2 000 F CFA", "reste à vous", "Votre solde : 5 000 F CFA"
    )
    await awa.says("retirer 1000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("✅ Retrait effectué : 1 000 F CFA")
