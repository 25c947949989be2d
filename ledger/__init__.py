"""Double entry in whole francs: accounts, transfers, holds, reversals, statements, and an audit that counts again.

A transfer is one row with a debit, a credit and an amount, so that money is neither made nor lost; see `docs/money.md`.
"""

from ledger.accounts import Account, AccountKind, AccountMode, Balance, account, balance, close_account, open_account
from ledger.auditing import Audit, Difference, Total, audit
from ledger.batch import apply
from ledger.commands import Command, PlaceHold, Post, PostHold, Reverse, VoidHold
from ledger.desk import Desk
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
    "InsufficientFunds",
    "LedgerConflict",
    "LedgerError",
    "LedgerRefused",
    "PlaceHold",
    "Post",
    "PostHold",
    "RefusalReason",
    "Refused",
    "Replayed",
    "Reverse",
    "Total",
    "Verdict",
    "VoidHold",
    "account",
    "apply",
    "audit",
    "balance",
    "close_account",
    "open_account",
    "post",
    "statement",
]
