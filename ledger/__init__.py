"""Double entry in whole francs: accounts, transfers, holds, reversals, statements, and an audit that counts again.

A transfer is one row with a debit, a credit and an amount, so that money is neither made nor lost; see `docs/money.md`.
"""

from ledger.accounts import Account, AccountKind, AccountMode, Balance, account, balance, close_account, open_account
from ledger.auditing import Audit, Difference, Total, audit
from ledger.batch import apply
from ledger.commands import Command, PlaceHold, Post, PostHold, Reverse, VoidHold
from ledger.desk import Desk
from ledger.journals import (
    HoldStory,
    Movement,
    Parked,
    Side,
    Standing,
    hold,
    is_posted,
    journal,
    parked,
    standing_by_journal,
)
from ledger.posting import InsufficientFunds, LedgerConflict, LedgerError, LedgerRefused, post
from ledger.statements import Entry, statement
from ledger.verdicts import Applied, Conflict, RefusalReason, Refused, Replayed, Verdict

__all__ = [
    "Account",
    "AccountKind",
    "AccountMode",
    "Applied",
    "Audit",
    "Balance",
    "Command",
    "Conflict",
    "Desk",
    "Difference",
    "Entry",
    "HoldStory",
    "InsufficientFunds",
    "LedgerConflict",
    "LedgerError",
    "LedgerRefused",
    "Movement",
    "Parked",
    "PlaceHold",
    "Post",
    "PostHold",
    "RefusalReason",
    "Refused",
    "Replayed",
    "Reverse",
    "Side",
    "Standing",
    "Total",
    "Verdict",
    "VoidHold",
    "account",
    "apply",
    "audit",
    "balance",
    "close_account",
    "hold",
    "is_posted",
    "journal",
    "open_account",
    "parked",
    "post",
    "standing_by_journal",
    "statement",
]
