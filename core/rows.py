"""Many rows in one statement, and what a transaction writes in few round trips, on both engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
    Update,
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


@dataclass(frozen=True, slots=True)
class Insertion:
    """`rows` to be inserted, which have all the same columns; `same` are the columns in which they do not differ.

    `alike` are columns in which they mostly do not: where one object stands in all rows, it travels once.
    """

    table: Table
    rows: Sequence[Row]
    same: Row = field(default_factory=dict)
    alike: Sequence[str] = ()

    def columns(self) -> tuple[tuple[str, ...], Row]:
        """The columns in which these rows differ, and the values of all others."""
        first = self.rows[0]
        same = {name: first[name] for name in self.alike if all(row[name] is first[name] for row in self.rows)}
        return tuple(name for name in first if name not in same), same | self.same


@dataclass(frozen=True, slots=True)
class Change:
    """An UPDATE, built once, and what it is told this time. Its parameters share no name with those beside it."""

    statement: Update
    values: Row


def write(connection: Connection, *parts: Insertion | Change) -> None:
    """Write all of the parts, which must not need one another: on PostgreSQL they are one statement, and nobody knows
    which is done first."""
    told = [part for part in parts if isinstance(part, Change) or part.rows]
    if connection.dialect.name == "sqlite":
        for part in told:
            _write_alone(connection, part)
    elif told:
        pairs = [(part.statement, part.values) if isinstance(part, Change) else _as_arrays(part) for part in told]
        values = {name: value for _, values in pairs for name, value in values.items()}
        connection.execute(_in_one(tuple(statement for statement, _ in pairs)), values)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row], **same: object) -> None:
    """Insert `rows`, which have all the same columns; `same` are the columns in which they do not differ."""
    write(connection, Insertion(table, rows, same))


def among(engine: str, value: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether `value` is one of the list bound as `name`: one array on PostgreSQL, so that one prepared statement
    serves every length of list; SQLite has no arrays and gets a list of parameters."""
    if engine == "postgresql":
        return value == any_(bindparam(name, type_=ARRAY(_native(value.type))))
    return value.in_(bindparam(name, expanding=True))


def _write_alone(connection: Connection, part: Insertion | Change) -> None:
    if isinstance(part, Change):
        connection.execute(part.statement, part.values)
    else:
        _insert_values(connection, part)


def _insert_values(connection: Connection, part: Insertion) -> None:
    """One INSERT for SQLite, done for each row. What SQLAlchemy would do for each value of each row is done here by
    hand: with it that took as long as the INSERT itself."""
    varying, same = part.columns()
    statement, stored = _values(part.table, varying, tuple(same))
    keepers = [(name, stored[name]) for name in varying]
    once = [stored[name](value) for name, value in same.items()]
    connection.exec_driver_sql(statement, [(*[keep(row[name]) for name, keep in keepers], *once) for row in part.rows])


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


def _as_arrays(part: Insertion) -> tuple[Insert, Row]:
    """One INSERT for PostgreSQL, and what it is told: each varying column as one array."""
    table, (varying, same) = part.table, part.columns()
    arrays = {_name(table, name): [row[name] for row in part.rows] for name in varying}
    told = arrays | {_name(table, name): value for name, value in same.items()}
    return _insert_arrays(table, varying, tuple(same)), told


@cache
def _insert_arrays(table: Table, varying: tuple[str, ...], same: tuple[str, ...]) -> Insert:
    """One INSERT that takes a column as one array: one round trip, and the triggers run once for all of its rows."""
    arrays = [func.unnest(_array(_name(table, name), table.c[name].type)).label(name) for name in varying]
    values = [bindparam(_name(table, name), type_=table.c[name].type).label(name) for name in same]
    return insert(table).from_select([*varying, *same], select(*arrays, *values))


@cache
def _in_one(statements: tuple[Insert | Update, ...]) -> Insert | Update:
    *others, last = statements
    return last.add_cte(*(each.cte(f"part_{number}") for number, each in enumerate(others)))


def _name(table: Table, column: str) -> str:
    return f"{table.name}_{column}"


def _array(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(_native(kind)))


_SQLITE: Dialect = sqlite.dialect()
_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def _native(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The engine's own type: what is ours stands as it is in PostgreSQL's, and need not be looked at one by one."""
    return kind.load_dialect_impl(_POSTGRESQL) if isinstance(kind, TypeDecorator) else kind
