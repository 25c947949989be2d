"""What every part of the sandbox's GetMiPay shares."""

import asyncio

from aiohttp import web

from sandbox.getmipay import journal, transactions
from sandbox.getmipay.faults import Fault, magic_fault
from sandbox.getmipay.knobs import Knobs, read_knobs, turn_knobs
from sandbox.getmipay.orders import Kind, Order
from sandbox.settings import Settings
from sandbox.store import Store


class Room:
    """The store, the settings, the knobs as they stand, and the bell that wakes the courier."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.bell = asyncio.Event()

    @property
    def knobs(self) -> Knobs:
        return read_knobs(self.store)

    @property
    def balance(self) -> int:
        """The merchant's balance at GetMiPay, in whole francs."""
        return self.knobs.opening_balance + transactions.moved(self.store)

    def choose_fault(self, order: Order) -> Fault | None:
        """Magic numbers and amounts first, then the knob for this kind of order."""
        knobs = self.knobs
        magic = magic_fault(order.amount, order.phone_number) if knobs.magic else None
        if magic is Fault.TOO_MANY_REQUESTS and journal.has_called(self.store, order.reference):
            magic = None  # Whoever waited and came again is let in.
        ordered = knobs.deposit_fault if order.kind is Kind.DEPOSIT else knobs.payout_fault
        return magic or self.spend(ordered)

    def spend(self, fault: Fault | None) -> Fault | None:
        """Count one use of a knob's fault down, when `fault_times` limits them."""
        times = self.knobs.fault_times
        if fault is None or times == 0:
            return None
        if times is not None:
            turn_knobs(self.store, {"fault_times": times - 1})
        return fault


ROOM = web.AppKey("getmipay", Room)
