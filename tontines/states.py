"""The words in which a tontine's rows say where they stand."""

from enum import StrEnum


class TontineState(StrEnum):
    """gathering → running → between → running … → closed."""

    GATHERING = "gathering"
    RUNNING = "running"
    BETWEEN = "between"
    CLOSED = "closed"


class Role(StrEnum):
    """The offices. Being a chat's admin is none of them."""

    PRESIDENT = "president"
    TREASURER = "treasurer"
    SECRETARY = "secretary"
    COMMISSIONER = "commissioner"


class MembershipState(StrEnum):
    """asked → approved → active → left; or refused. The charter makes an approved member an active one."""

    ASKED = "asked"
    APPROVED = "approved"
    ACTIVE = "active"
    REFUSED = "refused"
    LEFT = "left"


class RoundState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    """The pot was paid. Arrears that come later are paid on to the beneficiary; the round itself never changes."""


class Source(StrEnum):
    """Where a contribution's money comes from."""

    WALLET = "wallet"
    CASH = "cash"
    ADVANCE = "advance"
    """What the member paid early."""
    CAUTION = "caution"
    GUARANTOR = "guarantor"
    SET_OFF = "set_off"
    """Kept, as agreed, from a pot that the debtor receives."""


class ContributionState(StrEnum):
    WAITING = "waiting"
    """For the wallet to hold enough."""
    DECLARED = "declared"
    """Cash that the treasurer says was given, and the member has not confirmed."""
    MADE = "made"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """It waited in vain, or what it was for has been paid."""
    REVERSED = "reversed"


class PotState(StrEnum):
    REQUESTED = "requested"
    PAID = "paid"


class FineState(StrEnum):
    OWED = "owed"
    PAID = "paid"
    WAIVED = "waived"


class DecisionState(StrEnum):
    """Of whatever one person asks and others decide."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
