"""What we need of a payment provider, and the few answers that matter to money."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Protocol, TypeAlias

from core.money import Money
from core.phones import Phone
from payments.failures import FailureCode
from payments.methods import Direction


@dataclass(frozen=True, slots=True)
class Order:
    """One payment to ask for; `reference` is ours and unique."""

    direction: Direction
    reference: str
    amount: Money
    phone: Phone
    method: str
    service: str | None = None
    """The provider's own name for the method there, in a dialect that has one."""
    code: str | None = field(default=None, repr=False)
    """The one-time code that the payer's operator wants."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it, under its own id; the payer of a deposit may have to open `payment_url`.

    `pay_id` is a second id, in a dialect that asks by both; `fee` what the provider says it keeps of a deposit.
    """

    provider_id: str
    payment_url: str | None
    pay_id: str | None = None
    fee: int = 0


@dataclass(frozen=True, slots=True)
class Declined:
    """An explicit refusal, in the provider's words; a code of `UNKNOWN` is one whose words are in no table."""

    code: FailureCode
    said: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may or may not have been done: never to be sent again, never to be given back on this answer."""

    why: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It surely was not done, and is safe to send again, after `retry_after` where the provider asks for it."""

    why: str
    retry_after: timedelta | None = None


Outcome: TypeAlias = Accepted | Declined | Unclear | NotSent


class Progress(Enum):
    """Where a payment stands, in the provider's words."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """The look-up's answer; `amount` is what the provider says it moved, None where it does not say so readably."""

    progress: Progress
    amount: Money | None


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The provider says that it does not know the payment."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The look-up itself failed: nothing was learnt."""

    why: str


Sighting: TypeAlias = Seen | NotKnown | NoAnswer


class Provider(Protocol):
    """Somebody who moves money for us. No method raises for what the provider or the network does."""

    async def initiate(self, order: Order) -> Outcome:
        """Ask for a payment, once."""
        ...

    async def look_up(
        self, direction: Direction, reference: str, provider_id: str | None, pay_id: str | None = None
    ) -> Sighting:
        """Ask where a payment stands; safe to repeat."""
        ...
