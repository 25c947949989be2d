"""Members who show who they are, operators who look, and pictures as telephones take them."""

from io import BytesIO
from typing import Any

from PIL import Image

import identity
from core import clock
from core.db import Database
from core.ids import new_id
from identity import Document, IdentityRequest, Safe
from members import Member
from operators import Operator, Role, add_operator

DOCUMENTS_KEY = "a key for documents, long enough to be one"
SAFE = Safe(DOCUMENTS_KEY)


async def somebody(database: Database, name: str = "Awa") -> Member:
    """A member nobody has identified."""
    member = Member(id=new_id(), name=name, language="fr", time_zone="UTC", tier="unidentified", created_at=clock.now())
    async with database.transaction() as session:
        session.add(member)
    return member


async def operator(database: Database, name: str = "Fanta", role: Role = Role.FINANCE, **where: Any) -> Operator:
    return await database.run(lambda session: add_operator(session, name, role, **where))


async def asked(database: Database, member: Member, key: str = "run") -> IdentityRequest:
    """A request whose picture is still on its way."""
    return await database.run(
        lambda session: identity.request_verification(session, member, "Awa Traoré", Document.PASSPORT, key=key)
    )


async def waiting(database: Database, member: Member, key: str = "run") -> IdentityRequest:
    """A request that an operator can look at."""
    request = await asked(database, member, key)
    sealed = SAFE.close(identity.cleaned(photo()), request.id)
    await database.run(lambda session: identity.keep_picture(session, request.id, sealed))
    return await as_it_stands(database, request)


async def as_it_stands(database: Database, request: IdentityRequest) -> IdentityRequest:
    async with database.reading() as session:
        return await session.get_one(IdentityRequest, request.id)


async def tier_of(database: Database, member: Member) -> str:
    async with database.reading() as session:
        return (await session.get_one(Member, member.id)).tier


def photo(size: tuple[int, int] = (640, 400), kind: str = "JPEG", **written: Any) -> bytes:
    """A picture as a telephone takes it."""
    file = BytesIO()
    Image.new("RGB", size, (120, 90, 60)).save(file, kind, **written)
    return file.getvalue()
