from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.ids import new_id
from core.money import Money
from ledger import (
    AccountKind,
    Applied,
    Command,
    Conflict,
    InsufficientFunds,
    LedgerConflict,
    LedgerRefused,
    PlaceHold,
    RefusalReason,
    Refused,
    Replayed,
    VoidHold,
    post,
)
from tests.ledger.kit import Books, hold, posting, reversal, transfer


async def do(books: Books, *commands: Command) -> None:
    async with books.database.transaction() as session:
        await post(session, *commands)


async def test_a_transfer_said_twice_moves_once(books: Books):
    wallet = await books.wallet()
    deposit = transfer(books.provider, wallet, 5000)
    await do(books, deposit)
    await do(books, deposit)
    assert await books.standing(wallet) == (5000, 0)
    assert await books.apply(deposit) == [Replayed()]


async def test_the_same_id_with_other_content_is_a_conflict_and_moves_nothing(books: Books):
    wallet, other = await books.wallet(5000), await books.wallet()
    said = transfer(wallet, other, 100)
    await do(books, said)
    for changed in (
        replace(said, amount=Money(101)),
        replace(said, credit=books.fees),
        replace(said, kind="gift"),
        replace(said, leg=1),
        replace(said, journal=new_id()),
        replace(said, effective_at=datetime(2026, 1, 1, tzinfo=UTC)),
        PlaceHold(id=said.id, debit=wallet, credit=other, amount=Money(100), kind="send"),
        replace(posting(new_id()), id=said.id),
        replace(reversal(said.id), id=said.id),
    ):
        with pytest.raises(LedgerConflict, match=str(said.id)):
            await do(books, changed)
    assert await books.standing(wallet) == (4900, 0)


async def test_the_same_leg_under_a_new_id_is_a_conflict(books: Books):
    wallet = await books.wallet()
    deposit = transfer(books.provider, wallet, 5000)
    assert await books.apply(deposit, replace(deposit, id=new_id())) == [Applied(), Conflict()]
    assert await books.apply(replace(deposit, id=new_id())) == [Conflict()]
    assert await books.standing(wallet) == (5000, 0)


async def test_a_member_without_enough_is_told_what_there_is(books: Books):
    wallet, other = await books.wallet(300), await books.wallet()
    await books.apply(hold(wallet, books.provider, 100))
    for asked in (transfer(wallet, other, 201), hold(wallet, books.provider, 201)):
        with pytest.raises(InsufficientFunds) as refusal:
            await do(books, asked)
        assert refusal.value.params == {"balance": Money(200), "amount": Money(201)}


@pytest.mark.parametrize("amount", [None, 60])
async def test_a_reversal_that_finds_the_money_gone_says_what_is_left(books: Books, amount: int | None):
    wallet, other = await books.wallet(), await books.wallet()
    deposit = transfer(books.provider, wallet, 100)
    await do(books, deposit)
    await do(books, transfer(wallet, other, 70))
    with pytest.raises(InsufficientFunds) as refusal:
        await do(books, reversal(deposit.id, amount))
    assert refusal.value.params == {"balance": Money(30), "amount": Money(amount or 100)}


async def test_a_refused_id_stays_refused_after_a_top_up_and_a_new_id_succeeds(books: Books):
    wallet, other = await books.wallet(50), await books.wallet()
    poor = transfer(wallet, other, 100)
    refused = Refused(RefusalReason.INSUFFICIENT_FUNDS)
    assert await books.apply(poor) == [refused]
    await books.apply(transfer(books.provider, wallet, 1000))
    assert await books.apply(poor) == [refused]
    assert await books.apply(replace(poor, amount=Money(10))) == [Conflict()]
    await do(books, replace(poor, id=new_id()))
    assert await books.standing(other) == (100, 0)


async def test_a_refusal_that_was_caught_is_remembered_when_the_transaction_commits(books: Books):
    wallet, other = await books.wallet(50), await books.wallet()
    legs = (transfer(wallet, other, 40), transfer(wallet, books.fees, 20))
    for _ in range(2):
        async with books.database.transaction() as session:
            with pytest.raises(InsufficientFunds):
                await post(session, *legs)
    await books.apply(transfer(books.provider, wallet, 1000))
    assert await books.apply(legs[1]) == [Refused(RefusalReason.INSUFFICIENT_FUNDS)]


async def test_the_legs_of_one_event_are_posted_together_or_not_at_all(books: Books):
    wallet, other = await books.wallet(100), await books.wallet()
    async with books.database.transaction() as session:
        with pytest.raises(InsufficientFunds):
            await post(session, transfer(wallet, other, 90), transfer(wallet, books.fees, 20))
    assert await books.standing(wallet) == (100, 0)
    assert await books.standing(other) == (0, 0)


@pytest.mark.parametrize(
    ("reason", "credit", "amount"),
    [
        (RefusalReason.UNKNOWN_ACCOUNT, "nobody", Money(10)),
        (RefusalReason.CURRENCY_MISMATCH, "fees", Money(10, "XAF")),
    ],
)
async def test_a_refusal_that_is_a_fault_of_ours_says_its_reason(
    books: Books, reason: RefusalReason, credit: str, amount: Money
):
    wallet = await books.wallet(100)
    with pytest.raises(LedgerRefused, match=reason) as error:
        await do(books, replace(transfer(wallet, getattr(books, credit, new_id()), 10), amount=amount))
    assert error.value.reason is reason


async def test_two_currencies_never_meet(books: Books):
    wallet, foreign = await books.wallet(100), await books.open("member:x", currency="XAF")
    assert await books.apply(transfer(wallet, foreign, 10)) == [Refused(RefusalReason.CURRENCY_MISMATCH)]


async def test_what_an_error_is_about_can_be_read(books: Books):
    unknown = VoidHold(new_id())
    with pytest.raises(LedgerRefused, match=f"VoidHold {unknown.hold}: unknown_hold"):
        await do(books, unknown)


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
@pytest.mark.parametrize("make", [transfer, hold, lambda debit, _, amount: posting(debit, amount)])
def test_an_amount_is_at_least_one_franc_and_within_reason(make, amount: int):
    with pytest.raises(ValueError, match="moves between 1"):
        make(new_id(), new_id(), amount)


@pytest.mark.parametrize("make", [transfer, hold])
def test_an_account_does_not_pay_itself(make):
    wallet = new_id()
    with pytest.raises(ValueError, match="its own counterparty"):
        make(wallet, wallet, 10)


async def test_when_it_took_effect_is_kept_apart_from_when_it_was_written(books: Books):
    wallet = await books.wallet()
    yesterday = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    await do(books, replace(transfer(books.provider, wallet, 10), effective_at=yesterday))
    [entry] = await books.statement(wallet)
    assert entry.effective_at == yesterday
    assert entry.created_at > yesterday


async def test_a_pot_can_be_paid_from_and_never_beyond(books: Books):
    pot, wallet = await books.open("round:1", AccountKind.POT), await books.wallet(1000)
    await do(books, transfer(wallet, pot, 1000), transfer(pot, wallet, 400))
    assert await books.apply(transfer(pot, wallet, 601)) == [Refused(RefusalReason.INSUFFICIENT_FUNDS)]
