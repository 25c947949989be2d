"""What operators did: a log that only grows, each line bound to the one before by its hash."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.canonical import Fact, digest
from core.db import Id, Json, Model, UtcDateTime, word
from core.logs import hide_secrets
from operators.rights import Act

if TYPE_CHECKING:
    from operators.people import Operator

BEGINNING = "0" * 64
_LOCK = 0x6F706572  # "oper": any number will do, as long as it is ours alone
_READ_AT_ONCE = 1_000


class OperatorAct(Model):
    """One line. `operator_id` is null for what was done at the server's own command line, in nobody's name."""

    __tablename__ = "operator_act"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    operator_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("operator.id"), index=True)
    act: Mapped[Act] = mapped_column(word(Act))
    subject: Mapped[str] = mapped_column(String(128), index=True)
    """What it was done to: a payment's reference, `member:<id>`, `operator:<name>`, or the like."""
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


async def record(
    session: AsyncSession, operator: "Operator | None", act: Act, subject: str, **detail: Fact
) -> OperatorAct:  # fmt: skip
    """Write down what is being done, in the transaction that does it: no secret, no whole phone number.

    Lines are written one after the other: whoever records holds up the others until their transaction ends.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    last = await session.scalar(select(OperatorAct).order_by(OperatorAct.seq.desc()).limit(1))
    line = OperatorAct(
        seq=last.seq + 1 if last else 1,
        operator_id=operator.id if operator else None,
        act=act,
        subject=subject,
        detail=dict(hide_secrets(None, "", dict(detail))),
        at=clock.now(),
        previous_hash=last.hash if last else BEGINNING,
    )
    line.hash = _hash(line)
    session.add(line)
    await session.flush()
    return line


async def acts_about(session: AsyncSession, subject: str) -> list[OperatorAct]:
    """What operators have done to `subject`, the oldest first."""
    found = select(OperatorAct).where(OperatorAct.subject == subject).order_by(OperatorAct.seq)
    return list(await session.scalars(found))


async def verify_acts(session: AsyncSession) -> int | None:
    """Compute the whole log again: the `seq` of the first line that does not fit, or None when all do.

    Lines cut off at the end cannot be seen from the rest: keep the last hash somewhere else.
    """
    previous, expected = BEGINNING, 1
    while lines := await _from(session, expected):
        for line in lines:
            if line.seq != expected or line.previous_hash != previous or line.hash != _hash(line):
                return expected
            previous, expected = line.hash, expected + 1
    return None


async def _from(session: AsyncSession, seq: int) -> list[OperatorAct]:
    some = select(OperatorAct).where(OperatorAct.seq >= seq).order_by(OperatorAct.seq).limit(_READ_AT_ONCE)
    return list(await session.scalars(some.execution_options(populate_existing=True)))


def _hash(line: OperatorAct) -> str:
    return digest(
        {
            "seq": line.seq, "operator": str(line.operator_id or ""), "act": line.act.value, "subject": line.subject,
            "detail": line.detail, "at": line.at.isoformat(timespec="microseconds"), "previous": line.previous_hash,
        }
    )  # fmt: skip
