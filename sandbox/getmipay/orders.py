"""What a merchant may ask for, whatever the dialect; the body of dialect A's `initiate`, checked field by field."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StrictInt, ValidationError, model_validator

from sandbox.getmipay.refusals import RefusalError

Link = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)]
# Strict: a client that sends 5000.0, "5000" or true has a bug worth hearing about here.
Francs = Annotated[StrictInt, Field(gt=0, le=100_000_000)]


class Kind(StrEnum):
    DEPOSIT = "deposit"
    PAYOUT = "payout"


class Method(StrEnum):
    WAVE = "wave"
    ORANGE_MONEY = "orange_money"
    MOOV_MONEY = "moov_money"
    MTN_MONEY = "mtn_money"
    VISA = "visa"


class Order(BaseModel):
    """One deposit or payout as the merchant asked for it; `amount` in whole francs."""

    kind: Kind
    amount: Francs
    currency: str
    phone_number: str
    method: Method
    reference: str
    """The merchant's own name for it; what stands in its place where the dialect has none."""
    callback_url: str = ""
    return_url: str | None = None
    description: str = ""


class GuideOrder(Order):
    """As the guide has it."""

    currency: Literal["XOF"]
    phone_number: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{7,14}$")]
    reference: Annotated[str, Field(min_length=1, max_length=100)]
    callback_url: Link
    return_url: Link | None = None
    description: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _a_card_receives_nothing(self) -> Self:
        if self.kind is Kind.PAYOUT and self.method is Method.VISA:
            raise ValueError("method visa has no payout")
        return self


def read_order(kind: Kind, fields: dict[str, object]) -> Order:
    """Raise a 400 `RefusalError` that names the first wrong field."""
    try:
        return GuideOrder.model_validate({**fields, "kind": kind})
    except ValidationError as error:
        raise RefusalError(400, first_mistake(error)) from error


def first_mistake(error: ValidationError) -> str:
    """The first wrong field and what is wrong with it."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg']}".removeprefix(": Value error, ")
