"""Who takes which turn: shares from what members hold, and the order of turns. Nothing here knows a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from core.errors import Refusal

T = TypeVar("T")

WHOLE = 2


class HalfWithoutPair(Refusal):
    """A half-share is alone: it needs another half to make one turn. Params: `member`, the membership's id."""

    key = "refusal.tontine.half_without_pair"


class OrderIncomplete(Refusal):
    """The order given names a share twice, or leaves one out."""

    key = "refusal.tontine.order_incomplete"


class TurnNotUpcoming(Refusal):
    """Only two turns that are still to come can be swapped."""

    key = "refusal.tontine.turn_not_upcoming"


@dataclass(frozen=True, slots=True)
class Stake:
    """What one member takes part with, in half-shares."""

    membership: UUID
    halves: int


@dataclass(frozen=True, slots=True)
class Part:
    """A member's part of one share: both halves of it, or one."""

    membership: UUID
    halves: int


@dataclass(frozen=True, slots=True)
class StatedNeed:
    share: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """What one part of a share would give up to have the next turn, in francs."""

    share: UUID
    part: UUID
    amount: int
    at: datetime


def form_shares(stakes: Iterable[Stake]) -> list[tuple[Part, ...]]:
    """The shares, each with its parts: whole ones in the order of the stakes, then the halves two by two.

    Raises HalfWithoutPair when one half remains.
    """
    wholes: list[tuple[Part, ...]] = []
    halves: list[Part] = []
    for stake in stakes:
        wholes += [(Part(stake.membership, WHOLE),)] * (stake.halves // WHOLE)
        if stake.halves % WHOLE:
            halves.append(Part(stake.membership, 1))
    if len(halves) % 2:
        raise HalfWithoutPair(member=halves[-1].membership)
    return wholes + list(zip(halves[::2], halves[1::2], strict=True))


def arranged(shares: Sequence[T], numbers: Sequence[int]) -> list[T]:
    """The shares in the order that `numbers` (from 1) gives; raises OrderIncomplete."""
    if sorted(numbers) != list(range(1, len(shares) + 1)):
        raise OrderIncomplete
    return [shares[number - 1] for number in numbers]


def swapped(order: Sequence[UUID], first: UUID, second: UUID, *, upcoming_from: int) -> list[UUID]:
    """The order with two turns exchanged; raises TurnNotUpcoming unless both are at `upcoming_from` (0 …) or later."""
    places = [order.index(first), order.index(second)]
    if min(places) < upcoming_from or first == second:
        raise TurnNotUpcoming
    changed = list(order)
    changed[places[0]], changed[places[1]] = second, first
    return changed


def moved_to_the_end(order: Sequence[UUID], share: UUID, *, upcoming_from: int) -> list[UUID]:
    """The order with an upcoming turn made the last one; raises TurnNotUpcoming."""
    if order.index(share) < upcoming_from:
        raise TurnNotUpcoming
    return [each for each in order if each != share] + [share]


def first_in_need(waiting: Sequence[UUID], needs: Iterable[StatedNeed]) -> UUID:
    """The share whose need was stated first; the first in the list when nobody has stated one."""
    stated = sorted((need for need in needs if need.share in waiting), key=lambda need: need.at)
    return stated[0].share if stated else waiting[0]


def auction_winner(waiting: Sequence[UUID], parts: Mapping[UUID, int], offers: Iterable[Offer]) -> tuple[UUID, int]:
    """The share with the highest offer and its price; the earlier one of two equals; the first for nothing without any.

    `parts` is how many parts each share has. Two half-shares bid as one: both must offer, and the lower offer counts.
    """
    by_share: dict[UUID, list[Offer]] = {}
    for offer in offers:
        by_share.setdefault(offer.share, []).append(offer)
    valid = {share: mine for share, mine in by_share.items() if share in waiting and len(mine) == parts[share]}
    if not valid:
        return waiting[0], 0
    prices = {share: min(offer.amount for offer in mine) for share, mine in valid.items()}
    complete_at = {share: max(offer.at for offer in mine) for share, mine in valid.items()}
    winner = min(valid, key=lambda share: (-prices[share], complete_at[share], waiting.index(share)))
    return winner, prices[winner]


def divided(total: int, parts: Sequence[int]) -> list[int]:
    """`total` francs divided over parts of so many half-shares each; the odd franc goes to the first part."""
    whole = sum(parts)
    shares = [total * part // whole for part in parts]
    shares[0] += total - sum(shares)
    return shares


def divided_since(before: int, more: int, parts: Sequence[int]) -> list[int]:
    """What each part gets of `more`, `before` having been divided already: in the end it is as if all came at once."""
    earlier, later = divided(before, parts), divided(before + more, parts)
    return [after - first for first, after in zip(earlier, later, strict=True)]
