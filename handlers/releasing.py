"""What a cap had set aside goes into the wallet by itself, as soon as there is room or the cap is higher."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import GO
from bot.notify import notice, tell
from bot.views import Button
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload
from core.money import Money
from identity import IdentityRequest
from ledger import AccountKind
from members import Member
from payments import Deposit, Payout, Send, release_parked, standing


def register_releasing(jobs: Jobs) -> None:
    """After whatever raises a limit or makes room; and tell of it."""
    subscribe(jobs, "identity.accepted", _after_acceptance)
    subscribe(jobs, "deposit.settled", _after_deposit)
    subscribe(jobs, "payout.completed", _after_payout)
    subscribe(jobs, "send.completed", _after_send)
    subscribe(jobs, "parked.released", _tell)


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
