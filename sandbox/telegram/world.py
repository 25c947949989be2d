"""The whole of this small Telegram, put together."""

from typing import Final

from aiohttp import web

from sandbox.changes import Changes
from sandbox.records import Facts, Json, Records
from sandbox.store import Store
from sandbox.telegram.bots import ANONYMOUS, Bot, Commands, Profile
from sandbox.telegram.callbacks import Callbacks
from sandbox.telegram.files import Files
from sandbox.telegram.groups import Group, Groups
from sandbox.telegram.knobs import KnobBoard
from sandbox.telegram.messages import Keyboards, Message, Messages
from sandbox.telegram.people import People, Person
from sandbox.telegram.rates import Rates
from sandbox.telegram.schema import SCHEMA
from sandbox.telegram.updates import Updates
from sandbox.telegram.webhooks import Webhook

GROUP_TITLE: Final = "Tontine des Amies"

_RIGHTS: Final = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
)


class World:
    def __init__(self, store: Store, bot_token: str) -> None:
        store.create_tables(SCHEMA)
        self.bot = Bot(int(bot_token.partition(":")[0]), bot_token)
        self.records = Records(store)
        self.facts = Facts(self.records, "telegram")
        self.board = KnobBoard(self.facts)
        self.changes = Changes(self.records, "telegram")
        self.people = People(self.records, self.changes)
        self.groups = Groups(self.records, self.changes)
        self.messages = Messages(self.records, self.changes)
        self.keyboards = Keyboards(self.records, self.changes)
        self.callbacks = Callbacks(self.records, self.changes, self.board)
        self.files = Files(self.records)
        self.profile = Profile(self.facts, self.changes)
        self.commands = Commands(self.records, self.changes)
        self.updates = Updates(self.records, self.facts, self.changes, self.board)
        self.webhook = Webhook(self.records, self.facts, self.updates, self.board)
        self.rates = Rates()
        with self.records.transaction():
            self._seed()

    def chat(self, chat_id: int) -> Person | Group | None:
        """A private chat is its person; a group is itself."""
        return self.people.get(chat_id) if chat_id > 0 else self.groups.get(chat_id)

    def persons_in(self, chat: Person | Group) -> list[Person]:
        if isinstance(chat, Person):
            return [chat]
        return [self.people.require(person_id) for person_id in self.groups.members(chat.id)]

    def user(self, user_id: int) -> Json:
        return self.bot.as_user() if user_id == self.bot.id else self.people.require(user_id).as_user()

    def standing(self, user_id: int, status: str) -> Json:
        """A chat member as the Bot API tells it."""
        member: Json = {"user": self.user(user_id), "status": status}
        if status == "creator":
            return {**member, "is_anonymous": False}
        if status == "administrator":
            return {**member, "can_be_edited": False, "is_anonymous": False, **dict.fromkeys(_RIGHTS, True)}
        if status == "kicked":
            return {**member, "until_date": 0}
        return member

    def as_message(self, message: Message, *, with_reply: bool = True) -> Json:
        """A message as the Bot API tells it."""
        chat = self.chat(message.chat_id)
        told: Json = {
            "message_id": message.message_id,
            "from": ANONYMOUS if message.is_anonymous else self.user(message.author_id),
            "chat": chat.as_chat() if chat else {"id": message.chat_id, "type": "group", "title": ""},
            "date": message.date,
            **message.content,
        }
        if message.edit_date is not None:
            told["edit_date"] = message.edit_date
        if message.inline_keyboard:
            told["reply_markup"] = message.reply_markup
        if with_reply and message.reply_to is not None:
            answered = self.messages.get(message.chat_id, message.reply_to)
            if answered is not None:
                told["reply_to_message"] = self.as_message(answered, with_reply=False)
        return told

    def _seed(self) -> None:
        self.people.seed()
        if not self.groups.all():
            awa, moussa, fatou, *_ = (person.id for person in self.people.all())
            self.groups.add(GROUP_TITLE, awa, [moussa, fatou], "member")


WORLD: Final = web.AppKey("telegram", World)
