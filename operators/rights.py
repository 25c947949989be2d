"""Who may do what: one table of roles and acts."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.errors import Refusal


class Role(StrEnum):
    SUPPORT = "support"
    """Sees, answers, and stops what looks wrong."""
    FINANCE = "finance"
    """Also decides about money and identity, with a second person where it says so."""
    ADMIN = "admin"
    """Also says who is an operator."""


class Act(StrEnum):
    """Everything an operator can do; each one leaves a line in the log."""

    LOG_IN = "log_in"
    SEE = "see"
    """Search, and look at members, payments, queues, reports."""
    SEE_NUMBER = "see_number"
    """Read a whole phone number."""
    ANSWER = "answer"
    """Answer a complaint."""
    COMPENSATE = "compensate"
    """End a complaint with money."""
    FREEZE = "freeze"
    """Stop money from leaving a wallet."""
    UNFREEZE = "unfreeze"
    RESET_PIN = "reset_pin"
    SEE_DOCUMENT = "see_document"
    VERIFY_IDENTITY = "verify_identity"
    RESOLVE_PAYMENT = "resolve_payment"
    """Say what became of a payment that is in review or in doubt."""
    RELEASE_PARKED = "release_parked"
    RESOLVE_SUSPENSE = "resolve_suspense"
    RECONCILE = "reconcile"
    """Compare our books with GetMiPay's, and say what becomes of a difference."""
    MANAGE_OPERATORS = "manage_operators"


class NotAllowed(Refusal):
    """This operator's role does not do that, or they are no operator any more. Params: `act`."""

    key = "refusal.operator.not_allowed"


class InOffice(Protocol):
    """What has to be known of an operator to know what they may do."""

    role: Role
    dismissed_at: datetime | None


_SUPPORT = frozenset({Act.LOG_IN, Act.SEE, Act.SEE_NUMBER, Act.ANSWER, Act.FREEZE})
_FINANCE = _SUPPORT | {
    Act.UNFREEZE,
    Act.RESET_PIN,
    Act.SEE_DOCUMENT,
    Act.VERIFY_IDENTITY,
    Act.RESOLVE_PAYMENT,
    Act.COMPENSATE,
    Act.RELEASE_PARKED,
    Act.RESOLVE_SUSPENSE,
    Act.RECONCILE,
}
_RIGHTS = {Role.SUPPORT: _SUPPORT, Role.FINANCE: _FINANCE, Role.ADMIN: _FINANCE | {Act.MANAGE_OPERATORS}}


def may(role: Role, act: Act) -> bool:
    """Whether somebody in that role may do it."""
    return act in _RIGHTS[role]


def require(operator: InOffice, act: Act) -> None:
    """Raises NotAllowed unless `operator` is in office and may do it."""
    if operator.dismissed_at is not None or not may(operator.role, act):
        raise NotAllowed(act=act.value)
