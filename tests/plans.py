"""How SQLite goes about what it is asked: the plans of questions heard while something is done."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from core.db import Database


@contextmanager
def asked(database: Database) -> Iterator[dict[str, object]]:
    """The questions that are asked of the database meanwhile, with what fills their blanks."""
    heard: dict[str, object] = {}

    def hear(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if statement.lstrip().startswith("SELECT"):
            heard[statement] = parameters

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    yield heard
    event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


async def walks_through(database: Database, questions: dict[str, object], small: set[str]) -> dict[str, list[str]]:
    """The questions that read a whole table, other than the `small` ones, with the steps that do."""
    scans = {}
    async with database.engine.connect() as connection:
        for question, blanks in questions.items():
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", blanks)
            scans[question] = [row[3] for row in plan if _is_a_walk_through_everything(row[3], small)]
    return {question: found for question, found in scans.items() if found}


def _is_a_walk_through_everything(step: str, small: set[str]) -> bool:
    """Whether a step of a plan reads a whole table; what is made on the way is as small as what it was made of."""
    found = re.match(r"SCAN (\w+)\b(?! USING (?:COVERING )?INDEX \w*(?:seq|kept_aside|undecided|in_review|open))", step)
    return found is not None and found[1] not in small and not found[1].startswith(("anon_", "CONSTANT", "SUBQUERY"))
