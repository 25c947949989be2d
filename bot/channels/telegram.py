"""Telegram: python-telegram-bot sends and parses; what state there is, is ours."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    WebAppInfo,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels import Cost, Moved, NotAccepted, TryAgainIn, Unreachable
from bot.groups import Toast
from bot.views import Button, View
from core.outbox import OutboxFile
from core.pacing import Pace
from core.tls import trusted

log = structlog.get_logger(__name__)

# The library's own word for how long to wait is to become a timedelta; until it does, it asks to be told.
os.environ.setdefault("PTB_TIMEDELTA", "true")

NAME = "telegram"
UPDATES = ["message", "callback_query", "my_chat_member"]
_POLL_SECONDS = 25
_TOAST_LENGTH = 200
# What is longer than one line cannot be read before it is gone.
_READ_IN_PASSING = 80
# 20 messages a minute in a group, edits too; in a private chat five in five seconds, where edits are free.
_IN_A_GROUP = Pace(timedelta(seconds=3), in_a_row=4)
_IN_PRIVATE = Pace(timedelta(seconds=2.5), at_once=3)
# Where Telegram's own server counts nothing: as long as a group needs for what comes meanwhile to be merged.
_CALMLY = Pace(timedelta(seconds=1), in_a_row=4)
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

Raw = dict[str, Any]
Deliver = Callable[[Raw], Awaitable[None]]


class TelegramChannel:
    """The bot behind `token`, on Telegram itself or on a server that speaks its API at `api_url`."""

    name = NAME

    def __init__(self, token: str, api_url: str, *, per_second: int = 0) -> None:
        self.pace = Pace.below(per_second)
        base, tls = api_url.rstrip("/"), {"verify": trusted()}
        self.bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=HTTPXRequest(
                connection_pool_size=32, read_timeout=10, connect_timeout=5, pool_timeout=10, httpx_kwargs=tls
            ),
            # Never used, as we poll by ourselves; the library would make one that reads the authorities again.
            get_updates_request=HTTPXRequest(httpx_kwargs=tls),
        )  # fmt: skip
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=_POLL_SECONDS + 10), verify=trusted())
        self._acknowledgements: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Say hello to Telegram; raises TelegramError when the token is wrong or nobody answers."""
        await self.bot.initialize()

    async def close(self) -> None:
        """Hang up."""
        await self.bot.shutdown()
        await self._http.aclose()

    def deep_link(self, payload: str) -> str:
        """A link that opens the private chat with us and starts it with `payload`."""
        return f"https://t.me/{self.bot.username}?start={quote(payload)}"

    async def send(
        self, chat: str, view: View, edits: str | None, file: OutboxFile | None = None, *, is_open: bool = True
    ) -> str:
        """Say or edit a message; returns Telegram's id of it. See `Channel` for what it raises."""
        try:
            if file is not None:
                return await self._show(chat, view, file)
            return await (self._edit(chat, view, edits) if edits else self._say(chat, view))
        except RetryAfter as error:
            # Slow mode may forbid one group for an hour; whoever is refused in private was too fast in all.
            raise TryAgainIn(seconds(error.retry_after), everywhere=not _is_group(chat)) from error
        except ChatMigrated as error:
            raise Moved(str(error.new_chat_id)) from error
        except Forbidden as error:
            raise Unreachable(str(error)) from error
        except BadRequest as error:
            if "chat not found" in str(error).lower():
                raise Unreachable(str(error)) from error
            raise NotAccepted(str(error)) from error

    async def fetch(self, file_id: str, at_most: int) -> bytes:
        """A file that somebody sent; Telegram gives out 20 MB at most."""
        try:
            file = await self.bot.get_file(file_id)
        except BadRequest as error:
            raise NotAccepted(str(error)) from error
        if file.file_size is not None and file.file_size > at_most:
            raise NotAccepted("too large")
        return bytes(await file.download_as_bytearray())

    def pace_in(self, chat: str) -> Pace | None:
        """Groups are always spoken to calmly, so that what comes meanwhile is merged."""
        if _is_group(chat):
            return _IN_A_GROUP if self.pace else _CALMLY
        return _IN_PRIVATE if self.pace else None

    def cost(self, chat: str, view: View, edits: str | None) -> Cost:
        """One call each."""
        return Cost(1, 1 if _is_group(chat) or edits is None else 0)

    async def forget(self, chat: str, message_id: str) -> None:
        """Delete a message; one that is gone already, or too old for that, is no matter."""
        try:
            await self.bot.delete_message(chat, int(message_id))
        except BadRequest as error:
            log.info("telegram.not_deleted", reason=str(error))

    async def nudge(self, chat: str, language: str) -> None:
        """Never needed: Telegram has no window."""

    def fits_together(self, first: View, second: View) -> bool:
        """Each message is one of its own, to be edited by itself."""
        return False

    def acknowledge(self, callback_id: str, toast: Toast | None = None) -> None:
        """Let the tapped button stop spinning, and show the toast; an answer that fails or comes late is no matter."""
        task = asyncio.create_task(self._acknowledge(callback_id, toast or Toast()))
        self._acknowledgements.add(task)
        task.add_done_callback(self._acknowledgements.discard)

    async def set_commands(
        self, language: str | None, private: Sequence[tuple[str, str]], group: Sequence[tuple[str, str]]
    ) -> None:
        """Show the commands menu in one language; None is for everybody whose language we do not speak."""
        await self.bot.set_my_commands([BotCommand(*entry) for entry in private], language_code=language)
        scope = BotCommandScopeAllGroupChats()
        await self.bot.set_my_commands([BotCommand(*entry) for entry in group], scope=scope, language_code=language)

    async def describe(self, language: str | None, description: str, short: str) -> None:
        """What somebody reads before they first write to us."""
        await self.bot.set_my_description(description, language_code=language)
        await self.bot.set_my_short_description(short, language_code=language)

    async def use_webhook(self, url: str, secret: str) -> None:
        """Have Telegram call us."""
        await self.bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES, max_connections=40)

    async def poll(self, deliver: Deliver) -> None:
        """Ask Telegram for what is new, for ever. An update is given up only once `deliver` has returned.

        The raw updates are asked for, because one that the library cannot parse must not block those behind it.
        """
        offset = None
        while True:
            try:
                if offset is None:
                    await self.bot.delete_webhook()
                    offset = 0
                updates = await self._updates_from(offset)
                await _deliver_in_order(updates, deliver)
            except Exception as error:  # noqa: BLE001 - the network and the database come back; polling must go on
                log.warning("telegram.poll_failed", reason=repr(error))
                await asyncio.sleep(2)
                continue
            if updates:
                offset = max(update["update_id"] for update in updates) + 1

    async def _updates_from(self, offset: int) -> list[Raw]:
        asked = {"offset": offset, "timeout": _POLL_SECONDS, "allowed_updates": UPDATES}
        response = await self._http.post(f"{self.bot.base_url}/getUpdates", json=asked)
        answer = response.json()
        if not answer.get("ok"):
            await asyncio.sleep(answer.get("parameters", {}).get("retry_after", 0))
            raise TelegramError(str(answer.get("description")))
        updates: list[Raw] = answer["result"]
        return updates

    async def _say(self, chat: str, view: View) -> str:
        sent = await self.bot.send_message(
            chat, view.text, parse_mode=ParseMode.HTML, reply_markup=_markup(view), link_preview_options=_NO_PREVIEW
        )
        return str(sent.message_id)

    async def _show(self, chat: str, view: View, file: OutboxFile) -> str:
        send = self.bot.send_photo if view.picture else self.bot.send_document
        content = InputFile(file.content, filename=file.name)
        sent = await send(chat, content, caption=view.text, parse_mode=ParseMode.HTML, reply_markup=_markup(view))
        return str(sent.message_id)

    async def _edit(self, chat: str, view: View, message_id: str) -> str:
        keyboard = _markup(view)
        try:
            edited = await self.bot.edit_message_text(
                view.text, chat, int(message_id), parse_mode=ParseMode.HTML, link_preview_options=_NO_PREVIEW,
                reply_markup=keyboard if isinstance(keyboard, InlineKeyboardMarkup) else None,
            )  # fmt: skip
        except BadRequest as error:
            if "message is not modified" in str(error).lower():
                return message_id
            if "message to edit not found" in str(error).lower() or "can't be edited" in str(error).lower():
                return await self._say(chat, view)
            raise
        return str(edited.message_id) if isinstance(edited, Message) else message_id

    async def _acknowledge(self, callback_id: str, toast: Toast) -> None:
        # Telegram opens no other link from a tap than one that starts this very bot.
        url = f"t.me/{self.bot.username}?start={quote(toast.start)}" if toast.start else None
        text = unescape(toast.text)[:_TOAST_LENGTH]
        try:
            waits = toast.is_alert or len(text) > _READ_IN_PASSING or "\n" in text
            await self.bot.answer_callback_query(callback_id, text=text or None, show_alert=waits, url=url)
        except TelegramError as error:
            log.info("telegram.tap_not_acknowledged", reason=str(error))


def seconds(wait: int | timedelta) -> timedelta:
    """Telegram's word for how long to wait."""
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)


async def _deliver_in_order(updates: list[Raw], deliver: Deliver) -> None:
    """Different people at the same time, one person's messages one after the other."""
    by_person: dict[Any, list[Raw]] = {}
    for update in updates:
        by_person.setdefault(_person_of(update), []).append(update)

    async def deliver_all(mine: list[Raw]) -> None:
        for update in mine:
            await deliver(update)

    await asyncio.gather(*(deliver_all(mine) for mine in by_person.values()))


def _is_group(chat: str) -> bool:
    """Groups are those whose ids are negative."""
    return chat.startswith("-")


def _person_of(update: Raw) -> Any:
    for content in update.values():
        if isinstance(content, dict) and isinstance(content.get("from"), dict):
            return content["from"].get("id")
    return None


def _markup(view: View) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    if view.clears_keyboard:
        return ReplyKeyboardRemove()
    if view.contact is not None:
        rows = [[KeyboardButton(view.contact, request_contact=True)]]
        rows += [[KeyboardButton(button.label) for button in row] for row in view.rows]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)
    if not view.rows:
        return None
    return InlineKeyboardMarkup([[_inline(button) for button in row] for row in view.rows])


def _inline(button: Button) -> InlineKeyboardButton:
    if button.inside and button.url:
        return InlineKeyboardButton(button.label, web_app=WebAppInfo(button.url))
    return InlineKeyboardButton(button.label, callback_data=button.data, url=button.url)
