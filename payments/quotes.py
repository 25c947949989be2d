"""Quotes: what an operation will cost and bring, told before the member confirms, and kept to afterwards."""

from dataclasses import dataclass

from core.errors import Refusal
from core.money import Money
from payments.methods import Direction, Method


class AmountOutOfBounds(Refusal):
    """Params: `at_least`, `at_most` (Money)."""

    key = "refusal.amount.out_of_bounds"


class AmountTooSmallForFee(Refusal):
    """The fee would eat the whole amount. Params: `fee` (Money)."""

    key = "refusal.amount.below_fee"


@dataclass(frozen=True, slots=True)
class Quote:
    """The terms of one operation. What is shown is what is charged.

    A deposit: the payer pays `amount`, of which `arrives` reaches the wallet once `fee` is taken.
    A payout: `arrives` reaches the mobile money account, `debited` (with the fee) leaves the wallet, and `rest` is what
    rounding down leaves in it.
    """

    direction: Direction
    method: str
    method_name: str
    amount: Money
    fee: Money
    arrives: Money
    debited: Money
    rest: Money


def quote_deposit(amount: Money, method: Method) -> Quote:
    """What topping up `amount` brings. Raises AmountOutOfBounds or AmountTooSmallForFee."""
    terms = method.terms[Direction.DEPOSIT]
    _refuse_out_of_bounds(amount, terms.at_least, terms.at_most)
    fee = terms.fee(amount)
    if fee >= amount:
        raise AmountTooSmallForFee(fee=fee)
    nothing = amount - amount
    return Quote(Direction.DEPOSIT, method.id, method.name, amount, fee, amount - fee, amount, nothing)


def quote_payout(amount: Money, method: Method) -> Quote:
    """What withdrawing `amount` brings and costs, rounded down where needed. Raises AmountOutOfBounds."""
    terms = method.terms[Direction.PAYOUT]
    arrives = Money(amount.amount - amount.amount % terms.multiple_of, amount.currency)
    _refuse_out_of_bounds(arrives, terms.at_least, terms.at_most)
    fee = terms.fee(arrives)
    return Quote(Direction.PAYOUT, method.id, method.name, amount, fee, arrives, arrives + fee, amount - arrives)


def _refuse_out_of_bounds(amount: Money, at_least: Money, at_most: Money) -> None:
    if not at_least <= amount <= at_most:
        raise AmountOutOfBounds(at_least=at_least, at_most=at_most)
