"""Pay-ins and payouts of the dialects `v1` and `sdk`: checked, made, and told of."""

import secrets
import string
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Field, StrictInt, ValidationError

from sandbox.getmipay.answers import INSTEAD
from sandbox.getmipay.calls import Name, bent, read_json
from sandbox.getmipay.courier import COURIER
from sandbox.getmipay.decisions import Step, plan, settle
from sandbox.getmipay.faults import Fault
from sandbox.getmipay.orders import Kind, Link, Order, first_mistake
from sandbox.getmipay.refusals import RefusalError
from sandbox.getmipay.room import Room
from sandbox.getmipay.services import Service, catalogue
from sandbox.getmipay.transactions import Passage, Status, Transaction, find, insert, insert_passage, passage_of

OPERATIONS = {Kind.DEPOSIT: "2", Kind.PAYOUT: "4"}
_LEAST = 100
_LONGEST_OTP = 8
_LETTERS = string.ascii_uppercase + string.digits


class Wish(BaseModel):
    """The body of a pay-in or a payout; `wallet` in digits with the country code."""

    amount: Annotated[StrictInt, Field(ge=_LEAST, le=100_000_000)]
    currency: Literal["XAF", "XOF"]
    wallet: Annotated[str, Field(pattern=r"^[1-9][0-9]{7,14}$")]
    description: Annotated[str, Field(max_length=500)] = ""
    customer_name: Annotated[str, Field(max_length=200)] = ""
    customer_email: Annotated[str, Field(max_length=200)] = ""
    callback_url: Link | Literal[""] = ""


class SdkWish(Wish):
    """The SDKs' own examples write a plus, and numbers without a country code."""

    wallet: Annotated[str, Field(pattern=r"^\+?[0-9]{8,15}$")]


async def obey(
    request: web.Request, room: Room, kind: Kind, wishes: type[Wish], name_call: Name
) -> Transaction | web.Response:
    """Do what a call asks for: the transaction made, or the answer that a fault gives in its stead."""
    service = _service(request, room, kind)
    order = _order(kind, service, await request.read(), wishes)
    name_call(order.reference)
    if room.knobs.merchant_disabled:
        raise RefusalError(403, "merchant account disabled")
    _check_bounds(order, service)
    if kind is Kind.DEPOSIT and service.asks_otp:
        _check_otp(request, room)
    fault = room.choose_fault(order)
    if instead := INSTEAD.get(fault):
        return await instead(request, room.knobs, room.knobs.refusal_code(kind))
    transaction = _accept(room, order, service, fault)
    if fault is Fault.WEBHOOK_BEFORE_ANSWER:
        settle(room, transaction, Status.SUCCESS)
        await request.app[COURIER].flush(transaction.id)
    return transaction


async def send_off(
    request: web.Request, room: Room, transaction: Transaction, body: object, status: int
) -> web.Response:
    """The answer to a call that was obeyed, as its fault bends it."""
    return await bent(request, room, transaction.fault, web.json_response(body, status=status))


def find_passage(room: Room, order_id: object, pay_id: object) -> tuple[Transaction, Passage]:
    """The transaction that has both ids; raise a 404 `RefusalError` where none has."""
    transaction = find(room.store, str(order_id))
    passage = passage_of(room.store, transaction.id) if transaction else None
    if transaction is None or passage is None or passage.pay_id != pay_id:
        raise RefusalError(404, "transaction not found")
    return transaction, passage


def _service(request: web.Request, room: Room, kind: Kind) -> Service:
    if request.headers.get("operation") != OPERATIONS[kind]:
        raise RefusalError(422, f"header operation: must be {OPERATIONS[kind]}")
    service = catalogue(room.knobs.services).get(request.headers.get("service", ""))
    if service is None:
        raise RefusalError(404, "header service: no such service")
    if not service.serves(kind):
        raise RefusalError(422, code="TEMPORARILY_UNAVAILABLE")
    return service


def _order(kind: Kind, service: Service, raw: bytes, wishes: type[Wish]) -> Order:
    try:
        wish = wishes.model_validate(read_json(raw))
    except ValidationError as error:
        raise RefusalError(422, first_mistake(error)) from error
    if wish.currency != service.currency:
        raise RefusalError(422, code="CURRENCY_MISMATCH")
    # This dialect has no reference of the merchant's: what it writes into the description stands in the journal.
    return Order(
        kind=kind, amount=wish.amount, currency=wish.currency, phone_number=f"+{wish.wallet.lstrip('+')}",
        method=service.method, reference=wish.description, callback_url=wish.callback_url,
        description=wish.description,
    )  # fmt: skip


def _check_bounds(order: Order, service: Service) -> None:
    if not service.min_amount <= order.amount <= service.max_amount:
        raise RefusalError(422, code="AMOUNT_OUT_OF_BOUNDS")


def _check_otp(request: web.Request, room: Room) -> None:
    otp = request.headers.get("otp", "")
    if not otp or len(otp) > _LONGEST_OTP:
        raise RefusalError(422, f"header otp: required by this service, at most {_LONGEST_OTP} characters")
    if otp != room.knobs.otp:
        raise RefusalError(400, code="INVALID_OTP")


def _accept(room: Room, order: Order, service: Service, fault: Fault | None) -> Transaction:
    knobs, is_payout = room.knobs, order.kind is Kind.PAYOUT
    if is_payout and knobs.check_balance and order.amount > room.balance:
        raise RefusalError(400, code="INSUFFICIENT_MERCHANT_BALANCE")
    prefix = "MPAYOUT" if is_payout else "MPAYIN"
    name = f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(12))}"
    transaction = Transaction.from_order(order, fault, knobs.link_ttl_s).model_copy(
        update={"id": name, "reference": name}
    )
    fee = 0 if is_payout else transaction.received * knobs.fee_basis_points // 10_000
    with room.store.transaction():
        insert(room.store, transaction)
        passage = Passage(
            transaction_id=name, pay_id=f"MLS{secrets.token_hex(7)[:13]}", service=service.id, fee=fee
        )  # fmt: skip
        insert_passage(room.store, passage)
        if is_payout or service.asks_otp:
            # Who has given a one-time code has agreed already; everybody else approves on their telephone.
            plan(room, transaction, Step(knobs.payout_delay_s, Status.SUCCESS))
    room.bell.set()
    return transaction
