"""What the pages ask of the database stays cheap however much there is: every list is walked along an index."""

import pytest

from complaints import Subject
from members import register, use_phone
from tests.complaints.kit import complained
from tests.console.kit import Counter
from tests.payments.kit import World
from tests.plans import asked, walks_through

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])

# They hold the operators themselves and what they did; the log is walked from its end, and each page of it has a limit.
SMALL = {
    "operator",
    "operator_decision",
    "operator_act",
    "console_session",
    "console_link",
    "payment_day",
    "reconciliation",
}


async def test_no_page_reads_a_large_table_from_end_to_end(desk: Counter, world: World):
    awa = await desk.database.run(lambda session: register(session, "telegram", "5100000001", "Awa Zongo", "fr"))
    awa.tier = "identified"
    await desk.database.run(lambda session: use_phone(session, awa, "+22670123456"))
    deposit = await world.open_deposit(awa, 5000)
    await world.pay(deposit)
    await world.give(awa, 10_000)
    payout = await world.open_payout(awa, 2000)
    complaint = await complained(desk.database, awa, subject=Subject("deposit", deposit.id, deposit.reference))
    async with desk.seated("Chef") as seat:
        with asked(desk.database) as questions:
            for path, query in (
                ("", {"q": "awa zongo"}), ("", {"q": "aw", "after": f"aa|{awa.id}"}), ("", {"q": "70 12 34 56"}),
                ("", {"q": "5100000001"}), ("", {"q": deposit.reference}), ("", {"q": str(awa.id)}),
                ("", {"q": deposit.provider_id}), (f"/members/{awa.id}", {}), (f"/members/{awa.id}/wallet", {}),
                (f"/members/{awa.id}/operations.csv", {}),
                (f"/members/{awa.id}/wallet", {"before": "9"}), (f"/payments/{deposit.reference}", {}),
                (f"/payments/{payout.reference}", {}), ("/decisions", {}), ("/decisions", {"past": "yes"}),
                ("/balance", {}), ("/balance/provider", {}), ("/queues", {}), ("/reports", {}), ("/log", {}),
                ("/complaints", {}), (f"/complaints/{complaint.reference}", {}), ("", {"q": complaint.reference}),
                ("", {}),
            ):  # fmt: skip
                assert (await seat.opens(path, **query)).status_code == 200, path
    assert len(questions) > 40
    assert await walks_through(desk.database, questions, SMALL) == {}
