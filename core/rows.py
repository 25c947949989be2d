"""Many rows in one statement, on both engines."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Table,
    any_,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = dict[str, Any]
Stored = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row], **same: object) -> None:
    """Insert `rows`, which have all the same columns; `same` are the columns in which they do not differ."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        _insert_values(connection, table, rows, same)
        return
    varying = tuple(rows[0])
    columns = {name: [row[name] for row in rows] for name in varying}
    connection.execute(_insert_arrays(table, varying, tuple(same)), {**columns, **same})


def among(engine: str, value: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether `value` is one of the list bound as `name`: one array on PostgreSQL, so that one prepared statement
    serves every length of list; SQLite has no arrays and gets a list of parameters."""
    if engine == "postgresql":
        return value == any_(bindparam(name, type_=ARRAY(_native(value.type))))
    return value.in_(bindparam(name, expanding=True))


def _insert_values(connection: Connection, table: Table, rows: Sequence[Row], same: Row) -> None:
    """One INSERT for SQLite, done for each row. What SQLAlchemy would do for each value of each row is done here by
    hand: with it that took as long as the INSERT itself."""
    statement, stored = _values(table, tuple(rows[0]), tuple(same))
    varying = [(name, stored[name]) for name in rows[0]]
    once = [stored[name](value) for name, value in same.items()]
    connection.exec_driver_sql(statement, [(*[keep(row[name]) for name, keep in varying], *once) for row in rows])


@cache
def _values(table: Table, varying: tuple[str, ...], same: tuple[str, ...]) -> tuple[str, dict[str, Stored]]:
    """The statement, and for each of its columns what turns a value into what SQLite keeps."""
    names = (*varying, *same)
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
    return statement, {name: _stored(table.c[name].type) for name in names}


def _stored(kind: TypeEngine[Any]) -> Stored:
    return kind.dialect_impl(_SQLITE).bind_processor(_SQLITE) or _as_it_is


def _as_it_is(value: object) -> object:
    return value


@cache
def _insert_arrays(table: Table, varying: tuple[str, ...], same: tuple[str, ...]) -> Insert:
    """One INSERT that takes a column as one array: one round trip, and the triggers run once for all of its rows."""
    arrays = [func.unnest(_array(name, table.c[name].type)).label(name) for name in varying]
    values = [bindparam(name, type_=table.c[name].type).label(name) for name in same]
    return insert(table).from_select([*varying, *same], select(*arrays, *values))


def _array(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(_native(kind)))


_SQLITE: Dialect = sqlite.dialect()
_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def _native(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The engine's own type: what is ours stands as it is in PostgreSQL's, and need not be looked at one by one."""
    return kind.load_dialect_impl(_POSTGRESQL) if isinstance(kind, TypeDecorator) else kind
