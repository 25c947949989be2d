"""The operators themselves. Whoever was one stays in the table: the log names them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, i18n
from core.db import Id, Model, UtcDateTime, word
from core.errors import Refusal
from core.ids import new_id
from operators.acts import record
from operators.rights import Act, Role, require

_IN_OFFICE = text("dismissed_at IS NULL")


class NameTaken(Refusal):
    """An operator in office already has this name or this address. Params: `name`."""

    key = "refusal.operator.name_taken"


class Operator(Model):
    """Somebody behind the counter; `channel` and `external_id` say where they are written to, as for a member."""

    __tablename__ = "operator"
    __table_args__ = tuple(
        Index(name, *columns, unique=True, sqlite_where=_IN_OFFICE, postgresql_where=_IN_OFFICE)
        for name, columns in (
            ("uq_operator_name", ["name"]),
            ("uq_operator_address", ["channel", "external_id"]),
        )
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(word(Role))
    channel: Mapped[str | None] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def add_operator(
    session: AsyncSession, name: str, role: Role, *, channel: str | None = None, external_id: str | None = None,
    language: str = i18n.DEFAULT_LANGUAGE, by: Operator | None = None,
) -> Operator:  # fmt: skip
    """Take somebody on; `by` is nobody at the server's own command line. Raises NameTaken, NotAllowed."""
    if by is not None:
        require(by, Act.MANAGE_OPERATORS)
    operator = Operator(
        id=new_id(), name=name.strip(), role=role, channel=channel, external_id=external_id, language=language,
        created_at=clock.now(),
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(operator)
    except IntegrityError:
        raise NameTaken(name=name) from None
    await record(session, by, Act.MANAGE_OPERATORS, f"operator:{operator.name}", did="added", role=role.value)
    return operator


async def change_role(session: AsyncSession, operator: Operator, role: Role, *, by: Operator | None = None) -> None:
    """Give an operator another role, from their next act on. Raises NotAllowed."""
    if by is not None:
        require(by, Act.MANAGE_OPERATORS)
    before, operator.role = operator.role, role
    await record(
        session, by, Act.MANAGE_OPERATORS, f"operator:{operator.name}", did="role changed", role=role.value,
        before=before.value,
    )  # fmt: skip


async def dismiss(session: AsyncSession, operator: Operator, *, by: Operator | None = None) -> None:
    """Let an operator go: from now on they may do nothing. Raises NotAllowed."""
    if by is not None:
        require(by, Act.MANAGE_OPERATORS)
    if operator.dismissed_at is None:
        operator.dismissed_at = clock.now()
        await record(session, by, Act.MANAGE_OPERATORS, f"operator:{operator.name}", did="dismissed")


async def operator_named(session: AsyncSession, name: str) -> Operator | None:
    """The operator in office who is called so."""
    return await session.scalar(select(Operator).where(Operator.name == name.strip(), Operator.dismissed_at.is_(None)))


async def operator_at(session: AsyncSession, channel: str, external_id: str) -> Operator | None:
    """The operator in office who writes from this address."""
    return await session.scalar(
        select(Operator).where(
            Operator.channel == channel, Operator.external_id == external_id, Operator.dismissed_at.is_(None)
        )
    )


async def operators_in_office(session: AsyncSession) -> list[Operator]:
    """Everybody who may do something now, by name."""
    return list(await session.scalars(select(Operator).where(Operator.dismissed_at.is_(None)).order_by(Operator.name)))
