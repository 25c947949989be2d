"""Operators: who may do what behind the counter, the log of what they did, and what takes two of them.

Packages above register the decisions that are theirs with `Decisions`; here nobody knows what they are about.
"""

from operators.acts import OperatorAct, acts_about, record, verify_acts
from operators.decisions import (
    PROPOSED,
    AlreadyDecided,
    AlreadyProposed,
    Apply,
    Decision,
    Decisions,
    SecondOperatorNeeded,
    Verdict,
    find_decision,
    open_decisions,
)
from operators.people import (
    NameTaken,
    Operator,
    add_operator,
    change_role,
    dismiss,
    operator_at,
    operator_named,
    operators_in_office,
)
from operators.reasons import ReasonMissing, checked_reason
from operators.rights import Act, NotAllowed, Role, may, require

__all__ = [
    "PROPOSED",
    "Act",
    "AlreadyDecided",
    "AlreadyProposed",
    "Apply",
    "Decision",
    "Decisions",
    "NameTaken",
    "NotAllowed",
    "Operator",
    "OperatorAct",
    "ReasonMissing",
    "Role",
    "SecondOperatorNeeded",
    "Verdict",
    "acts_about",
    "add_operator",
    "change_role",
    "checked_reason",
    "dismiss",
    "find_decision",
    "may",
    "open_decisions",
    "operator_at",
    "operator_named",
    "operators_in_office",
    "record",
    "require",
    "verify_acts",
]
