from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core import clock
from core.canonical import digest
from core.errors import Refusal
from tests.tontines.kit import rules_of
from tontines import Order, Period, ShortPot, articles, check_rules, day_of_round, deadline, opens_at
from tontines.calendar import beginning
from tontines.rules import (
    ContributionOutOfBounds,
    DaysToPayInvalid,
    FineUnreasonable,
    HalfOfAnOddContribution,
    PeriodInvalid,
    StartInThePast,
    ZoneUnknown,
)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"contribution": 99}, ContributionOutOfBounds),
        ({"contribution": 1_000_001}, ContributionOutOfBounds),
        ({"contribution": 5001, "half_shares": True}, HalfOfAnOddContribution),
        ({"period": Period.OWN}, PeriodInvalid),
        ({"period": Period.OWN, "every_days": 0}, PeriodInvalid),
        ({"period": Period.OWN, "every_days": 367, "days_to_pay": 1}, PeriodInvalid),
        ({"every_days": 3}, PeriodInvalid),
        ({"period": Period.DAILY, "days_to_pay": 2}, DaysToPayInvalid),
        ({"days_to_pay": 0}, DaysToPayInvalid),
        ({"fine": 500}, FineUnreasonable),
        ({"fine": 6000, "fine_cap": 9000}, FineUnreasonable),
        ({"fine_after_turn": 500, "fine_cap": 400}, FineUnreasonable),
        ({"zone": "Africa/Nowhere"}, ZoneUnknown),
        ({"starts_on": date(2020, 1, 1)}, StartInThePast),
    ],
)
def test_rules_that_nobody_could_live_by_are_refused(changes: dict[str, object], refusal: type[Refusal]):
    with pytest.raises(refusal):
        check_rules(rules_of(**changes))


@pytest.mark.parametrize("amount", [5000.5, 5000.0, "5000", True])
def test_a_contribution_is_whole_francs_and_nothing_else(amount: object):
    with pytest.raises(ValidationError):
        rules_of(contribution=amount)


@pytest.mark.parametrize("period", [Period.DAILY, Period.WEEKLY, Period.BIWEEKLY, Period.MONTHLY])
def test_the_usual_periods_are_fine(period: Period):
    check_rules(rules_of(period=period, days_to_pay=1))


def test_own_days_are_fine_with_their_number():
    check_rules(rules_of(period=Period.OWN, every_days=5, days_to_pay=5))


def test_a_monthly_round_of_the_31st_falls_on_the_last_day_of_a_shorter_month():
    rules = rules_of(period=Period.MONTHLY, starts_on=date(2027, 1, 31))
    days = [day_of_round(rules, number) for number in (1, 2, 3, 4, 12, 14)]
    assert days == [
        date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2027, 12, 31),
        date(2028, 2, 29),
    ]  # fmt: skip


def test_rounds_follow_each_other_by_the_period():
    start = date(2027, 1, 4)
    weekly, fortnightly = rules_of(starts_on=start), rules_of(starts_on=start, period=Period.BIWEEKLY)
    own = rules_of(starts_on=start, period=Period.OWN, every_days=5)
    assert [day_of_round(rules, 3) - start for rules in (weekly, fortnightly, own)] == [
        timedelta(days=14), timedelta(days=28), timedelta(days=10),
    ]  # fmt: skip


def test_a_round_opens_in_the_morning_and_is_due_in_the_evening_of_the_tontines_own_zone():
    rules = rules_of(starts_on=date(2027, 1, 4), zone="Africa/Douala", days_to_pay=3)
    assert opens_at(rules, 1) == datetime(2027, 1, 4, 7, tzinfo=UTC)
    assert deadline(rules, 1) == datetime(2027, 1, 6, 19, tzinfo=UTC)


def test_a_round_that_is_due_the_same_day_is_due_that_evening():
    rules = rules_of(starts_on=date(2027, 1, 4), period=Period.DAILY, days_to_pay=1)
    assert deadline(rules, 1) - opens_at(rules, 1) == timedelta(hours=12)


def test_a_cycle_started_before_its_day_begins_that_morning():
    rules = rules_of(starts_on=date(2027, 1, 4), period=Period.DAILY, days_to_pay=1)
    begins = beginning(rules, datetime(2027, 1, 3, 23, 30, tzinfo=UTC), datetime(2027, 1, 3, 23, 40, tzinfo=UTC))
    assert (begins.opens_at, begins.deadline, begins.rules) == (opens_at(rules, 1), deadline(rules, 1), rules)


@pytest.mark.parametrize(
    ("hour", "minute", "deadline_day"),
    [(0, 0, 4), (8, 30, 4), (16, 0, 4), (16, 1, 5), (19, 59, 5), (20, 1, 5), (23, 59, 5)],
)
def test_a_cycle_started_on_its_day_begins_at_once_and_leaves_four_hours_to_pay(
    hour: int, minute: int, deadline_day: int
):
    now = datetime(2027, 1, 4, hour, minute, tzinfo=UTC)
    rules = rules_of(starts_on=date(2027, 1, 4), period=Period.DAILY, days_to_pay=1)
    begins = beginning(rules, now)
    assert begins.opens_at == now
    assert begins.deadline == datetime(2027, 1, deadline_day, 20, tzinfo=UTC)
    # Nobody owes two contributions on one evening.
    assert deadline(begins.rules, 2) == datetime(2027, 1, deadline_day + 1, 20, tzinfo=UTC)
    assert deadline(begins.rules, 1) == begins.deadline


def test_a_late_beginning_moves_no_day_of_a_weekly_tontine():
    rules = rules_of(starts_on=date(2027, 1, 4), days_to_pay=1)
    begins = beginning(rules, datetime(2027, 1, 4, 21, tzinfo=UTC))
    assert begins.deadline == datetime(2027, 1, 5, 20, tzinfo=UTC)
    assert begins.rules == rules
    patient = rules_of(starts_on=date(2027, 1, 4), days_to_pay=3)
    assert beginning(patient, datetime(2027, 1, 4, 21, tzinfo=UTC)).deadline == deadline(patient, 1)


@pytest.mark.parametrize("order", [Order.AUCTION, Order.NEED])
def test_a_cycle_begun_on_its_day_leaves_an_hour_for_bids_and_needs(order: Order):
    rules, now = rules_of(starts_on=date(2027, 1, 4), order=order), datetime(2027, 1, 4, 10, tzinfo=UTC)
    assert beginning(rules, now).opens_at == now + timedelta(hours=1)


@given(st.integers(0, 24 * 60 - 1), st.integers(1, 12 * 60), st.sampled_from(list(Period)[:4]))
def test_whenever_a_cycle_begins_there_is_time_to_pay_and_rounds_keep_their_order(
    minute: int, wait: int, period: Period
):
    rules = rules_of(starts_on=date(2027, 1, 4), period=period, days_to_pay=1, order=Order.DRAW)
    now = datetime(2027, 1, 4, tzinfo=UTC) + timedelta(minutes=minute)
    begins = beginning(rules, now, now + timedelta(minutes=wait))
    assert timedelta(hours=4) <= begins.deadline - begins.opens_at <= timedelta(hours=28)
    assert begins.deadline < opens_at(begins.rules, 2)


def test_the_charter_says_each_rule_and_its_hash_changes_with_any_of_them():
    plain = rules_of()
    named = [article["article"] for article in articles(plain)]
    assert {"contribution", "period.weekly", "start", "deadline", "order.fixed", "short_pot.wait"} <= set(named)
    assert "president_is_not_treasurer" in named
    others = [
        rules_of(contribution=6000), rules_of(order=Order.DRAW), rules_of(short_pot=ShortPot.CARRY),
        rules_of(beneficiary_contributes=False), rules_of(half_shares=True), rules_of(caution=1000),
        rules_of(grace_days=2), rules_of(fine=500, fine_cap=1000), rules_of(president_may_be_treasurer=True),
        rules_of(days_to_pay=2), rules_of(zone="Africa/Dakar"), rules_of(period=Period.OWN, every_days=7),
        rules_of(starts_on=clock.now().date() + timedelta(days=9)),
    ]  # fmt: skip
    assert len({digest(articles(rules)) for rules in [plain, *others]}) == 1 + len(others)
