"""Payments: deposits, payouts and sends, and GetMiPay behind them.

Whoever asks takes `request_deposit`, `request_payout`, `request_send`; `app.py` registers the jobs and opens the
webhook's door. Payments never speak to people: they publish the events listed in `docs/payments.md`.
"""

from datetime import timedelta

from core.jobs import Jobs
from members.wallets import DebtOutstanding, MemberFrozen, standing
from operators import Decisions
from payments.breaker import OperatorDown, PayoutsUnfunded
from payments.callbacks import CallbackDoor
from payments.checking import Checks, Found, check_now
from payments.comparing_statements import compare_statement
from payments.corrections import CORRECTED, Correction, CorrectionKind
from payments.debts import NothingToCollect, propose_collection, register_collection
from payments.deposit_outcomes import fail_deposit, reverse_deposit, settle_deposit
from payments.deposit_states import DepositState
from payments.deposits import Deposit, Doubt, lock_deposit
from payments.differences import (
    BookDifference,
    DifferenceNotFound,
    DifferenceState,
    Way,
    WayImpossible,
    find_difference,
    open_differences,
    propose_way,
    register_differences,
    ways_of,
)
from payments.failures import FailureCode
from payments.figures import Figures, figures
from payments.getmipay import GetMiPay, sign
from payments.getmipay_http import Access
from payments.getmipay_v1 import GetMiPayV1
from payments.hints import Hints
from payments.history import Cursor, Line, LineKind, Page, history, payment_referred_to
from payments.limits import (
    DayFull,
    DayOutFull,
    LimitReached,
    MonthFull,
    MonthOutFull,
    OperationTooLarge,
    OperationTooSmall,
    WalletFull,
    incidents_of,
    loaded_this_month,
    refuse_loading,
    refuse_taking_out,
    refuse_while_stopped,
)
from payments.lookups import LookUps
from payments.methods import Direction, Method, Methods, MethodUnavailable, NoMethod, OperatorWithoutMethod, Terms, pick
from payments.metrics import show_figures
from payments.notices import ALERT
from payments.parked import NothingToRelease, ParkedMoney, parked_money, propose_release, register_release
from payments.payout_outcomes import complete_payout, fail_payout, reverse_payout
from payments.payout_states import PayoutState
from payments.payouts import Payout, lock_payout
from payments.postings import HOUSE
from payments.provider import Provider
from payments.provider_events import register_events
from payments.provider_fees import register_provider_fees
from payments.quotes import AmountOutOfBounds, AmountTooSmallForFee, Quote, quote_deposit, quote_payout
from payments.reconciling import (
    RECONCILIATION,
    DailyComparison,
    Reconciliation,
    begin_to_compare,
    compare_balance,
    last_balance,
    reconciliations,
)
from payments.releasing import releasable, release_parked
from payments.requests import (
    LINK_LIFE,
    KeyReused,
    check_deposit_request,
    check_payout_request,
    request_deposit,
    request_payout,
)
from payments.review import (
    NotInReview,
    Outcome,
    OutcomeImpossible,
    PaymentMovedOn,
    PaymentNotFound,
    ReviewItem,
    find_payment,
    in_review,
    outcomes_of,
    propose_resolution,
    register_review,
)
from payments.sealing import Seal
from payments.sending import NoteTooLong, SendToSelf, check_send_request, request_send
from payments.sends import Send
from payments.services import ServiceOffer, ServiceSync, begin_to_sync, keep_services, narrowed
from payments.statement_lines import DifferenceKind, StatementLine, StatementUnreadable, read_statement
from payments.story import Moment, MomentKind, Story, story_of
from payments.strict_json import JsonObject
from payments.submission import Submission
from payments.suspense import Suspended, in_suspense
from payments.uniting import PayoutUnderWay, follow
from payments.webhook import LARGEST_BODY, WebhookAnswer, WebhookDoor, WebhookSecrets


def register_jobs(jobs: Jobs, provider: Provider, link_life: timedelta = LINK_LIFE, seal: Seal | None = None) -> None:
    """Let `jobs` call, ask and match for payments; `seal` opens the one-time codes of deposits."""
    Submission(provider, link_life, seal).register(jobs)
    LookUps(provider).register(jobs)
    Hints(provider).register(jobs)
    Checks(provider).register(jobs)
    register_events(jobs)
    register_provider_fees(jobs)


def register_decisions(decisions: Decisions) -> None:
    """Let what two operators have approved be carried out."""
    register_review(decisions)
    register_release(decisions)
    register_collection(decisions)
    register_differences(decisions)


__all__ = [
    "ALERT",
    "CORRECTED",
    "HOUSE",
    "LARGEST_BODY",
    "LINK_LIFE",
    "RECONCILIATION",
    "Access",
    "AmountOutOfBounds",
    "AmountTooSmallForFee",
    "BookDifference",
    "CallbackDoor",
    "Checks",
    "Correction",
    "CorrectionKind",
    "Cursor",
    "DailyComparison",
    "DayFull",
    "DayOutFull",
    "DebtOutstanding",
    "Deposit",
    "DepositState",
    "DifferenceKind",
    "DifferenceNotFound",
    "DifferenceState",
    "Direction",
    "Doubt",
    "FailureCode",
    "Figures",
    "Found",
    "GetMiPay",
    "GetMiPayV1",
    "JsonObject",
    "KeyReused",
    "LimitReached",
    "Line",
    "LineKind",
    "LookUps",
    "MemberFrozen",
    "Method",
    "MethodUnavailable",
    "Methods",
    "Moment",
    "MomentKind",
    "MonthFull",
    "MonthOutFull",
    "NoMethod",
    "NotInReview",
    "NoteTooLong",
    "NothingToCollect",
    "NothingToRelease",
    "OperationTooLarge",
    "OperationTooSmall",
    "OperatorDown",
    "OperatorWithoutMethod",
    "Outcome",
    "OutcomeImpossible",
    "Page",
    "ParkedMoney",
    "PaymentMovedOn",
    "PaymentNotFound",
    "Payout",
    "PayoutState",
    "PayoutUnderWay",
    "PayoutsUnfunded",
    "Provider",
    "Quote",
    "Reconciliation",
    "ReviewItem",
    "Seal",
    "Send",
    "SendToSelf",
    "ServiceOffer",
    "ServiceSync",
    "StatementLine",
    "StatementUnreadable",
    "Story",
    "Submission",
    "Suspended",
    "Terms",
    "WalletFull",
    "Way",
    "WayImpossible",
    "WebhookAnswer",
    "WebhookDoor",
    "WebhookSecrets",
    "begin_to_compare",
    "begin_to_sync",
    "check_deposit_request",
    "check_now",
    "check_payout_request",
    "check_send_request",
    "compare_balance",
    "compare_statement",
    "complete_payout",
    "fail_deposit",
    "fail_payout",
    "figures",
    "find_difference",
    "find_payment",
    "follow",
    "history",
    "in_review",
    "in_suspense",
    "incidents_of",
    "keep_services",
    "last_balance",
    "loaded_this_month",
    "lock_deposit",
    "lock_payout",
    "narrowed",
    "open_differences",
    "outcomes_of",
    "parked_money",
    "payment_referred_to",
    "pick",
    "propose_collection",
    "propose_release",
    "propose_resolution",
    "propose_way",
    "quote_deposit",
    "quote_payout",
    "read_statement",
    "reconciliations",
    "refuse_loading",
    "refuse_taking_out",
    "refuse_while_stopped",
    "register_decisions",
    "register_jobs",
    "releasable",
    "release_parked",
    "request_deposit",
    "request_payout",
    "request_send",
    "reverse_deposit",
    "reverse_payout",
    "settle_deposit",
    "show_figures",
    "sign",
    "standing",
    "story_of",
    "ways_of",
]
