"""Two who decide and one who may not, behind the counter of a world's payments."""

from dataclasses import dataclass

import payments
from core.money import Money
from operators import Decision, Decisions, Operator, Role
from payments import Deposit, Outcome, Payout
from tests.operators.kit import hired
from tests.payments.kit import World

WHY = "GetMiPay wrote to us about it"


@dataclass
class Counter:
    """Awa proposes, Issa approves; Binta is of support."""

    world: World
    proposes: Operator
    approves: Operator
    support: Operator
    decisions: Decisions

    async def propose(self, payment: Deposit | Payout, outcome: Outcome, amount: int | None = None) -> Decision:
        said = Money(amount) if amount is not None else None
        return await self.world.database.run(
            lambda session: payments.propose_resolution(
                session, self.decisions, self.proposes, payment.reference, outcome, reason=WHY, amount=said
            )
        )

    async def approve(self, decision: Decision, by: Operator | None = None) -> Decision:
        return await self.world.database.run(
            lambda session: self.decisions.approve(session, by or self.approves, decision.id)
        )

    async def resolve(self, payment: Deposit | Payout, outcome: Outcome, amount: int | None = None) -> None:
        """Proposed by one, approved by the other; then what it led to is told."""
        await self.approve(await self.propose(payment, outcome, amount))
        await self.world.work()

    async def waiting(self) -> list[str]:
        async with self.world.database.reading() as session:
            return [item.payment.reference for item in await payments.in_review(session)]


async def opened_counter(world: World) -> Counter:
    decisions = Decisions()
    payments.register_decisions(decisions)
    hands = [await hired(world.database, f"{name} of the house", role) for name, role in HANDS]
    return Counter(world, *hands, decisions)


HANDS = (("Awa", Role.FINANCE), ("Issa", Role.ADMIN), ("Binta", Role.SUPPORT))
