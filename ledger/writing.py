"""What a batch decided, written: one INSERT for each kind of row, however many there are."""

from sqlalchemy import Connection

from core.clock import now
from core.rows import Change, Insertion, insert_rows, write
from ledger.books import Books
from ledger.commands import Identified, fingerprint
from ledger.tables import HOLD, REFUSAL, RESOLUTION, TRANSFER, insert_if_new
from ledger.verdicts import RefusalReason

# What most batches have the same in all of their transfers: the moment, and no hold and no reversal.
_ALIKE = ("hold_id", "reverses_id", "effective_at", "created_at")


def write_books(connection: Connection, books: Books, *beside: Insertion | Change) -> None:
    """Write all that the books decided, and with the transfers what the caller has to write beside. The triggers keep
    the balances.

    Releases come first and new holds last, so that no account looks short in between when it is not in the end.
    """
    insert_rows(connection, RESOLUTION, books.resolutions)
    write(connection, *beside, Insertion(TRANSFER, books.transfers, alike=_ALIKE))
    insert_rows(connection, HOLD, books.new_holds)
    insert_rows(connection, REFUSAL, books.refusals)


def record_refusal(connection: Connection, command: Identified, reason: RefusalReason) -> None:
    """Keep a refusal whose batch was taken back, unless it is kept already."""
    record = {"id": command.id, "fingerprint": fingerprint(command), "reason": reason.value, "created_at": now()}
    connection.execute(insert_if_new(connection.dialect.name, REFUSAL).values(record))
