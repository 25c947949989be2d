"""The knobs of the sandbox's GetMiPay: what it does to everybody until told otherwise."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sandbox.getmipay.faults import Fault
from sandbox.getmipay.orders import Kind
from sandbox.getmipay.services import ServiceChange
from sandbox.getmipay.statements import StatementFault
from sandbox.store import Store

TABLES = "CREATE TABLE IF NOT EXISTS getmipay_knobs (id INTEGER PRIMARY KEY CHECK (id = 1), settings TEXT NOT NULL);"

Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Knobs(BaseModel):
    """Every knob with its resting position; docs/sandbox-getmipay.md explains each."""

    model_config = ConfigDict(extra="forbid")

    deposit_fault: Fault | None = None
    payout_fault: Fault | None = None
    status_fault: Fault | None = None
    statement_fault: StatementFault | None = None
    fault_times: Annotated[int, Field(ge=0)] | None = None
    magic: bool = True
    merchant_name: str = "Cauri"
    merchant_disabled: bool = False
    opening_balance: int = 0
    check_balance: bool = False
    payout_status: bool = False
    payout_id_field: Annotated[str, Field(pattern="^(payout_id|transaction_id)$")] = "payout_id"
    payout_delay_s: Seconds = 0.8
    slow_s: Seconds = 3.0
    hang_s: Seconds = 35.0
    late_s: Seconds = 5.0
    order_gap_s: Seconds = 1.0
    link_ttl_s: Seconds = 1800.0
    retry_after_s: Annotated[int, Field(ge=0)] = 1
    retry_delays_s: Annotated[list[Seconds], Field(min_length=1)] = [0.5, 1, 2, 4, 8, 15, 30, 60]
    deposit_refusal: str = "PAYER_LIMIT_REACHED"
    payout_refusal: str = "RECIPIENT_NOT_FOUND"
    token_life_s: Annotated[float, Field(gt=0, le=86_400)] = 86_400.0
    otp: str = "123456"
    fee_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 300
    services: dict[str, ServiceChange] = {}
    previous_webhook_secret: str = "demo-previous-webhook-secret"  # noqa: S105 (a demo value)

    def refusal_code(self, kind: Kind) -> str:
        return self.deposit_refusal if kind is Kind.DEPOSIT else self.payout_refusal


def read_knobs(store: Store) -> Knobs:
    row = store.connection.execute("SELECT settings FROM getmipay_knobs").fetchone()
    return Knobs() if row is None else Knobs.model_validate_json(row["settings"])


def turn_knobs(store: Store, changes: Mapping[str, object]) -> Knobs:
    """Change the named knobs and keep the others; raise pydantic's `ValidationError` on an unknown one."""
    knobs = Knobs.model_validate({**read_knobs(store).model_dump(), **changes})
    store.connection.execute(
        "INSERT INTO getmipay_knobs VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET settings = excluded.settings",
        (knobs.model_dump_json(),),
    )
    return knobs
