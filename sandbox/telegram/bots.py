"""The one bot that lives here: its names, its descriptions and its commands."""

import json
from dataclasses import dataclass
from typing import Final

from sandbox.changes import Changes, Kind
from sandbox.records import Facts, Json, Records, dump

USERNAME: Final = "cauri_bot"
FIRST_NAME: Final = "Cauri"

# Telegram's own account behind which anonymous administrators write.
ANONYMOUS: Final[Json] = {
    "id": 1_087_968_824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


@dataclass(frozen=True)
class Bot:
    id: int
    token: str
    username: str = USERNAME

    def as_user(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": FIRST_NAME, "username": self.username}

    def as_me(self) -> Json:
        return {
            **self.as_user(),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }


class Profile:
    """What the bot tells about itself, by language; an empty language is for everybody else."""

    def __init__(self, facts: Facts, changes: Changes) -> None:
        self._facts = facts
        self._changes = changes

    def put(self, fact: str, language_code: str, text: str) -> None:
        texts = self._facts.get(fact)
        self._facts.put(fact, {**texts, language_code: text})
        self._changes.add(Kind.BOT)

    def get(self, fact: str, language_code: str) -> str:
        texts = self._facts.get(fact)
        return str(texts.get(language_code) or texts.get("", ""))


class Commands:
    """The commands menu, by scope and language."""

    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def put(self, scope: str, language_code: str, commands: list[Json]) -> None:
        self._records.run(
            "INSERT INTO telegram_commands (scope, language_code, commands) VALUES (?, ?, ?)"
            " ON CONFLICT (scope, language_code) DO UPDATE SET commands = excluded.commands",
            scope,
            language_code,
            dump(commands),
        )
        self._changes.add(Kind.BOT)

    def delete(self, scope: str, language_code: str) -> None:
        self._records.run("DELETE FROM telegram_commands WHERE scope = ? AND language_code = ?", scope, language_code)
        self._changes.add(Kind.BOT)

    def get(self, scope: str, language_code: str) -> list[Json]:
        row = self._records.one(
            "SELECT commands FROM telegram_commands WHERE scope = ? AND language_code = ?", scope, language_code
        )
        commands: list[Json] = json.loads(row["commands"]) if row else []
        return commands

    def shown(self, chat_id: int, person_id: int, language_code: str, *, administers: bool) -> list[Json]:
        """What one person sees in one chat: the narrowest scope wins, then their language."""
        if chat_id > 0:
            scopes = [f"chat:{chat_id}", "all_private_chats", "default"]
        else:
            admin = [f"chat_administrators:{chat_id}"] if administers else []
            all_admins = ["all_chat_administrators"] if administers else []
            member = f"chat_member:{chat_id}:{person_id}"
            scopes = [member, *admin, f"chat:{chat_id}", *all_admins, "all_group_chats", "default"]
        for scope in scopes:
            for language in (language_code, ""):
                if commands := self.get(scope, language):
                    return commands
        return []
