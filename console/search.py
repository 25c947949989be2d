"""The first page: one field for whatever an operator was told."""

from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

import complaints
import identity
import payments
from console.finding import Found, find
from console.visits import Visit, led_to, printable
from operators import Act, open_decisions

_QUERY_AT_MOST = 100


async def search(visit: Visit) -> web.Response:
    """What was looked for; where there is one such thing only, its own page."""
    words = printable(visit.query.get("q", ""))[:_QUERY_AT_MOST]
    if not words:
        return await _home(visit)
    async with visit.house.database.reading() as session:
        found = await find(session, words, _after(visit.query.get("after", "")))
    # What was typed may be a number, and the log holds none: it says how much was found.
    await visit.note(Act.SEE, "search", found=found.count)
    if found.count == 1 and (path := _only(found)):
        return led_to(path)
    more = urlencode({"q": words, "after": f"{found.more[0]}|{found.more[1]}"}) if found.more else ""
    return visit.page("search.html", words=words, found=found, more=more)


async def _home(visit: Visit) -> web.Response:
    """Nothing was looked for: what waits for a person is said, as far as this one may do something about it."""
    async with visit.house.database.reading() as session:
        waiting = await complaints.waiting(session)
        decisions = len(await open_decisions(session))
        in_review = bool(await payments.in_review(session, limit=1))
        documents = await identity.count_waiting(session) if visit.may(Act.SEE_DOCUMENT) else 0
    return visit.page(
        "search.html", words="", found=None, more="", waiting=waiting, decisions=decisions, in_review=in_review,
        documents=documents,
    )  # fmt: skip


def _only(found: Found) -> str | None:
    if found.payments:
        return f"/console/payments/{found.payments[0].reference}"
    if found.complaints:
        return f"/console/complaints/{found.complaints[0].reference}"
    if found.members:
        return f"/console/members/{found.members[0].id}"
    if found.tontines:
        return f"/console/tontines/{found.tontines[0].id}"
    return None


def _after(cursor: str) -> tuple[str, UUID] | None:
    word, _, subject = cursor.partition("|")
    try:
        return (printable(word), UUID(subject)) if word else None
    except ValueError:
        return None
