"""The questions that need members and phones to be asked."""

import contextlib
import re
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.incoming import SharedContact
from bot.questions import Option, Question
from core import i18n, phones
from core.errors import Refusal
from core.phones import Phone, PhoneOldBenin, PhoneUnreadable, parse_phone
from members import Member, find_by_address, find_by_phone, phones_of
from payments import Seal, SendToSelf

SOMEBODY = "member:"
_CODE = re.compile("[0-9]{4,8}")


class NotYourContact(Refusal):
    key = "refusal.phone.not_yours"


class CodeUnreadable(Refusal):
    key = "refusal.code.unreadable"


class OneTimeCode(Question[str]):
    """An operator's one-time code. What is kept of it is sealed as soon as it is read."""

    is_secret = True

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    async def read_text(self, text: str, session: AsyncSession) -> str:
        code = "".join(text.split())
        if not (code.isascii() and _CODE.fullmatch(code)):
            raise CodeUnreadable
        return self._seal.close(code)

    def told(self, value: str, language: str) -> str:
        return "••••"


class PhoneNumber(Question[Phone]):
    """A mobile number: one used before (shown masked), typed, or shared with the channel's contact button."""

    columns = 1

    def __init__(self, known: list[str], home: str) -> None:
        self._known = known
        self._region = _region(known, home)

    def options(self, language: str) -> list[Option]:
        return [Option(f"📱 {phones.mask(Phone(e164))}", e164) for e164 in self._known]

    def contact(self, language: str) -> str | None:
        return None if self._known else i18n.text(language, "button.share_number")

    def remedies(self, refusal: Refusal, language: str) -> list[Option]:
        if isinstance(refusal, PhoneOldBenin):
            return [Option(f"📱 {refusal.params['suggestion']}", refusal.params["e164"])]
        return []

    async def read_text(self, text: str, session: AsyncSession) -> Phone:
        return parse_phone(text.removeprefix("📱"), self._region)

    async def read_contact(self, contact: SharedContact, session: AsyncSession, *, is_own: bool) -> Phone:
        if not is_own:
            raise NotYourContact
        return parse_phone(contact.phone)

    def dump(self, value: Phone) -> str:
        return value.e164

    def load(self, saved: str) -> Phone:
        return Phone(saved)

    def told(self, value: Phone, language: str) -> str:
        return phones.pretty(value)


async def ask_phone(chat: Chat, home: str) -> Phone:
    """Ask for a number: one this member used before, another one, or the first, which is read as one of `home`."""
    known = await phones_of(chat.session, chat.member.id)
    text = f"{chat.run.flow}.ask.{'phone' if known else 'first_phone'}"
    return await chat.ask("phone", PhoneNumber(known, home), text=text)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to send money to: a member, or a person who is not one yet."""

    name: str
    member_id: UUID | None = None


class RecipientOf(Question[Recipient]):
    """Another person: their contact card, or the number they have shown to be theirs."""

    _ADAPTER: ClassVar = TypeAdapter(Recipient)

    def __init__(self, sender: Member, channel: str, region: str) -> None:
        self._sender = sender
        self._channel = channel
        self._region = region

    @classmethod
    async def of(cls, chat: Chat, home: str) -> "RecipientOf":
        """Numbers without a country code are read as the sender's own country's, or as `home`'s."""
        known = await phones_of(chat.session, chat.member.id, limit=1)
        return cls(chat.member, chat.here.channel, _region(known, home))

    async def read_text(self, text: str, session: AsyncSession) -> Recipient:
        if text.startswith(SOMEBODY):
            return self._somebody(await _member_of(session, text.removeprefix(SOMEBODY)), "")
        phone = parse_phone(text, self._region)
        return self._somebody(await find_by_phone(session, phone.e164), phones.pretty(phone))

    async def read_contact(self, contact: SharedContact, session: AsyncSession, *, is_own: bool) -> Recipient:
        found = await find_by_address(session, self._channel, contact.external_id) if contact.external_id else None
        if found is None:
            try:
                found = await find_by_phone(session, parse_phone(contact.phone, self._region).e164)
            except Refusal:
                found = None  # A number abroad can still be invited.
        return self._somebody(found, contact.name)

    def dump(self, value: Recipient) -> Any:
        return self._ADAPTER.dump_python(value, mode="json")

    def load(self, saved: Any) -> Recipient:
        return self._ADAPTER.validate_python(saved)

    def told(self, value: Recipient, language: str) -> str:
        return value.name

    def _somebody(self, member: Member | None, name: str) -> Recipient:
        if member is None:
            return Recipient(name)
        if member.id == self._sender.id:
            raise SendToSelf
        return Recipient(member.name, member.id)


async def _member_of(session: AsyncSession, id_: str) -> Member:
    """Only our own buttons name a member by their id; what somebody types like it is no number."""
    with contextlib.suppress(ValueError):
        if (member := await session.get(Member, UUID(id_))) is not None:
            return member
    raise PhoneUnreadable


def _region(known: list[str], home: str) -> str:
    """The country of the number somebody used last; `home` before their first one."""
    return phones.country(Phone(known[0])) if known else home
