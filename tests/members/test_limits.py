from datetime import UTC, datetime

import pytest

from core.ids import new_id
from core.money import Money
from members import Member, Tier, limits_of


def somebody(tier: str) -> Member:
    return Member(
        id=new_id(),
        name="Awa",
        language="fr",
        time_zone="UTC",
        tier=tier,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def test_the_limits_are_those_of_the_central_bank():
    unidentified, identified = limits_of(somebody("unidentified")), limits_of(somebody("identified"))
    assert (unidentified.hold_at_most, unidentified.load_a_month) == (Money(200_000), Money(200_000))
    assert (identified.hold_at_most, identified.load_a_month) == (Money(2_000_000), Money(10_000_000))


@pytest.mark.parametrize("tier", list(Tier))
def test_no_operation_is_larger_than_what_a_wallet_may_hold(tier: Tier):
    limits = limits_of(somebody(tier.value))
    assert Money(0) < limits.per_operation_at_least < limits.per_operation_at_most <= limits.hold_at_most
    assert limits.hold_at_most <= limits.load_a_month


def test_a_tier_nobody_knows_has_no_limits_to_read():
    with pytest.raises(ValueError, match="platinum"):
        limits_of(somebody("platinum"))
