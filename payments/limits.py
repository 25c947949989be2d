"""What a member may hold, load and take out: asked before money is requested, and again when it arrives."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import Money
from core.rows import among
from ledger import AccountKind
from members import Limits, Member, limits_of, wallets
from members.wallets import MemberFrozen, standing
from payments.deposit_states import DepositState
from payments.deposits import Deposit
from payments.payout_states import PayoutState
from payments.payouts import Payout


class WalletFull(Refusal):
    """Params: `at_most` a wallet may hold, `room` left (Money)."""

    key = "refusal.limit.hold"


class MonthFull(Refusal):
    """Params: `at_most` loaded in a calendar month, `room` left (Money)."""

    key = "refusal.limit.month"


class OperationTooSmall(Refusal):
    """Params: `at_least` (Money)."""

    key = "refusal.limit.too_small"


class OperationTooLarge(Refusal):
    """Params: `at_most` (Money)."""

    key = "refusal.limit.too_large"


async def refuse_loading(session: AsyncSession, member: Member, amount: Money, arrives: Money) -> None:
    """Raises OperationTooSmall, OperationTooLarge, WalletFull or MonthFull; `arrives` is what is kept of `amount`."""
    limits = limits_of(member)
    _refuse_size(amount, limits)
    wallet = await standing(session, member.id, AccountKind.WALLET, amount.currency)
    room = limits.hold_at_most - wallet.posted
    if arrives > room:
        raise WalletFull(at_most=limits.hold_at_most, room=_at_least_nothing(room))
    room = limits.load_a_month - await loaded_this_month(session, member.id, amount.currency)
    if amount > room:
        raise MonthFull(at_most=limits.load_a_month, room=_at_least_nothing(room))


async def refuse_taking_out(session: AsyncSession, member: Member, amount: Money) -> None:
    """Raises OperationTooSmall, OperationTooLarge, MemberFrozen or DebtOutstanding: no money may leave the wallet."""
    _refuse_size(amount, limits_of(member))
    if await _has_an_incident(session, member.id):
        raise MemberFrozen
    await wallets.refuse_taking_out(session, member.id, amount.currency)


async def over_what_is_loaded(session: AsyncSession, member: Member, currency: str) -> Money:
    """By how much this month's deposits, the one being settled among them, exceed what `member` may load."""
    return _at_least_nothing(await loaded_this_month(session, member.id, currency) - limits_of(member).load_a_month)


async def loaded_this_month(session: AsyncSession, member_id: UUID, currency: str) -> Money:
    """What has arrived for a member since the first of the month, by the clock of UTC."""
    total = select(func.sum(Deposit.received)).where(
        Deposit.member_id == member_id,
        Deposit.settled_at >= _month_start(clock.now()),
        Deposit.state == DepositState.SETTLED,
        Deposit.currency == currency,
    )
    return Money(int(await session.scalar(total) or 0), currency)


def loaded_together(connection: Connection, members: Iterable[UUID]) -> dict[tuple[UUID, str], int]:
    """What has arrived for each of the members since the first of the month, by member and currency."""
    lists = {"members": list(members), "since": _month_start(clock.now())}
    return {
        (row.member_id, row.currency): int(row.total)
        for row in connection.execute(_loaded_query(connection.dialect.name), lists)
    }


@cache
def _loaded_query(engine: str) -> Select[UUID, str, int | None]:
    total = func.sum(Deposit.received).label("total")
    settled = (Deposit.settled_at >= bindparam("since"), Deposit.state == DepositState.SETTLED)
    members = among(engine, Deposit.__table__.c.member_id, "members")
    loaded = select(Deposit.member_id, Deposit.currency, total)
    return loaded.where(members, *settled).group_by(Deposit.member_id, Deposit.currency)


def _month_start(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _refuse_size(amount: Money, limits: Limits) -> None:
    if amount < limits.per_operation_at_least:
        raise OperationTooSmall(at_least=limits.per_operation_at_least)
    if amount > limits.per_operation_at_most:
        raise OperationTooLarge(at_most=limits.per_operation_at_most)


def _at_least_nothing(room: Money) -> Money:
    return max(room, room - room)


async def _has_an_incident(session: AsyncSession, member_id: UUID) -> bool:
    """A payout that was given back and then said to have arrived: nothing more leaves until a person has looked."""
    doubted = select(Payout.id).where(
        Payout.member_id == member_id, Payout.state == PayoutState.FAILED, Payout.doubt.is_not(None)
    )
    return await session.scalar(doubted.limit(1)) is not None
