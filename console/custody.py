"""What is done to a whole wallet from its member's page: stopped, opened again, its forgotten PIN taken away."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from console.visits import NotFound, Visit, led_to
from members import Member
from operators import Operator
from payments.custody import freeze_wallet, take_pin_away, unfreeze_wallet

Done: TypeAlias = Callable[[AsyncSession, Operator, UUID, str], Awaitable[Any]]


async def freeze(visit: Visit) -> web.Response:
    """Let nothing leave the wallet."""
    return await _done(visit, freeze_wallet, "frozen")


async def unfreeze(visit: Visit) -> web.Response:
    """Let money leave again; the reason says how the operator made sure."""
    return await _done(visit, unfreeze_wallet, "unfrozen")


async def reset_pin(visit: Visit) -> web.Response:
    """Take a forgotten PIN away; the reason says how the operator made sure who asks."""
    return await _done(visit, take_pin_away, "pin")


async def _done(visit: Visit, do: Done, what: str) -> web.Response:
    member_id, reason = visit.id_named("id"), visit.typed("reason")

    async def act(session: AsyncSession) -> None:
        if await session.get(Member, member_id) is None:
            raise NotFound
        await do(session, visit.operator, member_id, reason)

    await visit.house.database.run(act)
    return led_to(f"/console/members/{member_id}", done=what)
