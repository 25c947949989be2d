"""The members' WhatsApp accounts: the same people as on Telegram, under a number that may change hands."""

import secrets
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers

from sandbox.changes import Changes, Kind
from sandbox.records import Json, Records
from sandbox.telegram.people import People, Person

WINDOW_S: Final = 24 * 60 * 60.0

# The made-up members' ids are easy to recognise; whoever registers anew gets one of chance.
_MADE_UP: Final = 3_000_000_000


class Ids(StrEnum):
    """What Meta tells of a person: their number, the id it made for this business, or both."""

    BOTH = "both"
    PHONE_ONLY = "phone_only"
    USER_ID_ONLY = "user_id_only"


@dataclass(frozen=True)
class Account:
    """`phone` is E.164, or nothing when somebody else got the number; `open_until` ends the 24-hour window."""

    person: Person
    phone: str | None
    user_id: str
    ids: Ids
    blocked: bool
    open_until: float

    @property
    def wa_id(self) -> str | None:
        return self.phone.removeprefix("+") if self.phone else None

    @property
    def is_open(self) -> bool:
        """Whether the business may write freely, since the person wrote within 24 hours."""
        return time.time() < self.open_until

    @property
    def shows_phone(self) -> bool:
        return self.phone is not None and self.ids is not Ids.USER_ID_ONLY

    @property
    def shows_user_id(self) -> bool:
        return self.ids is not Ids.PHONE_ONLY

    def as_contact(self) -> Json:
        """The person among the `contacts` of a webhook, as much as Meta tells of them."""
        profile: Json = {"name": self.person.full_name}
        if self.ids is Ids.USER_ID_ONLY and self.person.username:
            profile["username"] = self.person.username
        contact: Json = {"profile": profile}
        if self.shows_phone:
            contact["wa_id"] = self.wa_id
        if self.shows_user_id:
            contact["user_id"] = self.user_id
        return contact

    def as_sender(self) -> Json:
        """The same within a message."""
        sender: Json = {"from": self.wa_id} if self.shows_phone else {}
        return {**sender, "from_user_id": self.user_id} if self.shows_user_id else sender

    def as_recipient(self) -> Json:
        """The same within a status."""
        recipient: Json = {"recipient_id": self.wa_id} if self.shows_phone else {}
        return {**recipient, "recipient_user_id": self.user_id} if self.shows_user_id else recipient


class Accounts:
    def __init__(self, records: Records, changes: Changes, people: People) -> None:
        self._records = records
        self._changes = changes
        self._people = people

    def all(self) -> list[Account]:
        return [self.of(person) for person in self._people.all()]

    def of(self, person: Person) -> Account:
        """A person's account; whoever has none yet registers with their own number, unless it is somebody else's."""
        row = self._row(person)
        if row is None:
            phone = None if self._holder(person.phone) else person.phone
            user_id = _user_id(person.phone, person.id + _MADE_UP)
            self._records.run(
                "INSERT INTO whatsapp_accounts (person_id, phone, user_id) VALUES (?, ?, ?)", person.id, phone, user_id
            )
            row = self._row(person)
        assert row is not None  # noqa: S101 (inserted just now)
        return _account(person, row)

    def by_phone(self, phone: str) -> Account | None:
        """Whoever has this number now, in digits with or without the plus sign."""
        row = self._holder(f"+{phone.removeprefix('+')}")
        return _account(self._people.require(row["person_id"]), row) if row else None

    def by_user_id(self, user_id: str) -> Account | None:
        row = self._records.one("SELECT * FROM whatsapp_accounts WHERE user_id = ?", user_id)
        return _account(self._people.require(row["person_id"]), row) if row else None

    def renumber(self, account: Account, phone: str, *, new_user_id: bool) -> Account:
        """Give the person another number; whoever had it before is without WhatsApp from now on."""
        user_id = _user_id(phone, 8_000_000_000 + secrets.randbelow(10**9)) if new_user_id else account.user_id
        self._records.run("UPDATE whatsapp_accounts SET phone = NULL WHERE phone = ?", phone)
        self._set("phone = ?, user_id = ?", account.person, phone, user_id)
        return self.of(account.person)

    def unregister(self, account: Account) -> Account:
        self._set("phone = ?", account.person, None)
        return self.of(account.person)

    def show(self, account: Account, ids: Ids) -> Account:
        self._set("ids = ?", account.person, ids)
        return self.of(account.person)

    def block(self, account: Account, *, blocked: bool) -> Account:
        self._set("blocked = ?", account.person, int(blocked))
        return self.of(account.person)

    def open_window(self, account: Account, *, is_open: bool = True) -> Account:
        """Begin the 24 hours again, or end them now."""
        self._set("open_until = ?", account.person, time.time() + WINDOW_S if is_open else 0.0)
        return self.of(account.person)

    def _set(self, what: str, person: Person, *values: str | int | float | None) -> None:
        self._records.run(f"UPDATE whatsapp_accounts SET {what} WHERE person_id = ?", *values, person.id)  # noqa: S608
        self._changes.add(Kind.PEOPLE, chat_id=person.id, person_id=person.id)

    def _row(self, person: Person) -> sqlite3.Row | None:
        return self._records.one("SELECT * FROM whatsapp_accounts WHERE person_id = ?", person.id)

    def _holder(self, phone: str) -> sqlite3.Row | None:
        return self._records.one("SELECT * FROM whatsapp_accounts WHERE phone = ?", phone)


def _account(person: Person, row: sqlite3.Row) -> Account:
    return Account(person, row["phone"], row["user_id"], Ids(row["ids"]), bool(row["blocked"]), row["open_until"])


def _user_id(phone: str, number: int) -> str:
    """The id Meta makes of a person for one business: their country and a number."""
    return f"{phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or 'ZZ'}.{number}"
