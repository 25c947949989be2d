"""Payments: deposits, payouts and sends, and GetMiPay behind them.

Whoever asks takes `request_deposit`, `request_payout`, `request_send`; `app.py` registers the jobs and opens the
webhook's door. Payments never speak to people: they publish the events listed in `docs/payments.md`.
"""

from datetime import timedelta

from core.jobs import Jobs
from members.wallets import DebtOutstanding, MemberFrozen, standing
from payments.breaker import OperatorDown, PayoutsUnfunded
from payments.deposit_outcomes import fail_deposit, reverse_deposit, settle_deposit
from payments.deposit_states import DepositState
from payments.deposits import Deposit, Doubt, lock_deposit
from payments.failures import FailureCode
from payments.getmipay import Access, GetMiPay, sign
from payments.history import Cursor, Line, LineKind, Page, history
from payments.limits import (
    MonthFull,
    OperationTooLarge,
    OperationTooSmall,
    WalletFull,
    loaded_this_month,
    refuse_loading,
    refuse_taking_out,
)
from payments.lookups import LookUps
from payments.methods import Direction, Method, Methods, MethodUnavailable, NoMethod, OperatorWithoutMethod, Terms
from payments.notices import ALERT
from payments.payout_outcomes import complete_payout, fail_payout, reverse_payout
from payments.payout_states import PayoutState
from payments.payouts import Payout, lock_payout
from payments.postings import HOUSE
from payments.provider import Provider
from payments.provider_events import register_events
from payments.quotes import AmountOutOfBounds, AmountTooSmallForFee, Quote, quote_deposit, quote_payout
from payments.requests import (
    LINK_LIFE,
    KeyReused,
    check_deposit_request,
    check_payout_request,
    request_deposit,
    request_payout,
)
from payments.sends import NoteTooLong, Send, SendToSelf, check_send_request, request_send
from payments.strict_json import JsonObject
from payments.submission import Submission
from payments.uniting import PayoutUnderWay, follow
from payments.webhook import LARGEST_BODY, WebhookAnswer, WebhookDoor, WebhookSecrets


def register_jobs(jobs: Jobs, provider: Provider, link_life: timedelta = LINK_LIFE) -> None:
    """Let `jobs` call, ask and match for payments."""
    Submission(provider, link_life).register(jobs)
    LookUps(provider).register(jobs)
    register_events(jobs)


__all__ = [
    "ALERT",
    "HOUSE",
    "LARGEST_BODY",
    "LINK_LIFE",
    "Access",
    "AmountOutOfBounds",
    "AmountTooSmallForFee",
    "Cursor",
    "DebtOutstanding",
    "Deposit",
    "DepositState",
    "Direction",
    "Doubt",
    "FailureCode",
    "GetMiPay",
    "JsonObject",
    "KeyReused",
    "Line",
    "LineKind",
    "LookUps",
    "MemberFrozen",
    "Method",
    "MethodUnavailable",
    "Methods",
    "MonthFull",
    "NoMethod",
    "NoteTooLong",
    "OperationTooLarge",
    "OperationTooSmall",
    "OperatorDown",
    "OperatorWithoutMethod",
    "Page",
    "Payout",
    "PayoutState",
    "PayoutUnderWay",
    "PayoutsUnfunded",
    "Provider",
    "Quote",
    "Send",
    "SendToSelf",
    "Submission",
    "Terms",
    "WalletFull",
    "WebhookAnswer",
    "WebhookDoor",
    "WebhookSecrets",
    "check_deposit_request",
    "check_payout_request",
    "check_send_request",
    "complete_payout",
    "fail_deposit",
    "fail_payout",
    "follow",
    "history",
    "loaded_this_month",
    "lock_deposit",
    "lock_payout",
    "quote_deposit",
    "quote_payout",
    "refuse_loading",
    "refuse_taking_out",
    "register_jobs",
    "request_deposit",
    "request_payout",
    "request_send",
    "reverse_deposit",
    "reverse_payout",
    "settle_deposit",
    "sign",
    "standing",
]
