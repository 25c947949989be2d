"""What a member may hold, load and take out: asked before money is requested, and again when it arrives."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.money import XOF, Money
from core.rows import among
from ledger import AccountKind
from members import Member, could_have_more, limits_of, wallets
from members.wallets import MemberFrozen, standing
from payments.deposit_states import DepositState
from payments.deposits import Deposit
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.sends import Send


class LimitReached(Refusal):
    """The base of every refusal by a limit: it leads to being identified, where that would raise the limit."""

    def __init__(self, member: Member, **params: Money) -> None:
        super().__init__(**params)
        self.leads_to = "identity" if could_have_more(member) else None


class WalletFull(LimitReached):
    """Params: `at_most` a wallet may hold, `room` left (Money)."""

    key = "refusal.limit.hold"


class DayFull(LimitReached):
    """Params: `at_most` loaded in a day, `room` left (Money)."""

    key = "refusal.limit.day"


class MonthFull(LimitReached):
    """Params: `at_most` loaded in a calendar month, `room` left (Money)."""

    key = "refusal.limit.month"


class DayOutFull(LimitReached):
    """Params: `at_most` taken out in a day, `room` left (Money)."""

    key = "refusal.limit.day_out"


class MonthOutFull(LimitReached):
    """Params: `at_most` taken out in a calendar month, `room` left (Money)."""

    key = "refusal.limit.month_out"


class OperationTooSmall(Refusal):
    """Params: `at_least` (Money)."""

    key = "refusal.limit.too_small"


class OperationTooLarge(LimitReached):
    """Params: `at_most` (Money)."""

    key = "refusal.limit.too_large"


async def refuse_loading(session: AsyncSession, member: Member, amount: Money, arrives: Money) -> None:
    """Raises OperationTooSmall, OperationTooLarge, WalletFull, MonthFull, DayFull; `arrives` is what is kept of it."""
    limits = limits_of(member)
    _refuse_size(member, amount)
    wallet = await standing(session, member.id, AccountKind.WALLET, amount.currency)
    _refuse_beyond(WalletFull, member, arrives, wallet.posted, limits.hold_at_most)
    # The month before the day: who has used up both would else come again tomorrow in vain.
    month = await loaded_this_month(session, member.id, amount.currency)
    _refuse_beyond(MonthFull, member, amount, month, limits.load_a_month)
    today = await _loaded_since(session, member.id, amount.currency, _day_start(clock.now()))
    _refuse_beyond(DayFull, member, amount, today, limits.load_a_day)


async def refuse_taking_out(session: AsyncSession, member: Member, amount: Money) -> None:
    """Raises OperationTooSmall, OperationTooLarge, MemberFrozen, DebtOutstanding, MonthOutFull or DayOutFull."""
    _refuse_size(member, amount)
    await refuse_while_stopped(session, member, amount.currency)
    limits, now = limits_of(member), clock.now()
    month = await taken_out_since(session, member.id, amount.currency, _month_start(now))
    _refuse_beyond(MonthOutFull, member, amount, month, limits.take_out_a_month)
    today = await taken_out_since(session, member.id, amount.currency, _day_start(now))
    _refuse_beyond(DayOutFull, member, amount, today, limits.take_out_a_day)


async def refuse_while_stopped(session: AsyncSession, member: Member, currency: str = XOF) -> None:
    """Raises MemberFrozen or DebtOutstanding where nothing leaves the wallet, whatever the amount."""
    if await incidents_of(session, [member.id]):
        raise MemberFrozen
    await wallets.refuse_taking_out(session, member.id, currency)


async def incidents_of(session: AsyncSession, members: Iterable[UUID]) -> list[Payout]:
    """Their payouts that were given back and then said to have arrived: nothing leaves until people have decided."""
    doubted = select(Payout).where(
        Payout.member_id.in_(members), Payout.state == PayoutState.FAILED, Payout.doubt.is_not(None)
    )
    return list(await session.scalars(doubted.order_by(Payout.created_at)))


async def taken_out_since(session: AsyncSession, member_id: UUID, currency: str, since: datetime) -> Money:
    """What withdrawals, those under way too, and sends have taken out of a member's wallet since then, fees apart."""
    payouts = select(func.sum(Payout.amount)).where(
        Payout.member_id == member_id, Payout.created_at >= since, Payout.currency == currency,
        Payout.state.not_in([PayoutState.FAILED, PayoutState.REVERSED]),
    )  # fmt: skip
    sends = select(func.sum(Send.amount)).where(
        Send.sender_id == member_id, Send.created_at >= since, Send.currency == currency
    )
    totals = [await session.scalar(total) for total in (payouts, sends)]
    return Money(sum(int(total or 0) for total in totals), currency)


async def over_what_is_loaded(session: AsyncSession, member: Member, currency: str) -> Money:
    """By how much this month's deposits, the one being settled among them, exceed what `member` may load."""
    return _at_least_nothing(await loaded_this_month(session, member.id, currency) - limits_of(member).load_a_month)


async def loaded_this_month(session: AsyncSession, member_id: UUID, currency: str) -> Money:
    """What has arrived for a member since the first of the month, by the clock of UTC."""
    return await _loaded_since(session, member_id, currency, _month_start(clock.now()))


async def _loaded_since(session: AsyncSession, member_id: UUID, currency: str, since: datetime) -> Money:
    total = select(func.sum(Deposit.received)).where(
        Deposit.member_id == member_id,
        Deposit.settled_at >= since,
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


def _day_start(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _refuse_size(member: Member, amount: Money) -> None:
    limits = limits_of(member)
    if amount < limits.per_operation_at_least:
        raise OperationTooSmall(at_least=limits.per_operation_at_least)
    if amount > limits.per_operation_at_most:
        raise OperationTooLarge(member, at_most=limits.per_operation_at_most)


def _refuse_beyond(why: type[LimitReached], member: Member, amount: Money, used: Money, at_most: Money) -> None:
    room = _at_least_nothing(at_most - used)
    if amount > room:
        raise why(member, at_most=at_most, room=room)


def _at_least_nothing(room: Money) -> Money:
    return max(room, room - room)
