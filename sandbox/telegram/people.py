"""The made-up members: who they are and whether they let the bot write to them."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from sandbox.changes import Changes, Kind
from sandbox.records import Json, Records

# Real Telegram ids no longer fit in 32 bits, so these do not either.
FIRST_ID: Final = 5_100_000_001

MADE_UP: Final = (
    ("Awa", "Ouédraogo", "awa_ouedraogo", "fr", "+22670123456"),
    ("Moussa", "Traoré", "moussa_traore", "fr", "+22676543210"),
    ("Fatou", "Diop", "fatou_diop", "fr", "+221771234567"),
    ("Koffi", "Mensah", "koffi_mensah", "fr", "+2290197123456"),
    ("Grace", "Addo", "grace_addo", "en", "+2250712345678"),
)


@dataclass(frozen=True)
class Person:
    """`phone` is E.164; `started` once they wrote to the bot; `blocked` while they block it."""

    id: int
    first_name: str
    last_name: str
    username: str
    language_code: str
    phone: str
    started: bool
    blocked: bool

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def as_user(self) -> Json:
        return {"id": self.id, "is_bot": False, **self._names(), "language_code": self.language_code}

    def as_chat(self) -> Json:
        return {"id": self.id, "type": "private", **self._names()}

    def as_contact(self) -> Json:
        """A shared contact card; phones send the digits without the plus sign."""
        card = {"phone_number": self.phone.removeprefix("+"), "first_name": self.first_name}
        if self.last_name:
            card["last_name"] = self.last_name
        return {**card, "user_id": self.id}

    def _names(self) -> Json:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {name: value for name, value in names.items() if value}


class People:
    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def seed(self) -> None:
        """The first start invents the members; later starts find them."""
        if not self.all():
            for names in MADE_UP:
                self.add(*names)

    def add(self, first_name: str, last_name: str, username: str, language_code: str, phone: str) -> Person:
        row = self._records.one("SELECT max(id) AS last FROM telegram_people")
        person_id = (row["last"] + 1) if row and row["last"] else FIRST_ID
        self._records.run(
            "INSERT INTO telegram_people (id, first_name, last_name, username, language_code, phone)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            person_id,
            first_name,
            last_name,
            username,
            language_code,
            phone,
        )
        self._changes.add(Kind.PEOPLE, person_id=person_id)
        return self.require(person_id)

    def all(self) -> list[Person]:
        return [_person(row) for row in self._records.all("SELECT * FROM telegram_people ORDER BY id")]

    def get(self, person_id: int) -> Person | None:
        row = self._records.one("SELECT * FROM telegram_people WHERE id = ?", person_id)
        return _person(row) if row else None

    def require(self, person_id: int) -> Person:
        person = self.get(person_id)
        if person is None:
            raise LookupError(f"no person {person_id}")
        return person

    def named(self, username: str) -> Person | None:
        row = self._records.one(
            "SELECT * FROM telegram_people WHERE username = ? COLLATE NOCASE AND username <> ''", username
        )
        return _person(row) if row else None

    def mark_started(self, person: Person) -> None:
        if not person.started:
            self._records.run("UPDATE telegram_people SET started = 1 WHERE id = ?", person.id)
            self._changes.add(Kind.PEOPLE, person_id=person.id)

    def mark_blocked(self, person: Person, *, blocked: bool) -> None:
        self._records.run("UPDATE telegram_people SET blocked = ? WHERE id = ?", int(blocked), person.id)
        self._changes.add(Kind.PEOPLE, person_id=person.id)


def _person(row: sqlite3.Row) -> Person:
    return Person(
        row["id"],
        row["first_name"],
        row["last_name"],
        row["username"],
        row["language_code"],
        row["phone"],
        bool(row["started"]),
        bool(row["blocked"]),
    )
