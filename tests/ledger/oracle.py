"""The ledger in plain Python, written to be believed: one command after the other, nothing clever, no database."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ledger import (
    Applied,
    Command,
    Conflict,
    PlaceHold,
    Post,
    PostHold,
    RefusalReason,
    Refused,
    Replayed,
    Reverse,
    Verdict,
    VoidHold,
)


@dataclass
class Purse:
    is_member: bool
    balance: int = 0


@dataclass
class Moved:
    debit: UUID
    credit: UUID
    amount: int
    reversed: int = 0


@dataclass
class Held:
    debit: UUID
    credit: UUID
    amount: int
    expires_at: datetime | None
    outcome: str | None = None


@dataclass
class Oracle:
    """Knows each account, each id that was ever said with its answer, and each leg."""

    purses: dict[UUID, Purse]
    said: dict[UUID, tuple[Command, Verdict]] = field(default_factory=dict)
    legs: set[tuple[UUID, int]] = field(default_factory=set)
    moves: dict[UUID, Moved] = field(default_factory=dict)
    holds: dict[UUID, Held] = field(default_factory=dict)

    def tell(self, command: Command, moment: datetime) -> Verdict:
        self._let_time_pass(moment)
        if isinstance(command, VoidHold):
            return self._void(command)
        if command.id in self.said:
            before, verdict = self.said[command.id]
            if before != command:
                return Conflict()
            return Replayed() if verdict == Applied() else verdict
        if not isinstance(command, PlaceHold) and (command.journal, command.leg) in self.legs:
            return Conflict()
        reason = self._do(command)
        verdict = Refused(reason) if reason else Applied()
        self.said[command.id] = (command, verdict)
        return verdict

    def held(self, account: UUID, moment: datetime) -> int:
        self._let_time_pass(moment)
        return sum(hold.amount for hold in self.holds.values() if hold.debit == account and hold.outcome is None)

    def _let_time_pass(self, moment: datetime) -> None:
        for hold in self.holds.values():
            if hold.outcome is None and hold.expires_at and hold.expires_at <= moment:
                hold.outcome = "expired"

    def _void(self, command: VoidHold) -> Verdict:
        hold = self.holds.get(command.hold)
        if hold is None:
            return Refused(RefusalReason.UNKNOWN_HOLD)
        if hold.outcome == "voided":
            return Replayed()
        if hold.outcome is not None:
            return Refused(_why(hold))
        hold.outcome = "voided"
        return Applied()

    def _do(self, command: Post | PlaceHold | PostHold | Reverse) -> RefusalReason | None:
        match command:
            case Post():
                return self._move(command, Moved(command.debit, command.credit, command.amount.amount))
            case PlaceHold():
                return self._place(command)
            case PostHold():
                return self._post_hold(command)
            case Reverse():
                return self._reverse(command)

    def _place(self, command: PlaceHold) -> RefusalReason | None:
        amount = command.amount.amount
        if {command.debit, command.credit} - self.purses.keys():
            return RefusalReason.UNKNOWN_ACCOUNT
        if self._is_short(command.debit, amount):
            return RefusalReason.INSUFFICIENT_FUNDS
        self.holds[command.id] = Held(command.debit, command.credit, amount, command.expires_at)
        return None

    def _post_hold(self, command: PostHold) -> RefusalReason | None:
        hold = self.holds.get(command.hold)
        if hold is None:
            return RefusalReason.UNKNOWN_HOLD
        if hold.outcome is not None:
            return _why(hold)
        amount = command.amount.amount if command.amount else hold.amount
        if amount > hold.amount:
            return RefusalReason.OVER_HOLD
        hold.outcome = "posted"
        return self._move(command, Moved(hold.debit, hold.credit, amount))

    def _reverse(self, command: Reverse) -> RefusalReason | None:
        original = self.moves.get(command.transfer)
        if original is None:
            return RefusalReason.UNKNOWN_TRANSFER
        amount = command.amount.amount if command.amount else original.amount
        if original.reversed + amount > original.amount:
            return RefusalReason.OVER_TRANSFER
        refusal = self._move(command, Moved(original.credit, original.debit, amount))
        if refusal is None:
            original.reversed += amount
        return refusal

    def _move(self, command: Post | PostHold | Reverse, moved: Moved) -> RefusalReason | None:
        if {moved.debit, moved.credit} - self.purses.keys():
            return RefusalReason.UNKNOWN_ACCOUNT
        if self._is_short(moved.debit, moved.amount):
            return RefusalReason.INSUFFICIENT_FUNDS
        self.purses[moved.debit].balance -= moved.amount
        self.purses[moved.credit].balance += moved.amount
        self.moves[command.id] = moved
        self.legs.add((command.journal, command.leg))
        return None

    def _is_short(self, account: UUID, amount: int) -> bool:
        purse = self.purses[account]
        held = sum(hold.amount for hold in self.holds.values() if hold.debit == account and hold.outcome is None)
        return purse.is_member and purse.balance - held < amount


def _why(hold: Held) -> RefusalReason:
    return RefusalReason.EXPIRED if hold.outcome == "expired" else RefusalReason.ALREADY_RESOLVED
