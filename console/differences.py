"""Differences between our books and GetMiPay's, and what stands in suspense: found, explained, and settled by two."""

from aiohttp import web

import payments
from console.log import operator_names, recent_acts
from console.visits import Visit
from operators import Act, find_decision

_LINES = 50


async def show_all(visit: Visit) -> web.Response:
    """What differs, what is in suspense, and the comparisons that found it."""
    async with visit.house.database.reading() as session:
        found = await payments.open_differences(session, _LINES)
        suspended = await payments.in_suspense(session)
        compared = await payments.reconciliations(session)
        names = await operator_names(session)
    await visit.note(Act.SEE, "differences")
    return visit.page("differences.html", found=found, suspended=suspended, compared=compared, names=names)


async def show(visit: Visit) -> web.Response:
    """One difference: what they say, what we say, and what may become of it."""
    async with visit.house.database.reading() as session:
        difference = await payments.find_difference(session, visit.named("reference"))
        decision = await find_decision(session, difference.reference)
        acts, names = await recent_acts(session, difference.reference), await operator_names(session)
    await visit.note(Act.SEE, difference.reference)
    return visit.page(
        "difference.html", difference=difference, ways=payments.ways_of(difference), decision=decision, acts=acts,
        names=names,
    )  # fmt: skip
