"""Finding what an operator was told of: a reference, an id, a number, somebody's or some tontine's name.

Each way of looking reads an index; nothing is counted, nothing is read from end to end.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from complaints import Complaint, complaint_named
from console.visits import printable
from core import names
from core.errors import Refusal
from core.phones import COUNTRIES, parse_phone
from members import Address, Member, MemberPhone
from operators import Decision
from payments import Deposit, Payout, Send
from tontines import Tontine

PER_PAGE = 20
_WORDS_AT_MOST = 100
_REFERENCE = re.compile(r"([DRS])-?([0-9A-Z]{4})-?([0-9A-Z]{4})-?([0-9A-Z]{4})")
_COMPLAINT = re.compile(r"K-?([0-9A-Z]{4})-?([0-9A-Z]{4})-?([0-9A-Z]{4})")
_PROVIDERS_ID = re.compile(r"\S{6,100}")
_CHANNEL_ID = re.compile(r"\S{3,64}")
_DIGITS = re.compile(r"\d{8,15}")

Payment = Deposit | Payout | Send
_BY_LETTER: dict[str, type[Payment]] = {"D": Deposit, "R": Payout, "S": Send}


@dataclass(slots=True)
class Found:
    """What there is by these words; `more` is where the next page of names begins."""

    payments: list[Payment] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    tontines: list[Tontine] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    more: tuple[str, UUID] | None = None

    @property
    def count(self) -> int:
        of_the_house = len(self.payments) + len(self.complaints) + len(self.decisions)
        return of_the_house + len(self.members) + len(self.tontines)


async def find(session: AsyncSession, words: str, after: tuple[str, UUID] | None = None) -> Found:
    """Everything these words may mean; `after` goes on in the list of members of that name."""
    words = printable(words)[:_WORDS_AT_MOST]
    found = Found()
    if after is None:
        await _by_name_of_payment(session, words, found)
        if complaint := await complaint_called(session, words):
            found.complaints.append(complaint)
        await _by_id(session, words, found)
        await _by_number(session, words, found)
        await _by_channel_id(session, words, found)
    if not found.count:
        await _by_name(session, words, found, after)
    return found


async def payment_named(session: AsyncSession, reference: str) -> Payment | None:
    """The payment of this reference, as people read it out: in capitals or not, with its dashes or without."""
    match = _REFERENCE.fullmatch(reference.upper().replace(" ", ""))
    if match is None:
        return None
    table: type[Any] = _BY_LETTER[match[1]]
    payment: Payment | None = await session.scalar(select(table).where(table.reference == "-".join(match.groups())))
    return payment


async def complaint_called(session: AsyncSession, reference: str) -> Complaint | None:
    """The complaint of this reference, read out in the same way."""
    match = _COMPLAINT.fullmatch(reference.upper().replace(" ", ""))
    return await complaint_named(session, "-".join(("K", *match.groups()))) if match else None


async def _by_name_of_payment(session: AsyncSession, words: str, found: Found) -> None:
    if payment := await payment_named(session, words):
        found.payments.append(payment)
    if not _PROVIDERS_ID.fullmatch(words):
        return
    for table in (Deposit, Payout):
        theirs = select(table).where(or_(table.provider_id == words, table.pay_id == words)).limit(PER_PAGE)
        found.payments += await session.scalars(theirs)


async def _by_id(session: AsyncSession, words: str, found: Found) -> None:
    try:
        wanted = UUID(words)
    except ValueError:
        return
    tables: tuple[tuple[type[Any], list[Any]], ...] = (
        (Member, found.members), (Deposit, found.payments), (Payout, found.payments), (Send, found.payments),
        (Tontine, found.tontines), (Decision, found.decisions), (Complaint, found.complaints),
    )  # fmt: skip
    for table, into in tables:
        if (row := await session.get(table, wanted)) is not None:
            into.append(row)


async def _by_number(session: AsyncSession, words: str, found: Found) -> None:
    """Whoever has used the number, in any of the countries it may be of; who has shown it to be theirs comes first."""
    numbers = set()
    for region in COUNTRIES:
        with suppress(Refusal):
            numbers.add(parse_phone(words, region).e164)
    if not numbers:
        return
    users = select(Member).join(MemberPhone).where(MemberPhone.e164.in_(numbers))
    users = users.order_by(MemberPhone.verified_at.is_(None), MemberPhone.last_used_at.desc())
    _add(found.members, await session.scalars(users.limit(PER_PAGE)))


async def _by_channel_id(session: AsyncSession, words: str, found: Found) -> None:
    name = words.removeprefix("+").replace(" ", "") if _DIGITS.search(words) else words
    if not _CHANNEL_ID.fullmatch(name):
        return
    for channel in ("telegram", "whatsapp"):
        for column in (Address.external_id, Address.alias):
            there = select(Member).join(Address).where(Address.channel == channel, column == name)
            _add(found.members, await session.scalars(there))


async def _by_name(session: AsyncSession, words: str, found: Found, after: tuple[str, UUID] | None) -> None:
    hits = await names.named(session, "member", words, after=after, limit=PER_PAGE + 1)
    shown = hits[:PER_PAGE]
    _add(found.members, await _rows(session, Member, [subject for _, subject in shown]))
    found.more = shown[-1] if len(hits) > PER_PAGE else None
    if after is None:
        hits = await names.named(session, "tontine", words, limit=PER_PAGE)
        found.tontines += await _rows(session, Tontine, [subject for _, subject in hits])


async def _rows(session: AsyncSession, table: type[Any], ids: list[UUID]) -> list[Any]:
    """The rows of these ids, in the order of the ids."""
    rows = {row.id: row for row in await session.scalars(select(table).where(table.id.in_(ids)))}
    return [rows[each] for each in dict.fromkeys(ids) if each in rows]


def _add(members: list[Member], more: Sequence[Member] | Any) -> None:
    known = {member.id for member in members}
    for member in more:
        if member.id not in known:
            known.add(member.id)
            members.append(member)
