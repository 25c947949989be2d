import asyncio
from dataclasses import replace
from datetime import timedelta

from core.clock import ahead, now
from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import Applied, Conflict, PostHold, RefusalReason, Refused, Replayed, Verdict, VoidHold
from tests.ledger.kit import Books, hold, posting, transfer

POOR = Refused(RefusalReason.INSUFFICIENT_FUNDS)
RESOLVED = Refused(RefusalReason.ALREADY_RESOLVED)
EXPIRED = Refused(RefusalReason.EXPIRED)
HOUR = timedelta(hours=1)


async def test_what_is_held_can_be_neither_spent_nor_held_again(books: Books):
    wallet, other = await books.wallet(100), await books.wallet()
    assert await books.apply(
        hold(wallet, books.provider, 80), transfer(wallet, other, 21), hold(wallet, books.provider, 21)
    ) == [Applied(), POOR, POOR]
    assert await books.apply(transfer(wallet, other, 20)) == [Applied()]
    assert await books.standing(wallet) == (80, 80)


async def test_a_posted_hold_moves_the_money_to_where_it_was_held_for(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80)
    assert await books.apply(payout) == [Applied()]
    assert await books.apply(posting(payout.id)) == [Applied()]
    assert await books.standing(wallet) == (20, 0)
    assert await books.standing(books.provider) == (20, 0)
    entry, _ = await books.statement(wallet)
    assert (entry.kind, entry.amount) == ("payout", Money(-80))


async def test_a_hold_posted_for_less_releases_the_rest(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80)
    await books.apply(payout, posting(payout.id, 50))
    assert await books.standing(wallet) == (50, 0)


async def test_a_hold_is_never_posted_for_more_nor_in_another_currency(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80)
    foreign = replace(posting(payout.id), amount=Money(90, "XAF"))
    assert await books.apply(payout, posting(payout.id, 81), foreign) == [
        Applied(),
        Refused(RefusalReason.OVER_HOLD),
        Refused(RefusalReason.CURRENCY_MISMATCH),
    ]
    assert await books.standing(wallet) == (100, 80)


async def test_a_voided_hold_gives_the_money_back_once(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80)
    await books.apply(payout)
    assert await books.apply(VoidHold(payout.id)) == [Applied()]
    assert await books.apply(VoidHold(payout.id)) == [Replayed()]
    assert await books.standing(wallet) == (100, 0)


async def test_a_hold_is_resolved_once_and_stays_so(books: Books):
    wallet = await books.wallet(100)
    posted, voided = hold(wallet, books.provider, 40), hold(wallet, books.provider, 40)
    paid = posting(posted.id)
    await books.apply(posted, voided, paid, VoidHold(voided.id))
    assert await books.apply(paid, posting(posted.id), VoidHold(posted.id), posting(voided.id)) == [
        Replayed(),
        RESOLVED,
        RESOLVED,
        RESOLVED,
    ]
    assert await books.standing(wallet) == (60, 0)


async def test_a_hold_asked_again_after_a_lost_answer_reserves_once(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80)
    assert await books.apply(payout) == [Applied()]
    assert await books.apply(payout) == [Replayed()]
    assert await books.apply(replace(payout, amount=Money(10))) == [Conflict()]
    assert await books.standing(wallet) == (100, 80)


async def test_a_hold_that_could_not_be_paid_stays_refused_after_a_top_up(books: Books):
    wallet = await books.wallet(10)
    payout = hold(wallet, books.provider, 80)
    assert await books.apply(payout) == [POOR]
    assert await books.apply(transfer(books.provider, wallet, 1000), payout) == [Applied(), POOR]


async def test_two_who_post_one_hold_at_once_move_it_once(books: Books, database_url: str):
    wallet = await books.wallet(1000)
    payouts = [hold(wallet, books.provider, 10) for _ in range(20)]
    await books.apply(*payouts)
    rivals = [replace(books, database=Database(database_url)) for _ in range(4)]

    async def post_all(rival: Books) -> list[Verdict]:
        return [(await rival.apply(posting(payout.id)))[0] for payout in payouts]

    verdicts = await asyncio.gather(*(post_all(rival) for rival in rivals))
    await asyncio.gather(*(rival.database.close() for rival in rivals))
    for verdicts_on_one_hold in zip(*verdicts, strict=True):
        assert sorted(map(str, verdicts_on_one_hold)) == sorted(map(str, [Applied(), *[RESOLVED] * 3]))
    assert await books.standing(wallet) == (800, 0)


async def test_an_expired_hold_reserves_nothing_though_nobody_swept(books: Books):
    wallet, other = await books.wallet(100), await books.wallet()
    await books.apply(hold(wallet, books.provider, 80, expires_at=now() + HOUR))
    assert await books.standing(wallet) == (100, 80)
    with ahead(2 * HOUR):
        assert await books.standing(wallet) == (100, 0)
        assert await books.apply(transfer(wallet, other, 100)) == [Applied()]
        assert await books.standing(wallet) == (0, 0)
        assert (await books.audit()).is_clean


async def test_an_expired_hold_is_neither_posted_nor_voided(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80, expires_at=now() + HOUR)
    await books.apply(payout)
    with ahead(2 * HOUR):
        assert await books.apply(posting(payout.id), VoidHold(payout.id)) == [EXPIRED, EXPIRED]
        assert await books.apply(VoidHold(payout.id)) == [EXPIRED]
        assert await books.standing(wallet) == (100, 0)


async def test_a_hold_with_time_left_is_posted(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80, expires_at=now() + HOUR)
    assert await books.apply(payout, posting(payout.id)) == [Applied(), Applied()]


async def test_a_hold_without_expiry_waits_for_ever(books: Books):
    wallet = await books.wallet(100)
    payout = hold(wallet, books.provider, 80)
    await books.apply(payout)
    with ahead(timedelta(days=3650)):
        assert await books.standing(wallet) == (100, 80)
        assert await books.apply(PostHold(id=new_id(), hold=payout.id, journal=new_id())) == [Applied()]
