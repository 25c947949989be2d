from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tontines.rotation import (
    HalfWithoutPair,
    Offer,
    OrderIncomplete,
    Part,
    Stake,
    StatedNeed,
    TurnNotUpcoming,
    arranged,
    auction_winner,
    divided,
    divided_since,
    first_in_need,
    form_shares,
    moved_to_the_end,
    swapped,
)

A, B, C, D = (UUID(int=number) for number in range(1, 5))
NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def test_a_member_with_three_halves_takes_one_turn_alone_and_shares_another():
    assert form_shares([Stake(A, 3), Stake(B, 1), Stake(C, 2)]) == [
        (Part(A, 2),), (Part(C, 2),), (Part(A, 1), Part(B, 1)),
    ]  # fmt: skip


def test_a_half_share_without_another_half_is_refused():
    with pytest.raises(HalfWithoutPair) as refused:
        form_shares([Stake(A, 2), Stake(B, 1)])
    assert refused.value.params == {"member": B}


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_shares_hold_exactly_what_their_members_hold(halves: list[int]):
    stakes = [Stake(UUID(int=number + 1), held) for number, held in enumerate(halves)]
    if sum(halves) % 2:
        with pytest.raises(HalfWithoutPair):
            form_shares(stakes)
        return
    shares = form_shares(stakes)
    for stake in stakes:
        held = [part.halves for share in shares for part in share if part.membership == stake.membership]
        assert sum(held) == stake.halves
    assert {sum(part.halves for part in share) for share in shares} == {2}


def test_a_fixed_order_names_each_share_once():
    assert arranged([A, B, C], [3, 1, 2]) == [C, A, B]
    for wrong in ([1, 1, 2], [1, 2], [0, 1, 2], [1, 2, 4]):
        with pytest.raises(OrderIncomplete):
            arranged([A, B, C], wrong)


def test_only_two_upcoming_turns_are_swapped():
    assert swapped([A, B, C, D], B, D, upcoming_from=1) == [A, D, C, B]
    for first, second in ((A, B), (B, A), (B, B)):
        with pytest.raises(TurnNotUpcoming):
            swapped([A, B, C, D], first, second, upcoming_from=1)


def test_a_leavers_turn_becomes_the_last_and_nobody_before_it_moves():
    assert moved_to_the_end([A, B, C, D], B, upcoming_from=1) == [A, C, D, B]
    with pytest.raises(TurnNotUpcoming):
        moved_to_the_end([A, B, C, D], A, upcoming_from=1)


def test_the_need_that_was_stated_first_goes_first_and_without_any_the_first_share_does():
    needs = [StatedNeed(C, NOON), StatedNeed(B, NOON - timedelta(hours=1)), StatedNeed(A, NOON - timedelta(hours=2))]
    assert first_in_need([B, C, D], needs) == B
    assert first_in_need([D, B], []) == D


def test_the_highest_bid_wins_the_earlier_of_two_equals_and_nobody_pays_without_one():
    parts = {A: 1, B: 1, C: 1}
    offers = [Offer(A, A, 300, NOON), Offer(B, B, 500, NOON + timedelta(1)), Offer(C, C, 500, NOON)]
    assert auction_winner([A, B, C], parts, offers) == (C, 500)
    assert auction_winner([A, B], parts, offers) == (B, 500)
    assert auction_winner([B, A], parts, []) == (B, 0)


def test_two_halves_bid_as_one_and_the_lower_bid_counts():
    parts = {A: 2, B: 1}
    one_half = [Offer(A, C, 900, NOON), Offer(B, B, 100, NOON)]
    assert auction_winner([A, B], parts, one_half) == (B, 100)
    both = [*one_half, Offer(A, D, 400, NOON)]
    assert auction_winner([A, B], parts, both) == (A, 400)


def test_the_odd_franc_goes_to_the_first_holder():
    assert divided(10_001, [1, 1]) == [5001, 5000]
    assert divided(10_001, [2]) == [10_001]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_a_pot_that_comes_in_pieces_is_divided_as_if_it_came_at_once(pieces: list[int]):
    got = [0, 0]
    for number, piece in enumerate(pieces):
        parts = divided_since(sum(pieces[:number]), piece, [1, 1])
        assert sum(parts) == piece
        assert min(parts) >= 0
        got = [before + part for before, part in zip(got, parts, strict=True)]
    assert got == divided(sum(pieces), [1, 1])
