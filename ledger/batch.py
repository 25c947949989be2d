"""The one write path of the ledger: a batch of commands, decided together and written in a few statements.

However many commands come, PostgreSQL is asked some five questions: who is concerned (their rows locked in the order of
their ids, so that no two batches wait for each other), what is known already (asked after the locks, so that what the
last holder of a lock wrote is seen), and one INSERT for each kind of row.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ledger.commands import Command, PostHold, Reverse, VoidHold
from ledger.reading import read_books
from ledger.verdicts import Verdict
from ledger.writing import write_books

_UNIQUE_VIOLATION = "23505"


def apply(connection: Connection, batch: Sequence[Command]) -> list[Verdict]:
    """Decide and write a batch, in order, inside the caller's transaction; never commits. One verdict for each command.

    A command that is refused, repeated or contradictory leaves its neighbours alone. Whatever is raised (a deadlock, a
    lost connection) decided nothing: the caller rolls back and sends the same commands again.
    """
    verdicts: list[Verdict] = []
    for part in _independent_parts(batch):
        verdicts += _apply_part(connection, part)
    return verdicts


def apply_once(connection: Connection, batch: Sequence[Command]) -> list[Verdict]:
    """As `apply`, for a transaction that is done again as a whole, and so needs no savepoints.

    Raises IntegrityError where another transaction wrote one of the ids at this very moment.
    """
    verdicts: list[Verdict] = []
    for part in _independent_parts(batch):
        verdicts += _decide_and_write(connection, part)
    return verdicts


def _apply_part(connection: Connection, part: Sequence[Command], attempts: int = 5) -> list[Verdict]:
    """Two transactions may say one new id at once, without an account in common to queue for. The second one to write
    it is told by the database, goes back to where it stood, and finds on looking again what the first one wrote."""
    if connection.dialect.name == "sqlite":  # one writer at a time
        return _decide_and_write(connection, part)
    try:
        with connection.begin_nested():
            return _decide_and_write(connection, part)
    except IntegrityError as error:
        if attempts == 1 or getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
    return _apply_part(connection, part, attempts - 1)


def _decide_and_write(connection: Connection, part: Sequence[Command]) -> list[Verdict]:
    books = read_books(connection, part)
    verdicts = [books.decide(command) for command in part]
    write_books(connection, books)
    return verdicts


def _independent_parts(batch: Sequence[Command]) -> Iterator[list[Command]]:
    """The batch in order, cut before each command that needs what an earlier one of its part has yet to write."""
    part: list[Command] = []
    made: set[UUID] = set()
    for command in batch:
        if _subject(command) in made:
            yield part
            part, made = [], set()
        part.append(command)
        if not isinstance(command, VoidHold):
            made.add(command.id)
    if part:
        yield part


def _subject(command: Command) -> UUID | None:
    match command:
        case PostHold() | VoidHold():
            return command.hold
        case Reverse():
            return command.transfer
        case _:
            return None
