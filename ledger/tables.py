"""The ledger's tables, as `migrations/versions/0002_ledger.py` makes them; what guards them is written there.

Every stored balance is credits minus debits. A member's balance stands on the account's own row; a system account's is
the sum of its slots, one for each writer, so that no two writers wait for one row.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Insert,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

from core.db import Id, Model, UtcDateTime


class _TimeAsText(sqlite.DATETIME):
    """A moment under the type name TEXT, the only one that SQLite's STRICT tables have for it."""


@compiles(_TimeAsText, "sqlite")
def _text(*_: object, **__: object) -> str:
    return "TEXT"


class Moment(UtcDateTime):
    """The house's UTC moment, in a STRICT table."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "sqlite":
            return super().load_dialect_impl(dialect)
        return dialect.type_descriptor(_TimeAsText())  # type: ignore[no-untyped-call]


_Whole = BigInteger().with_variant(Integer(), "sqlite")

ACCOUNT = Table(
    "ledger_account",
    Model.metadata,
    Column("id", Id, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("balance", _Whole, nullable=False, server_default=FetchedValue()),
    Column("held", _Whole, nullable=False, server_default=FetchedValue()),
    Column("closed_at", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("owner", "kind", "currency"),
    sqlite_strict=True,
)

# Few of very many: what a ceiling keeps from its owner is found without reading every account.
PARKED = text("kind = 'parked'")
Index("ix_ledger_account_parked", ACCOUNT.c.id, postgresql_where=PARKED, sqlite_where=PARKED)

SLOT = Table(
    "ledger_slot",
    Model.metadata,
    Column("account_id", Id, ForeignKey(ACCOUNT.c.id), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("balance", _Whole, nullable=False),
    sqlite_strict=True,
)

HOLD = Table(
    "ledger_hold",
    Model.metadata,
    Column("id", Id, primary_key=True),
    Column("debit_id", Id, nullable=False),
    Column("credit_id", Id, nullable=False),
    Column("amount", _Whole, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),
    sqlite_strict=True,
)
Index(
    None,
    HOLD.c.debit_id,
    HOLD.c.expires_at,
    postgresql_where=HOLD.c.expires_at.is_not(None),
    sqlite_where=HOLD.c.expires_at.is_not(None),
)

# No foreign key on the two accounts: each insert would lock the hot account's row, and the triggers refuse an unknown
# account anyway. The slot is filled by the database, which knows the writer.
TRANSFER = Table(
    "ledger_transfer",
    Model.metadata,
    Column("seq", _Whole, Identity(always=True), primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("journal_id", Id, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("debit_id", Id, nullable=False),
    Column("credit_id", Id, nullable=False),
    Column("amount", _Whole, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("slot", Integer, nullable=False, server_default=FetchedValue()),
    Column("hold_id", Id, ForeignKey(HOLD.c.id)),
    Column("reverses_id", Id, ForeignKey("ledger_transfer.id")),
    Column("effective_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("journal_id", "leg"),
    sqlite_strict=True,
)
Index(None, TRANSFER.c.debit_id, TRANSFER.c.seq)
Index(None, TRANSFER.c.credit_id, TRANSFER.c.seq)
Index(
    None,
    TRANSFER.c.reverses_id,
    postgresql_where=TRANSFER.c.reverses_id.is_not(None),
    sqlite_where=TRANSFER.c.reverses_id.is_not(None),
)

RESOLUTION = Table(
    "ledger_resolution",
    Model.metadata,
    Column("hold_id", Id, ForeignKey(HOLD.c.id), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("transfer_id", Id, ForeignKey(TRANSFER.c.id)),
    Column("created_at", Moment, nullable=False),
    sqlite_strict=True,
)

REFUSAL = Table(
    "ledger_refusal",
    Model.metadata,
    Column("id", Id, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    sqlite_strict=True,
)

# A view: each transfer seen from both of its accounts, the debit negative.
ENTRY = table("ledger_entry", column("account_id", Id), column("amount", _Whole))


def insert_if_new(engine: str, into: Table) -> Insert:
    """An INSERT that does nothing where the row is there already; it waits for another's that is being written."""
    if engine == "postgresql":
        return postgresql.insert(into).on_conflict_do_nothing()
    return sqlite.insert(into).on_conflict_do_nothing()
