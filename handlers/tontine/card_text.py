"""The card's words: a round as every member may see it, in the group or in private."""

from collections.abc import Sequence
from uuid import UUID

from markupsafe import Markup

from core import clock, i18n
from handlers.tontine.board import Board, Row, Standing
from handlers.tontine.people import cut

# Up to so many members have a line each; more are named in a row for each standing, so many of them.
_LINES = 15
_NAMED = 15


def subject_of(round_id: UUID) -> str:
    """What the card's message is about."""
    return f"round:{round_id}"


def card_text(language: str, board: Board, *, has_request: bool = False, reader_has_paid: bool = False) -> Markup:
    """The card's words: whose turn, until when, how much is there, and who has paid; perhaps the one who reads it."""
    names = [cut(name) for name in board.beneficiaries]
    return i18n.text(
        language, "card.text", tontine=board.tontine, number=board.number, of=board.of, names=", ".join(names),
        until=i18n.moment(language, board.deadline, board.zone), collected=board.collected, expected=board.expected,
        state=i18n.text(language, f"card.state.{_state(board, has_request, reader_has_paid)}"),
        rows=_rows(language, board.rows),
        price=i18n.text(language, "card.price", price=board.price) if board.price else "",
        taken_back=i18n.text(language, "card.taken_back", amount=board.taken_back) if board.taken_back else "",
    )  # fmt: skip


def _state(board: Board, has_request: bool, reader_has_paid: bool) -> str:  # noqa: FBT001 - two facts in a row
    if board.is_closed:
        return "closed"
    if has_request:
        return "requested"
    if board.collected >= board.expected:
        return "full"
    if reader_has_paid:
        return "you_paid"
    return "late" if board.deadline < clock.now() else "open"


def _rows(language: str, rows: Sequence[Row]) -> Markup:
    if len(rows) <= _LINES:
        return Markup("\n").join(_row(language, row) for row in rows)
    standing = {each: [row for row in rows if row.standing is each] for each in Standing}
    return Markup("\n").join(_folded(language, each, some) for each, some in standing.items() if some)


def _row(language: str, row: Row) -> Markup:
    return i18n.text(language, f"card.row.{row.standing}", name=cut(row.name), paid=row.paid, owed=row.owed)


def _folded(language: str, standing: Standing, rows: Sequence[Row]) -> Markup:
    """Many members in few words: how many stand so, and the first of their names."""
    names = ", ".join(cut(row.name) for row in rows[:_NAMED])
    more = i18n.text(language, "card.more", count=len(rows) - _NAMED) if len(rows) > _NAMED else ""
    return i18n.text(language, f"card.folded.{standing}", count=len(rows), names=names, more=more)
