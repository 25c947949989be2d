"""What a cap had set aside goes into the wallet by itself: when there is room, a higher cap, or a new month."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import GO
from bot.notify import notice, tell
from bot.views import Button
from core import clock, i18n
from core.events import subscribe
from core.jobs import Jobs, Payload, enqueue
from core.money import Money
from identity import IdentityRequest
from ledger import AccountKind
from members import Member
from payments import Deposit, Payout, Send, parked_money, release_parked, standing

RELEASE_ALL = "release_all_parked"
_RELEASE = "release_parked"
_NIGHTLY = "house"
# Months turn at midnight, UTC; the first minutes of a day are busy with others' work.
_AT = time(0, 20, tzinfo=UTC)
_AT_ONCE = 100


def register_releasing(jobs: Jobs) -> None:
    """After whatever raises a limit or makes room, and each night, for a new month makes no noise; and tell of it."""
    jobs.in_transaction(RELEASE_ALL, _release_all)
    jobs.in_transaction(_RELEASE, _release)
    subscribe(jobs, "identity.accepted", _after_acceptance)
    subscribe(jobs, "deposit.settled", _after_deposit)
    subscribe(jobs, "payout.completed", _after_payout)
    subscribe(jobs, "send.completed", _after_send)
    subscribe(jobs, "parked.released", _tell)


async def begin_to_release(session: AsyncSession) -> None:
    """Have parked money looked at each night from now on; does nothing where it is already."""
    await enqueue(session, RELEASE_ALL, _NIGHTLY, run_at=_next_night())


async def _release_all(session: AsyncSession, payload: Payload) -> None:
    """Some accounts, then the next; each member's money moves in a job of its own, and keeps nobody else's waiting."""
    after = UUID(payload["after"]) if "after" in payload else None
    found = await parked_money(session, after, _AT_ONCE)
    for each in found:
        if each.releasable:
            whose = {"member": str(each.member_id), "currency": each.parked.currency}
            await enqueue(session, _RELEASE, str(each.account), whose)
    if len(found) == _AT_ONCE:
        last = str(found[-1].account)
        await enqueue(session, RELEASE_ALL, last, {"after": last})
    if after is None:
        await enqueue(session, RELEASE_ALL, _NIGHTLY, run_at=_next_night())


async def _release(session: AsyncSession, payload: Payload) -> None:
    await release_parked(session, UUID(payload["member"]), payload["currency"])


def _next_night() -> datetime:
    """The next time at which money is looked at."""
    return datetime.combine(clock.now().date() + timedelta(days=1), _AT)


async def _after_acceptance(session: AsyncSession, payload: Payload) -> None:
    await release_parked(session, (await session.get_one(IdentityRequest, UUID(payload["id"]))).member_id)


async def _after_deposit(session: AsyncSession, payload: Payload) -> None:
    """One that was settled while its member was being accepted may have been held against the former limits."""
    deposit = await session.get_one(Deposit, UUID(payload["id"]))
    if deposit.parked:
        await release_parked(session, deposit.member_id)


async def _after_payout(session: AsyncSession, payload: Payload) -> None:
    await release_parked(session, (await session.get_one(Payout, UUID(payload["id"]))).member_id)


async def _after_send(session: AsyncSession, payload: Payload) -> None:
    await release_parked(session, (await session.get_one(Send, UUID(payload["id"]))).sender_id)


async def _tell(session: AsyncSession, payload: Payload) -> None:
    member = await session.get_one(Member, UUID(payload["member"]))
    balance = (await standing(session, member.id, AccountKind.WALLET)).available
    menu = Button(i18n.text(member.language, "button.menu"), data=f"{GO}:start")
    view = notice(member, "parked.released", [menu], amount=Money(payload["amount"]), balance=balance)
    await tell(session, member, view, subject=f"released:{member.id}", is_final=True)
