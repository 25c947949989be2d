"""What a verified report does to the payment it names: cases 7 to 23 of the table in `docs/payments.md`."""

from sqlalchemy.ext.asyncio import AsyncSession

from payments.deposit_outcomes import doubt_deposit, fail_deposit, settle_deposit
from payments.deposit_states import DepositState
from payments.deposits import Deposit, Doubt
from payments.failures import FailureCode, failure_code
from payments.payout_outcomes import complete_payout, doubt_payout, fail_payout
from payments.payout_states import PayoutState
from payments.payouts import Payout
from payments.reports import Report


async def hear_of_deposit(session: AsyncSession, deposit: Deposit, report: Report) -> bool:
    """Apply `report`; whether it changed anything."""
    if report.completed:
        return await _deposit_completed(session, deposit, report)
    return await _deposit_failed(session, deposit, report)


async def hear_of_payout(session: AsyncSession, payout: Payout, report: Report) -> bool:
    """Apply `report`; whether it changed anything."""
    if report.completed:
        return await _payout_completed(session, payout, report)
    return await _payout_failed(session, payout, report)


async def _deposit_completed(session: AsyncSession, deposit: Deposit, report: Report) -> bool:
    if deposit.state in {DepositState.SETTLED, DepositState.REVERSED}:
        return False
    if report.amount != deposit.asked:
        await doubt_deposit(session, deposit, Doubt.AMOUNT_DIFFERS, report.amount)
    elif deposit.state is DepositState.FAILED:
        await doubt_deposit(session, deposit, Doubt.COMPLETED_AFTER_FAILED, report.amount)
    elif deposit.doubt is not None:
        await doubt_deposit(session, deposit, deposit.doubt, report.amount)
    else:
        await settle_deposit(session, deposit, deposit.asked)
    return True


async def _deposit_failed(session: AsyncSession, deposit: Deposit, report: Report) -> bool:
    if deposit.state in {DepositState.FAILED, DepositState.EXPIRED, DepositState.REVERSED}:
        return False
    if deposit.state is DepositState.SETTLED:
        await doubt_deposit(session, deposit, Doubt.FAILED_AFTER_COMPLETED, None)
    elif deposit.doubt is not None:
        await doubt_deposit(session, deposit, deposit.doubt, None)
    else:
        await fail_deposit(session, deposit, _code(report), report.error)
    return True


async def _payout_completed(session: AsyncSession, payout: Payout, report: Report) -> bool:
    if payout.state in {PayoutState.COMPLETED, PayoutState.REVERSED}:
        return False
    if payout.state is PayoutState.FAILED:
        await doubt_payout(session, payout, Doubt.COMPLETED_AFTER_FAILED)
    elif report.amount not in {payout.asked, None}:
        await doubt_payout(session, payout, Doubt.AMOUNT_DIFFERS)
    elif payout.doubt is not None:
        await doubt_payout(session, payout, payout.doubt)
    else:
        await complete_payout(session, payout)
    return True


async def _payout_failed(session: AsyncSession, payout: Payout, report: Report) -> bool:
    if payout.state in {PayoutState.FAILED, PayoutState.REVERSED}:
        return False
    if payout.state is PayoutState.COMPLETED:
        await doubt_payout(session, payout, Doubt.FAILED_AFTER_COMPLETED)
    elif report.amount not in {payout.asked, None}:
        await doubt_payout(session, payout, Doubt.AMOUNT_DIFFERS)
    elif payout.doubt is not None:
        await doubt_payout(session, payout, payout.doubt)
    else:
        await fail_payout(session, payout, _code(report), report.error)
    return True


def _code(report: Report) -> FailureCode:
    """A verified failure is a failure, in whatever words."""
    code = failure_code(report.error)
    return FailureCode.REFUSED if code in {None, FailureCode.UNKNOWN} else code
