"""What tontines moved stands in a member's history, beside what they paid in and out."""

import tontines
from core.money import Money
from members import Member
from members.uniting import unite
from payments import Line, LineKind, history
from tests.tontines.kit import Village
from tests.tontines.test_reversals import THREE, takes_back


async def lines_of(village: Village, name: str) -> list[Line]:
    page = await village.do(history, village.id(name), limit=100)
    return list(page.lines)


async def test_what_was_contributed_taken_back_and_received_is_told_with_the_tontine(village: Village):
    group = await village.running(*THREE)
    await takes_back(village, await group.pay("Chantal", 7000))
    for name in THREE:
        await group.pay(name, 5000)
    await group.pay_pot(1)
    told = [(line.kind, line.amount, line.state) for line in await lines_of(village, "Chantal")]
    assert told[0] == (LineKind.CONTRIBUTION, Money(-5000), "completed")
    assert sorted(told[1:]) == sorted(
        [
            (LineKind.CONTRIBUTION_REVERSAL, Money(5000), "completed"),
            (LineKind.CONTRIBUTION_REVERSAL, Money(2000), "completed"),
            (LineKind.CONTRIBUTION, Money(-5000), "completed"),
            (LineKind.ADVANCE, Money(-2000), "completed"),
        ]
    )
    pot, _ = await lines_of(village, "Awa")
    assert (pot.kind, pot.amount, pot.reference) == (LineKind.POT, Money(15_000), "")
    found = await village.do(tontines.tontine_of, pot.owner)
    assert found is not None
    assert found.id == group.id


async def test_what_two_wallets_paid_before_they_were_known_to_be_one_stands_in_one_history(village: Village):
    await village.person("Fatima", 9000)
    group = await village.running(*THREE)
    await group.pay("Awa", 1000, by="Fatima")
    await group.pay("Awa", 1500)
    async with village.transaction() as session:
        kept, given_up = [await session.get_one(Member, village.id(name)) for name in ("Awa", "Fatima")]
        await tontines.follow(session, given_up.id, kept.id)
        await unite(session, kept, given_up)
    assert [line.amount for line in await lines_of(village, "Awa")] == [Money(-1500), Money(-1000)]
    assert await village.wallet("Awa") == 100_000 + 9000 - 2500
