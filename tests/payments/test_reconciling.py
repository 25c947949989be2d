"""Our books against GetMiPay's: every way to differ is found, told once, and put right by two people."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

import payments
from core import clock
from core.money import Money
from ledger import AccountKind
from members import Member
from operators import NotAllowed, verify_acts
from payments import (
    BookDifference,
    DepositState,
    DifferenceKind,
    DifferenceState,
    Doubt,
    LineKind,
    Reconciliation,
    StatementUnreadable,
    Way,
    WayImpossible,
)
from payments.getmipay_v1 import _balance
from payments.statement_lines import COLUMNS
from tests.payments.counter import WHY, Counter, opened_counter
from tests.payments.kit import World

HOUR = timedelta(hours=1)


@pytest.fixture
async def counter(world: World) -> Counter:
    return await opened_counter(world)


async def a_day(world: World) -> Member:
    """A member who has topped up twice and withdrawn once; nothing is under way any more."""
    awa = await world.member()
    for amount in (5000, 3000):
        await world.pay(await world.open_deposit(awa, amount))
    await world.open_payout(awa, 2000)
    await world.flush(hurry=True)
    await world.work()
    return awa


async def compare(world: World, counter: Counter, *, later: timedelta = HOUR) -> Reconciliation:
    """What `cauri reconcile --statement` does, with a statement that GetMiPay writes now."""
    content = (await world.http.get(f"{world.base}/api/statement")).content
    lines = payments.read_statement(content)
    # A statement of a whole day: it goes on after what is compared.
    lines.append(a_later_line(later))
    done = await payments.compare_statement(world.database, lines, "november.csv", counter.proposes)
    await world.work()
    return done


def a_later_line(later: timedelta) -> payments.StatementLine:
    at = (clock.now() + later).isoformat()
    [line] = payments.read_statement(written(f"{at},TXN-LATER,,payin,failed,100,,XOF"))
    return line


def written(*lines: str) -> bytes:
    return "\n".join([",".join(COLUMNS), *lines]).encode()


async def open_ones(world: World) -> list[BookDifference]:
    async with world.database.reading() as session:
        return await payments.open_differences(session)


async def go(
    world: World, counter: Counter, difference: BookDifference, way: Way, member: Member | None = None
) -> BookDifference:
    """Proposed by one, approved by the other."""
    decision = await world.database.run(
        lambda session: payments.propose_way(
            session, counter.decisions, counter.proposes, difference.reference, way, reason=WHY, member=member
        )
    )
    await counter.approve(decision)
    await world.work()
    async with world.database.reading() as session:
        return await payments.find_difference(session, difference.reference)


# -- the balance -------------------------------------------------------------------------------------------------------


async def test_balances_that_agree_leave_nothing_to_do_also_while_payments_are_under_way(v1: World) -> None:
    awa = await v1.member()
    for method in ("wave", "moov_money"):
        await v1.pay(await v1.ask_and_open(awa, method))
        await v1.work()
    await v1.open_payout(awa, 2000)
    await v1.ask_and_open(awa, "wave")
    await compare_now(v1)
    await v1.flush(hurry=True)
    await compare_now(v1)
    assert await open_ones(v1) == []
    assert "reconciliation" not in v1.alerts


async def test_a_balance_that_differs_is_told_once_booked_by_two_and_then_agrees(v1: World) -> None:
    counter = await opened_counter(v1)
    await v1.pay(await v1.ask_and_open(await v1.member(), "wave"))
    await v1.work()
    await v1.turn(opening_balance=100_000)
    for hours in (1, 2, 30):
        with clock.ahead(timedelta(hours=hours)):
            await compare_now(v1)
    assert v1.alerts == ["reconciliation"]
    [difference] = await open_ones(v1)
    assert (difference.kind, difference.money) == (DifferenceKind.BALANCE, Money(100_000))
    await go(v1, counter, difference, Way.SUSPENSE)
    assert await v1.house(AccountKind.PROVIDER) == await v1.merchant_balance()
    assert await v1.house(AccountKind.SUSPENSE) == 100_000
    await go(v1, counter, difference, Way.KEEP)
    assert (await v1.house(AccountKind.SUSPENSE), await v1.house(AccountKind.FEES)) == (0, 100_000)
    await compare_now(v1)
    assert await open_ones(v1) == []
    # As much again, another day, is something new.
    await v1.turn(opening_balance=200_000)
    with clock.ahead(timedelta(days=1)):
        await compare_now(v1)
    assert len(await open_ones(v1)) == 1
    assert await v1.books_are_right()


async def test_a_difference_that_was_explained_is_not_told_every_day(v1: World) -> None:
    counter = await opened_counter(v1)
    await v1.turn(opening_balance=-700)
    await compare_now(v1)
    [difference] = await open_ones(v1)
    assert difference.money == Money(-700)
    assert (await go(v1, counter, difference, Way.EXPLAINED)).state is DifferenceState.CLOSED
    for days in (1, 2):
        with clock.ahead(timedelta(days=days)):
            await compare_now(v1)
    assert await open_ones(v1) == []
    assert v1.alerts == ["reconciliation"]


async def test_the_balance_is_compared_once_a_day_and_again_soon_where_nobody_answers(v1: World) -> None:
    provider = v1.provider
    assert isinstance(provider, payments.GetMiPayV1)
    daily = payments.DailyComparison(provider)
    assert (await daily.compare(v1.database, {})) - clock.now() > timedelta(hours=23)
    await v1.turn(opening_balance=5)
    await daily.compare(v1.database, {})
    assert [each.money for each in await open_ones(v1)] == [Money(5)]

    class Silent:
        async def balance(self) -> None:
            return None

    again_at = await payments.DailyComparison(Silent()).compare(v1.database, {})
    assert timedelta(0) < again_at - clock.now() < HOUR
    async with v1.database.reading() as session:
        assert len(await payments.reconciliations(session)) == 2


async def compare_now(world: World) -> None:
    theirs = Money(await world.merchant_balance())
    await world.database.run(lambda session: payments.compare_balance(session, theirs))
    await world.work()


# -- the statement -----------------------------------------------------------------------------------------------------


async def test_a_statement_that_agrees_line_by_line_finds_nothing(world: World, counter: Counter) -> None:
    await a_day(world)
    await world.pay(await world.open_deposit(await world.member()), pin="9999")
    await world.open_deposit(await world.member())
    done = await compare(world, counter)
    assert (done.lines, done.matched, done.found) == (6, 6, 0)
    assert await open_ones(world) == []
    async with world.database.reading() as session:
        assert await verify_acts(session) is None


async def test_in_the_dialect_of_production_a_line_is_found_by_their_id_and_the_fee_compared(v1: World) -> None:
    counter = await opened_counter(v1)
    await v1.pay(await v1.ask_and_open(await v1.member(), "wave"))
    await v1.work()
    assert (await compare(v1, counter)).found == 0
    await v1.turn(statement_fault="other_fee")
    assert (await compare(v1, counter)).found == 1
    [difference] = await open_ones(v1)
    assert (difference.kind, difference.money) == (DifferenceKind.OTHER_FEE, Money(-25))


@pytest.mark.parametrize(
    ("fault", "amount"),
    [("missing_here", 7000), ("missing_there", 2000), ("other_amount", -500), ("other_state", 0)],
)
async def test_each_way_to_differ_is_found_and_told_once(
    world: World, counter: Counter, fault: str, amount: int
) -> None:
    await a_day(world)
    await world.turn(statement_fault=fault, payout_status=True)
    assert [(await compare(world, counter)).found for _ in range(2)] == [1, 0]
    [difference] = await open_ones(world)
    assert (difference.kind.value, difference.amount) == (fault, amount)
    assert world.alerts.count("reconciliation") == 1
    assert await world.books_are_right()


async def test_what_they_call_failed_is_looked_up_and_stays_when_they_were_wrong(
    world: World, counter: Counter
) -> None:
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    await world.pay(deposit)
    await world.turn(statement_fault="other_state")
    await compare(world, counter)
    found = await world.deposit(deposit)
    assert (found.state, found.doubt) == (DepositState.SETTLED, None)
    assert world.alerts == ["failed_after_completed", "reconciliation"]
    [difference] = await open_ones(world)
    assert payments.ways_of(difference) == (Way.EXPLAINED,)


async def test_what_they_call_paid_and_we_called_failed_waits_for_the_look_up_or_for_people(
    world: World, counter: Counter
) -> None:
    awa = await world.member()
    await world.give(awa, 5000)
    deposit, payout = await world.open_deposit(awa), await world.open_payout(awa)
    await world.pay(deposit, pin="9999")
    await world.work()
    await world.decide(payout.reference, "failed")
    # The webhooks are lost, and the statement is all that tells.
    await world.turn(deposit_fault="silent", status_fault="server_error")
    for payment in (deposit, payout):
        await world.post(f"transactions/{payment.reference}/decide", status="success")
    await compare(world, counter)
    assert (await world.deposit(deposit)).doubt is Doubt.COMPLETED_AFTER_FAILED
    assert (await world.payout(payout)).doubt is Doubt.COMPLETED_AFTER_FAILED
    assert await counter.waiting() == [deposit.reference, payout.reference]
    assert await world.wallet(awa) == (5000, 0)


async def test_only_finance_reconciles(world: World, counter: Counter) -> None:
    with pytest.raises(NotAllowed):
        await payments.compare_statement(world.database, [], "empty.csv", counter.support)


def unheard_of(name: str, kind: str, amount: int) -> payments.StatementLine:
    at = clock.now().isoformat()
    [line] = payments.read_statement(written(f"{at},{name},,{kind},success,{amount},,XOF"))
    return line


async def test_a_comparison_that_breaks_off_has_kept_and_told_what_it_found_and_finds_it_once(
    world: World, counter: Counter
) -> None:
    lines = [unheard_of(f"T{number}", "payin", 500) for number in range(450)]
    # More than any database can hold; together nothing.
    unwritable = [unheard_of("T-in", "payin", 2**70), unheard_of("T-out", "payout", 2**70)]
    with pytest.raises((OverflowError, DBAPIError)):
        await payments.compare_statement(world.database, [*lines, *unwritable], "november.csv", counter.proposes)
    await world.work()
    assert world.alerts == ["reconciliation"]
    async with world.database.reading() as session:
        kept = await payments.open_differences(session, limit=1_000)
    assert [each.about for each in kept] == [f"T{number}" for number in range(400)]

    done = await payments.compare_statement(world.database, lines, "november.csv", counter.proposes)
    assert (done.lines, done.found) == (450, 50)
    async with world.database.reading() as session:
        assert len(await payments.open_differences(session, limit=1_000)) == 450
        assert [(each.lines, each.found) for each in await payments.reconciliations(session)] == [(450, 50), (0, 0)]
        assert await verify_acts(session) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"", "lacks the columns"),
        (b"created_at,amount\n2026-11-22,5", "lacks the columns currency, reference, status"),
        (written("2026-11-22T10:00:00,T1,,payin,success,5000.5,,XOF"), "Line 2 cannot be read: '5000.5'"),
        (written("2026-11-22T10:00:00,T1,,payin,success,-5,,XOF"), "Line 2"),
        (written("2026-11-22T10:00:00,T1,,payin,success,٥,,XOF"), "Line 2"),
        (written("yesterday,T1,,payin,success,5000,,XOF"), "Line 2"),
        (written("2026-11-22T10:00:00,,,payin,success,5000,,XOF"), "Line 2"),
        (written("2026-11-22T10:00:00,T1,,gift,success,5000,,XOF"), "Line 2"),
        (written("2026-11-22T10:00:00,T1,,payin,perhaps,5000,,XOF"), "Line 2"),
        (written("2026-11-22T10:00:00,T1,,payin"), "Line 2"),
        (written(*["2026-11-22T10:00:00,T1,,payin,success,5,,XOF"] * 2), "T1 stands in it twice"),
    ],
)
def test_a_file_that_is_no_statement_is_refused_with_the_line_that_is_wrong(content: bytes, says: str) -> None:
    with pytest.raises(StatementUnreadable, match=says.replace("(", r"\(")):
        payments.read_statement(content)


def test_a_statement_is_read_as_spreadsheets_write_it() -> None:
    content = "\ufeff" + written('2026-11-22T10:00:00Z,T1,"Cauri D-7KQ2",PayIn,SUCCESS,5000.00,150,XOF').decode()
    [line] = payments.read_statement(content.replace("\n", "\r\n").encode())
    assert (line.reference, line.amount, line.fee, line.moved) == ("D-7KQ2", Money(5000), 150, Money(4850))


# -- suspense ----------------------------------------------------------------------------------------------------------


async def suspended(world: World, counter: Counter) -> BookDifference:
    """7 000 F that nobody here knows of, booked into suspense."""
    await a_day(world)
    await world.turn(statement_fault="missing_here")
    await compare(world, counter)
    [difference] = await open_ones(world)
    return await go(world, counter, difference, Way.SUSPENSE)


async def test_each_franc_in_suspense_names_what_it_came_for(world: World, counter: Counter) -> None:
    difference = await suspended(world, counter)
    await world.turn(status_fault="server_error")
    deposit = await world.open_deposit(await world.member())
    await world.send_webhook(deposit.reference, "payment.completed", status="success", amount=9000)
    await world.work_through(timedelta(0), timedelta(hours=25))
    async with world.database.reading() as session:
        found = await payments.in_suspense(session)
    assert {(each.reference, each.amount) for each in found} == {
        (difference.reference, Money(7000)), (deposit.reference, Money(9000)),
    }  # fmt: skip
    assert sum(each.amount.amount for each in found) == await world.house(AccountKind.SUSPENSE)


async def test_what_stands_in_suspense_is_credited_to_whose_it_is_and_told(world: World, counter: Counter) -> None:
    difference = await suspended(world, counter)
    issa = await world.member("Issa", tier="unidentified")
    await world.give(issa, 196_000)
    assert (await go(world, counter, difference, Way.CREDIT, issa)).state is DifferenceState.CLOSED
    assert await world.wallet(issa) == (200_000, 0)
    assert (await world.stands(issa, AccountKind.PARKED)).posted == Money(3000)
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert world.events[-1] == "correction.made"
    async with world.database.reading() as session:
        newest = (await payments.history(session, issa.id)).lines[0]
    assert (newest.kind, newest.amount) == (LineKind.CREDITED, Money(7000))
    assert await world.books_are_right()


@pytest.mark.parametrize(("way", "provider", "fees"), [(Way.RETURN, 6000, 0), (Way.KEEP, 13_000, 7000)])
async def test_what_stands_in_suspense_goes_back_or_is_the_houses(
    world: World, counter: Counter, way: Way, provider: int, fees: int
) -> None:
    difference = await suspended(world, counter)
    assert await world.house(AccountKind.PROVIDER) == 13_000
    await go(world, counter, difference, way)
    assert await world.house(AccountKind.PROVIDER) == provider
    assert await world.house(AccountKind.FEES) == fees
    assert await world.house(AccountKind.SUSPENSE) == 0
    assert await world.books_are_right()


async def test_a_way_that_does_not_go_with_how_it_stands_is_refused(world: World, counter: Counter) -> None:
    difference = await suspended(world, counter)
    issa = await world.member("Issa")
    for way, member in ((Way.EXPLAINED, None), (Way.SUSPENSE, None), (Way.CREDIT, None), (Way.KEEP, issa)):
        with pytest.raises(WayImpossible):
            await go(world, counter, difference, way, member)
    await go(world, counter, difference, Way.RETURN)
    with pytest.raises(WayImpossible):
        await go(world, counter, difference, Way.KEEP)
    with pytest.raises(payments.DifferenceNotFound):
        await world.database.run(lambda session: payments.find_difference(session, "E-NOBODY"))


@pytest.mark.parametrize(
    ("told", "francs"),
    [(5000, 5000), (5000.0, 5000), ("-200.00", -200), (0, 0)]
    + [(odd, None) for odd in (True, "5 000", 5000.5, None, 1e30, [5000])],
)
def test_a_balance_is_read_in_whole_francs_or_not_at_all(told: object, francs: int | None) -> None:
    expected = None if francs is None else Money(francs)
    assert _balance({"balance": told, "currency": "XOF"}) == expected
