"""Groups: who belongs to them, what the bot may do there, and their migration to supergroups."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from sandbox.changes import Changes, Kind
from sandbox.records import Json, Records

FIRST_GROUP_ID: Final = -4_100_000_001
# Telegram's supergroups live below this number.
SUPERGROUP_BASE: Final = -1_000_000_000_000

PRESENT: Final = ("creator", "administrator", "member")


@dataclass(frozen=True)
class Group:
    """`type` is `group` or `supergroup`; `bot_status` is a chat member status."""

    id: int
    type: str
    title: str
    migrated_to: int | None
    bot_status: str

    @property
    def has_bot(self) -> bool:
        return self.bot_status in PRESENT

    def as_chat(self) -> Json:
        chat: Json = {"id": self.id, "type": self.type, "title": self.title}
        if self.type == "group":
            chat["all_members_are_administrators"] = False
        return chat


class Groups:
    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def add(self, title: str, creator_id: int, member_ids: list[int], bot_status: str) -> Group:
        row = self._records.one("SELECT min(id) AS last FROM telegram_groups WHERE type = 'group'")
        group_id = (row["last"] - 1) if row and row["last"] else FIRST_GROUP_ID
        self._insert(Group(group_id, "group", title, None, bot_status))
        self.set_member(group_id, creator_id, "creator")
        for person_id in member_ids:
            if person_id != creator_id:
                self.set_member(group_id, person_id, "member")
        return self.require(group_id)

    def get(self, group_id: int) -> Group | None:
        row = self._records.one("SELECT * FROM telegram_groups WHERE id = ?", group_id)
        return _group(row) if row else None

    def require(self, group_id: int) -> Group:
        group = self.get(group_id)
        if group is None:
            raise LookupError(f"no group {group_id}")
        return group

    def all(self) -> list[Group]:
        """Every group that people still see: a migrated one lives on as its supergroup."""
        rows = self._records.all("SELECT * FROM telegram_groups WHERE migrated_to IS NULL ORDER BY id DESC")
        return [_group(row) for row in rows]

    def of(self, person_id: int) -> list[Group]:
        return [group for group in self.all() if self.status(group.id, person_id) in PRESENT]

    def members(self, group_id: int) -> dict[int, str]:
        """Person id to status, of those present."""
        rows = self._records.all(
            "SELECT person_id, status FROM telegram_members WHERE group_id = ? ORDER BY person_id", group_id
        )
        return {row["person_id"]: row["status"] for row in rows if row["status"] in PRESENT}

    def status(self, group_id: int, person_id: int) -> str:
        row = self._records.one(
            "SELECT status FROM telegram_members WHERE group_id = ? AND person_id = ?", group_id, person_id
        )
        return str(row["status"]) if row else "left"

    def set_member(self, group_id: int, person_id: int, status: str) -> None:
        self._records.run(
            "INSERT INTO telegram_members (group_id, person_id, status) VALUES (?, ?, ?)"
            " ON CONFLICT (group_id, person_id) DO UPDATE SET status = excluded.status",
            group_id,
            person_id,
            status,
        )
        self._changes.add(Kind.CHATS, chat_id=group_id, person_id=person_id)

    def set_bot_status(self, group_id: int, status: str) -> None:
        self._records.run("UPDATE telegram_groups SET bot_status = ? WHERE id = ?", status, group_id)
        self._changes.add(Kind.CHATS, chat_id=group_id)

    def supergroup_id(self, group: Group) -> int:
        return SUPERGROUP_BASE + group.id

    def migrate(self, group: Group) -> Group:
        """Turn a group into a supergroup with a new id; the members and the bot move along."""
        new_id = self.supergroup_id(group)
        self._insert(Group(new_id, "supergroup", group.title, None, group.bot_status))
        self._records.run("UPDATE telegram_groups SET migrated_to = ? WHERE id = ?", new_id, group.id)
        for person_id, status in self.members(group.id).items():
            self.set_member(new_id, person_id, status)
        return self.require(new_id)

    def _insert(self, group: Group) -> None:
        self._records.run(
            "INSERT INTO telegram_groups (id, type, title, bot_status) VALUES (?, ?, ?, ?)",
            group.id,
            group.type,
            group.title,
            group.bot_status,
        )
        self._changes.add(Kind.CHATS, chat_id=group.id)


def _group(row: sqlite3.Row) -> Group:
    return Group(row["id"], row["type"], row["title"], row["migrated_to"], row["bot_status"])
