"""Documents to verify: who says who they are, the picture that shows it, and an operator's word."""

from uuid import UUID

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

import identity
from console.log import operator_names, recent_acts
from console.people import names_of
from console.rendering import HEADERS
from console.visits import NotFound, Visit, led_to
from identity import IdentityPicture, IdentityRequest, Reason, Unopenable
from operators import Act

_PATH = "/console/documents"
_LINES = 50

log = structlog.get_logger(__name__)


async def show_all(visit: Visit) -> web.Response:
    """Who waits to be verified, the oldest first."""
    async with visit.house.database.reading() as session:
        waiting = await identity.waiting_requests(session, _LINES)
        names = await names_of(session, {each.member_id for each in waiting})
    await visit.note(Act.SEE_DOCUMENT, "documents")
    return visit.page("documents.html", waiting=waiting, names=names)


async def show(visit: Visit) -> web.Response:
    """One request, with its picture beside it."""
    async with visit.house.database.reading() as session:
        request = await _known(session, visit)
        names = await names_of(session, {request.member_id})
        is_here = await session.get(IdentityPicture, request.id) is not None
        acts, people = await recent_acts(session, f"identity:{request.reference}"), await operator_names(session)
    await visit.note(Act.SEE, f"identity:{request.reference}")
    return visit.page(
        "document.html", request=request, names=names, is_here=is_here, reasons=list(Reason), acts=acts, people=people
    )


async def give_picture(visit: Visit) -> web.Response:
    """The picture, opened for this one look, which is written down."""

    async def open_(session: AsyncSession) -> bytes | None:
        return await identity.look_at(session, visit.house.safe, await _known(session, visit), visit.operator)

    try:
        picture = await visit.house.database.run(open_)
    except Unopenable:
        log.exception("console.picture_not_opened", request=visit.named("id"))
        picture = None
    if picture is None:
        raise NotFound
    return web.Response(body=picture, content_type="image/jpeg", headers=HEADERS)


async def accept(visit: Visit) -> web.Response:
    """The document is theirs: they are identified from now on."""

    async def decide(session: AsyncSession) -> None:
        await identity.accept(session, await _known(session, visit), visit.operator)

    await visit.house.database.run(decide)
    return led_to(_PATH, done="identified")


async def refuse(visit: Visit) -> web.Response:
    """Not like this: they are told why, and may ask again."""
    try:
        reason = Reason(visit.typed("why"))
    except ValueError:
        raise NotFound from None

    async def decide(session: AsyncSession) -> None:
        note = visit.typed("note")
        await identity.refuse(session, await _known(session, visit), visit.operator, reason, note)

    await visit.house.database.run(decide)
    return led_to(_PATH, done="refused")


async def _known(session: AsyncSession, visit: Visit) -> IdentityRequest:
    request_id: UUID = visit.id_named("id")
    request = await session.get(IdentityRequest, request_id)
    if request is None:
        raise NotFound
    return request
