"""The ledger's verb for those who hold a session: all of the commands, or none of them and an error that says why.

InsufficientFunds   a refusal, to be told to the person
LedgerError
├── LedgerConflict  an id, or a journal's leg, said twice with different content: a fault of ours
└── LedgerRefused   any other refusal, with its reason: an account closed, a hold resolved before
"""

from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from core.money import Money
from ledger.accounts import balance
from ledger.batch import apply
from ledger.commands import Command, PlaceHold, Post, Reverse, VoidHold
from ledger.tables import TRANSFER
from ledger.verdicts import Conflict, RefusalReason, Refused, Verdict
from ledger.writing import record_refusal


class InsufficientFunds(Refusal):
    """The account has less than the amount. `balance` is what it could spare, `amount` what was asked, both Money."""

    key = "refusal.insufficient_funds"


class LedgerError(Exception):
    """The ledger did not do what it was told; nothing moved. `command` is the one that stopped it."""

    def __init__(self, command: Command, why: str) -> None:
        super().__init__(f"{type(command).__name__} {_name(command)}: {why}")
        self.command = command


class LedgerConflict(LedgerError):
    """The same id, or the same leg of the same journal, with other content."""

    def __init__(self, command: Command) -> None:
        super().__init__(command, "this id or this leg of its journal already stands for something else")


class LedgerRefused(LedgerError):
    """Refused, for a reason that is not the member's purse."""

    def __init__(self, command: Command, reason: RefusalReason) -> None:
        super().__init__(command, reason)
        self.reason = reason


async def post(session: AsyncSession, *commands: Command) -> None:
    """Carry out the commands in the session's transaction, all or none; a replay is silently fine.

    Raises InsufficientFunds, LedgerConflict or LedgerRefused for the first command that was not done. The transaction
    may still be committed then: none of the commands moved anything, and a refused id stays refused.
    """
    connection = await session.connection()
    stopped = await connection.run_sync(_all_or_none, commands)
    if stopped is None:
        return
    command, verdict = stopped
    if isinstance(verdict, Conflict):
        raise LedgerConflict(command)
    if verdict.reason is not RefusalReason.INSUFFICIENT_FUNDS:
        raise LedgerRefused(command, verdict.reason)
    debit, amount = await _demand(session, command)
    raise InsufficientFunds(balance=(await balance(session, debit)).available, amount=amount)


def _all_or_none(connection: Connection, commands: tuple[Command, ...]) -> tuple[Command, Refused | Conflict] | None:
    """The first command that was not done with its verdict, and then none of them is; or None when all are."""
    with connection.begin_nested() as savepoint:
        stopped = _first_not_done(commands, apply(connection, commands))
        if stopped:
            savepoint.rollback()
    if stopped and isinstance(stopped[1], Refused) and not isinstance(stopped[0], VoidHold):
        record_refusal(connection, stopped[0], stopped[1].reason)
    return stopped


def _first_not_done(
    commands: tuple[Command, ...], verdicts: list[Verdict]
) -> tuple[Command, Refused | Conflict] | None:
    for command, verdict in zip(commands, verdicts, strict=True):
        if isinstance(verdict, Refused | Conflict):
            return command, verdict
    return None


async def _demand(session: AsyncSession, command: Command) -> tuple[UUID, Money]:
    """The account that is short, and the amount that it was asked for."""
    match command:
        case Post() | PlaceHold():
            return command.debit, command.amount
        case Reverse():
            columns = (TRANSFER.c.credit_id, TRANSFER.c.amount)
            original = (await session.execute(select(*columns).where(TRANSFER.c.id == command.transfer))).one()
            return original.credit_id, command.amount or Money(original.amount)
        case _:
            raise AssertionError("what is held is there")


def _name(command: Command) -> UUID:
    return command.hold if isinstance(command, VoidHold) else command.id
