"""Tables for spreadsheets, in which nothing that a member wrote becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from aiohttp import web

from console.people import others_in
from console.rendering import HEADERS
from console.visits import NotFound, Visit
from members import Member
from operators import Act
from payments import Cursor, Line, history

# What a spreadsheet takes for the beginning of a formula, after spaces too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# The mark by which a spreadsheet knows that accents are to come.
_UTF8 = "\ufeff"
_LINES_AT_MOST, _AT_ONCE = 5_000, 500


def csv_answer(name: str, rows: Iterable[Sequence[object]]) -> web.Response:
    """A file of these rows, the first of which names the columns."""
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=csv_of(rows), content_type="text/csv", charset="utf-8", headers=headers)


def csv_of(rows: Iterable[Sequence[object]]) -> str:
    """Rows for a spreadsheet, none of whose words it takes for a formula."""
    written = io.StringIO()
    csv.writer(written).writerows([safe_cell(value) for value in row] for row in rows)
    return _UTF8 + written.getvalue()


def safe_cell(value: object) -> object:
    """A number as it is; words that a spreadsheet would calculate, behind an apostrophe."""
    if isinstance(value, int):
        return value
    words = str(value)
    return f"'{words}" if words.startswith(_FORMULA) or words.lstrip().startswith(_FORMULA) else words


async def give_operations(visit: Visit) -> web.Response:
    """A member's newest operations, five thousand at most."""
    member_id = visit.id_named("id")
    lines: list[Line] = []
    before: Cursor | None = None
    async with visit.house.database.reading() as session:
        if await session.get(Member, member_id) is None:
            raise NotFound
        while len(lines) < _LINES_AT_MOST:
            page = await history(session, member_id, before, _AT_ONCE)
            lines += page.lines
            before = page.before
            if before is None:
                break
        others = await others_in(session, lines)
    await visit.note(Act.SEE, f"member:{member_id}", page="operations.csv")
    head = ("at", "reference", "kind", "state", "amount", "fee", "currency", "method", "with", "note")
    rows = (
        (
            line.at.isoformat(timespec="seconds"), line.reference, line.kind.value, line.state, line.amount.amount,
            line.fee.amount, line.amount.currency, line.method or "",
            others.get(line.id, ""), line.note or "",
        )
        for line in lines
    )  # fmt: skip
    return csv_answer(f"cauri-{member_id}.csv", [head, *rows])
