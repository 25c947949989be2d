"""A member's page: who they are, what stands in their wallet, and everything that came in and went out."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
from complaints import Complaint, complaints_of
from console.log import operator_names, recent_acts
from console.people import others_in, owners_of
from console.visits import NotFound, Visit, cursor
from core.money import XOF, Money
from core.phones import Phone, pretty
from identity import IdentityRequest, IdentityState, last_request
from ledger import AccountKind, Balance
from members import Address, Limits, Member, MemberPhone, addresses_of, limits_of, wallet_owner
from members.guard import look_at_guard
from operators import Act, OperatorAct, checked_reason
from payments import Cursor, Page, Payout, history, incidents_of, loaded_this_month, standing
from tontines import Tontine
from tontines.group import tontines_of

_LINES = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on a member's accounts, and how full they may be."""

    wallet: Balance
    parked: Money
    debt: Money
    loaded: Money
    limits: Limits


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything the page shows."""

    member: Member
    became: Member | None
    """Who they turned out to be, where they were united with somebody."""
    frozen_by: str
    """Whose doing it is that nothing leaves, as `Freezing` calls them; empty where it is nobody's."""
    incidents: list[Payout]
    """What else lets nothing leave, until two people have decided about it."""
    waiting: IdentityRequest | None
    """What they showed of who they are, where nobody has looked at it yet."""
    standing: Standing
    addresses: list[Address]
    phones: list[MemberPhone]
    tontines: list[Tontine]
    complaints: list[Complaint]
    lines: Page
    others: dict[UUID, str]
    """With whom each of the lines was: a member, or a tontine."""
    acts: list[OperatorAct]
    operators: dict[UUID, str]


async def show(visit: Visit) -> web.Response:
    """The page."""
    member_id = visit.id_named("id")
    place = cursor(visit.query.get("before", ""))
    before = Cursor(*place) if place else None
    async with visit.house.database.reading() as session:
        seen = await _look(session, member_id, before)
    await visit.note(Act.SEE, _subject(member_id))
    return visit.page("member.html", **_facts(visit, seen), is_first=before is None, numbers=None)


async def show_numbers(visit: Visit) -> web.Response:
    """The same with the whole numbers, for a reason that is written down first."""
    member_id = visit.id_named("id")
    reason = checked_reason(visit.typed("reason"))
    async with visit.house.database.reading() as session:
        seen = await _look(session, member_id, None)
    await visit.note(Act.SEE_NUMBER, _subject(member_id), reason=reason)
    numbers = {phone.e164: pretty(Phone(phone.e164)) for phone in seen.phones}
    return visit.page("member.html", **_facts(visit, seen), is_first=True, numbers=numbers)


async def show_wallet(visit: Visit) -> web.Response:
    """Every transfer on one of the member's accounts, newest first, each with what it left there."""
    member_id = visit.id_named("id")
    try:
        kind = AccountKind(visit.query.get("kind", AccountKind.WALLET))
    except ValueError:
        raise NotFound from None
    before = visit.number("before")
    async with visit.house.database.reading() as session:
        member = await _known(session, member_id)
        account = await ledger.account(session, wallet_owner(member_id), kind)
        entries = await ledger.statement(session, account.id, before=before, limit=_LINES + 1) if account else []
        owners = await owners_of(session, {entry.counterparty for entry in entries})
    await visit.note(Act.SEE, _subject(member_id), page="wallet")
    more = entries[_LINES - 1].seq if len(entries) > _LINES else None
    return visit.page(
        "wallet.html", member=member, kind=kind, kinds=list(_OF_MEMBERS), entries=entries[:_LINES], owners=owners,
        more=more,
    )  # fmt: skip


_OF_MEMBERS = (AccountKind.WALLET, AccountKind.PARKED, AccountKind.RECEIVABLE)


async def _look(session: AsyncSession, member_id: UUID, before: Cursor | None) -> Seen:
    member = await _known(session, member_id)
    lines = await history(session, member_id, before, _LINES)
    guard = await look_at_guard(session, member_id)
    request = await last_request(session, member_id)
    return Seen(
        member=member,
        became=await session.get(Member, member.united_with) if member.united_with else None,
        frozen_by=(guard.frozen_why if guard else None) or "",
        incidents=await incidents_of(session, [member_id]),
        waiting=request if request is not None and request.state is IdentityState.WAITING else None,
        standing=await _standing(session, member),
        addresses=await addresses_of(session, member_id),
        phones=await _phones(session, member_id),
        tontines=list(await tontines_of(session, member_id)),
        complaints=await complaints_of(session, member_id),
        lines=lines,
        others=await others_in(session, lines.lines),
        acts=await recent_acts(session, _subject(member_id)),
        operators=await operator_names(session),
    )


async def _known(session: AsyncSession, member_id: UUID) -> Member:
    member = await session.get(Member, member_id)
    if member is None:
        raise NotFound
    return member


async def _standing(session: AsyncSession, member: Member) -> Standing:
    owed = (await standing(session, member.id, AccountKind.RECEIVABLE)).posted
    return Standing(
        wallet=await standing(session, member.id, AccountKind.WALLET),
        parked=(await standing(session, member.id, AccountKind.PARKED)).posted,
        debt=-owed,
        loaded=await loaded_this_month(session, member.id, XOF),
        limits=limits_of(member),
    )


async def _phones(session: AsyncSession, member_id: UUID) -> list[MemberPhone]:
    used = select(MemberPhone).where(MemberPhone.member_id == member_id).order_by(MemberPhone.last_used_at.desc())
    return list(await session.scalars(used.limit(_LINES)))


def _facts(visit: Visit, seen: Seen) -> dict[str, Any]:
    older = seen.lines.before
    more = urlencode({"before": f"{older.at.isoformat()}|{older.id}"}) if older else ""
    return {"seen": seen, "member": seen.member, "more": more, "method_name": visit.house.methods.name_of}


def _subject(member_id: UUID) -> str:
    return f"member:{member_id}"
