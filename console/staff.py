"""Who works behind the counter: taken on, given another role, let go. For whoever manages operators only."""

from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

import operators
from console import sessions
from console.visits import NotFound, Visit, led_to
from core import i18n
from core.errors import Refusal
from operators import Act, NotAllowed, Operator, Role, operators_in_office, record

_PATH = "/console/operators"
_NAME_AT_MOST = 64


class OperatorUnreadable(Refusal):
    """A name, role, language or Telegram id that cannot be: nobody was taken on."""

    key = "refusal.operator.unreadable"


async def show(visit: Visit) -> web.Response:
    """Everybody in office."""
    async with visit.house.database.reading() as session:
        people = await operators_in_office(session)
    await visit.note(Act.MANAGE_OPERATORS, "operators", did="looked")
    return visit.page("operators.html", people=people, roles=list(Role), languages=i18n.LANGUAGES)


async def add(visit: Visit) -> web.Response:
    """Take somebody on."""
    name, role = visit.typed("name"), _role(visit)
    language, telegram = visit.typed("language"), visit.typed("telegram")
    is_readable = 0 < len(name) <= _NAME_AT_MOST and language in i18n.LANGUAGES
    if not is_readable or not (telegram.isascii() and telegram.isdecimal()):
        raise OperatorUnreadable

    async def take_on(session: AsyncSession) -> None:
        await operators.add_operator(
            session, name, role, channel="telegram", external_id=telegram, language=language, by=visit.operator
        )

    await visit.house.database.run(take_on)
    return led_to(_PATH, done="added")


async def change_role(visit: Visit) -> web.Response:
    """Give somebody another role; they have to come in anew."""
    role = _role(visit)

    async def change(session: AsyncSession) -> None:
        operator = await _other(session, visit)
        await operators.change_role(session, operator, role, by=visit.operator)
        await sessions.end_all(session, operator.id)

    await visit.house.database.run(change)
    return led_to(_PATH, done="role")


async def dismiss(visit: Visit) -> web.Response:
    """Let somebody go; whatever they have open is closed."""

    async def let_go(session: AsyncSession) -> None:
        operator = await _other(session, visit)
        await operators.dismiss(session, operator, by=visit.operator)
        await sessions.end_all(session, operator.id)

    await visit.house.database.run(let_go)
    return led_to(_PATH, done="dismissed")


async def end_sessions(visit: Visit) -> web.Response:
    """Close an operator's console in every browser: their telephone is lost, for one."""

    async def close(session: AsyncSession) -> None:
        operator = await _known(session, visit.id_named("id"))
        await sessions.end_all(session, operator.id)
        await record(session, visit.operator, Act.MANAGE_OPERATORS, f"operator:{operator.name}", did="sessions ended")

    await visit.house.database.run(close)
    return led_to(_PATH, done="sessions")


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.typed("role"))
    except ValueError:
        raise OperatorUnreadable from None


async def _other(session: AsyncSession, visit: Visit) -> Operator:
    """Somebody else than whoever asks: nobody takes their own rights, and locks everybody out by mistake."""
    operator = await _known(session, visit.id_named("id"))
    if operator.id == visit.operator.id:
        raise NotAllowed(act=Act.MANAGE_OPERATORS.value)
    return operator


async def _known(session: AsyncSession, operator_id: UUID) -> Operator:
    operator = await session.get(Operator, operator_id, with_for_update=True, populate_existing=True)
    if operator is None or operator.dismissed_at is not None:
        raise NotFound
    return operator
