"""The state that a batch is decided upon, and the decisions: one command after the other, as if each came alone."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.money import Money
from ledger.accounts import AccountMode
from ledger.commands import Command, Identified, Movement, PlaceHold, Post, PostHold, Reverse, VoidHold, fingerprint
from ledger.verdicts import Applied, Conflict, RefusalReason, Refused, Replayed, Verdict

REVERSAL = "reversal"
POSTED = "posted"
VOIDED = "voided"
EXPIRED = "expired"

_APPLIED, _REPLAYED = Applied(), Replayed()

Record = dict[str, Any]


@dataclass(slots=True)
class Standing:
    """An account, moved along as the batch is decided. A system account's balance is nobody's limit, and not here."""

    currency: str
    mode: AccountMode
    closed: bool
    balance: int
    held: int

    def can_spare(self, amount: int) -> bool:
        return self.mode is not AccountMode.MEMBER or self.balance - self.held >= amount


@dataclass(slots=True)
class Reservation:
    """A hold that the batch refers to, and how it was resolved if it was."""

    debit: UUID
    credit: UUID
    amount: Money
    kind: str
    outcome: str | None = None


@dataclass(slots=True)
class Original:
    """A transfer that the batch would reverse, and how much of it was reversed before."""

    debit: UUID
    credit: UUID
    amount: Money
    reversed: int = 0


@dataclass(slots=True)
class Used:
    """What an id stands for already, and the answer to whoever says it again."""

    fingerprint: bytes
    verdict: Replayed | Refused


@dataclass(slots=True)
class _Draft:
    """A movement with its accounts found, before anybody asked whether it may be."""

    debit: UUID
    credit: UUID
    amount: Money
    kind: str
    hold: UUID | None = None
    original: UUID | None = None


@dataclass(slots=True)
class Books:
    """What is known when a batch begins, and what is to be written when all of it is decided."""

    moment: datetime
    accounts: dict[UUID, Standing]
    used: dict[UUID, Used]
    legs: set[tuple[UUID, int]]
    holds: dict[UUID, Reservation]
    originals: dict[UUID, Original]
    transfers: list[Record] = field(default_factory=list)
    new_holds: list[Record] = field(default_factory=list)
    resolutions: list[Record] = field(default_factory=list)
    refusals: list[Record] = field(default_factory=list)

    def decide(self, command: Command) -> Verdict:
        """The verdict on one command; what it moves is moved here, and noted to be written."""
        if isinstance(command, VoidHold):
            return self._void(command.hold)
        content = fingerprint(command)
        used = self.used.get(command.id)
        if used:
            return used.verdict if used.fingerprint == content else Conflict()
        if not isinstance(command, PlaceHold) and (command.journal, command.leg) in self.legs:
            # The same leg of the same event under a new id: a retry that minted its id anew would pay twice.
            return Conflict()
        refusal = self._place(command, content) if isinstance(command, PlaceHold) else self._move(command, content)
        if refusal:
            return self._refuse(command, content, refusal)
        self.used[command.id] = Used(content, _REPLAYED)
        return _APPLIED

    def expire(self, hold: UUID, debit: UUID, amount: int) -> None:
        """Note that the hold's time has passed, and release what it reserved."""
        self.accounts[debit].held -= amount
        if hold in self.holds:
            self.holds[hold].outcome = EXPIRED
        self._resolve(hold, EXPIRED)

    def _void(self, hold_id: UUID) -> Verdict:
        hold = self.holds.get(hold_id)
        if hold is None:
            return Refused(RefusalReason.UNKNOWN_HOLD)
        if hold.outcome == VOIDED:
            return Replayed()
        if hold.outcome:
            return Refused(_why_resolved(hold.outcome))
        hold.outcome = VOIDED
        self.accounts[hold.debit].held -= hold.amount.amount
        self._resolve(hold_id, VOIDED)
        return Applied()

    def _place(self, command: PlaceHold, content: bytes) -> RefusalReason | None:
        refusal = self._refusal(command.debit, command.credit, command.amount)
        if refusal:
            return refusal
        self.accounts[command.debit].held += command.amount.amount
        self.new_holds.append(
            {
                "id": command.id,
                "debit_id": command.debit,
                "credit_id": command.credit,
                "amount": command.amount.amount,
                "kind": command.kind,
                "fingerprint": content,
                "expires_at": command.expires_at,
                "created_at": self.moment,
            }
        )
        return None

    def _move(self, command: Movement, content: bytes) -> RefusalReason | None:
        draft = self._draft(command)
        if isinstance(draft, RefusalReason):
            return draft
        refusal = self._refusal(draft.debit, draft.credit, draft.amount, is_held=draft.hold is not None)
        if refusal:
            return refusal
        self._carry_out(draft)
        self.legs.add((command.journal, command.leg))
        self.transfers.append(
            {
                "id": command.id,
                "journal_id": command.journal,
                "leg": command.leg,
                "debit_id": draft.debit,
                "credit_id": draft.credit,
                "amount": draft.amount.amount,
                "kind": draft.kind,
                "fingerprint": content,
                "hold_id": draft.hold,
                "reverses_id": draft.original,
                "effective_at": command.effective_at or self.moment,
                "created_at": self.moment,
            }
        )
        return None

    def _draft(self, command: Movement) -> _Draft | RefusalReason:
        match command:
            case Post():
                return _Draft(command.debit, command.credit, command.amount, command.kind)
            case PostHold():
                return self._draft_of_hold(command)
            case Reverse():
                return self._draft_of_reversal(command)

    def _draft_of_hold(self, command: PostHold) -> _Draft | RefusalReason:
        hold = self.holds.get(command.hold)
        if hold is None:
            return RefusalReason.UNKNOWN_HOLD
        if hold.outcome:
            return _why_resolved(hold.outcome)
        amount = command.amount or hold.amount
        if amount.currency == hold.amount.currency and amount > hold.amount:
            return RefusalReason.OVER_HOLD
        return _Draft(hold.debit, hold.credit, amount, hold.kind, hold=command.hold)

    def _draft_of_reversal(self, command: Reverse) -> _Draft | RefusalReason:
        original = self.originals.get(command.transfer)
        if original is None:
            return RefusalReason.UNKNOWN_TRANSFER
        amount = command.amount or original.amount
        if amount.currency == original.amount.currency and original.reversed + amount.amount > original.amount.amount:
            return RefusalReason.OVER_TRANSFER
        return _Draft(original.credit, original.debit, amount, REVERSAL, original=command.transfer)

    def _refusal(self, debit: UUID, credit: UUID, amount: Money, *, is_held: bool = False) -> RefusalReason | None:
        payer, payee = self.accounts.get(debit), self.accounts.get(credit)
        if payer is None or payee is None:
            return RefusalReason.UNKNOWN_ACCOUNT
        if payer.closed or payee.closed:
            return RefusalReason.CLOSED_ACCOUNT
        if not payer.currency == payee.currency == amount.currency:
            return RefusalReason.CURRENCY_MISMATCH
        if not is_held and not payer.can_spare(amount.amount):
            return RefusalReason.INSUFFICIENT_FUNDS
        return None

    def _carry_out(self, draft: _Draft) -> None:
        self.accounts[draft.debit].balance -= draft.amount.amount
        self.accounts[draft.credit].balance += draft.amount.amount
        if draft.hold:
            # The database resolves a posted hold itself, with the transfer, so that neither exists without the other.
            hold = self.holds[draft.hold]
            hold.outcome = POSTED
            self.accounts[draft.debit].held -= hold.amount.amount
        if draft.original:
            self.originals[draft.original].reversed += draft.amount.amount

    def _resolve(self, hold: UUID, outcome: str) -> None:
        self.resolutions.append({"hold_id": hold, "outcome": outcome, "created_at": self.moment})

    def _refuse(self, command: Identified, content: bytes, reason: RefusalReason) -> Refused:
        refused = Refused(reason)
        self.used[command.id] = Used(content, refused)
        self.refusals.append(
            {"id": command.id, "fingerprint": content, "reason": reason.value, "created_at": self.moment}
        )
        return refused


def _why_resolved(outcome: str) -> RefusalReason:
    return RefusalReason.EXPIRED if outcome == EXPIRED else RefusalReason.ALREADY_RESOLVED
