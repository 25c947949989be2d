"""What a batch decided, written: one INSERT for each kind of row, however many there are."""

from functools import cache

from sqlalchemy import ARRAY, Connection, Insert, Table, bindparam, func, insert, select

from core.clock import now
from ledger.books import Books, Record
from ledger.commands import Identified, fingerprint
from ledger.tables import HOLD, REFUSAL, RESOLUTION, TRANSFER, insert_if_new
from ledger.verdicts import RefusalReason


def write_books(connection: Connection, books: Books) -> None:
    """Write all that the books decided. The triggers keep the balances.

    Releases come first and new holds last, so that no account looks short in between when it is not in the end.
    """
    _insert(connection, RESOLUTION, books.resolutions)
    _insert(connection, TRANSFER, books.transfers)
    _insert(connection, HOLD, books.new_holds)
    _insert(connection, REFUSAL, books.refusals)


def record_refusal(connection: Connection, command: Identified, reason: RefusalReason) -> None:
    """Keep a refusal whose batch was taken back, unless it is kept already."""
    record = {"id": command.id, "fingerprint": fingerprint(command), "reason": reason.value, "created_at": now()}
    connection.execute(insert_if_new(connection.dialect.name, REFUSAL).values(record))


def _insert(connection: Connection, table: Table, records: list[Record]) -> None:
    if not records:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), records)
        return
    names = tuple(records[0])
    columns = {name: [record[name] for record in records] for name in names}
    connection.execute(_insert_arrays(table, names), columns)


@cache
def _insert_arrays(table: Table, names: tuple[str, ...]) -> Insert:
    """One INSERT that takes a column as one array: one round trip, and the triggers run once for all of its rows."""
    arrays = [func.unnest(bindparam(name, type_=ARRAY(table.c[name].type))).label(name) for name in names]
    return insert(table).from_select(names, select(*arrays))
