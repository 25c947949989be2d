"""The language we speak: /langue."""

from bot.chat import Chat
from bot.questions import OneOf
from core import i18n


async def language(chat: Chat) -> None:
    """Choose the language; it holds from this answer on."""
    chosen = await chat.ask("language", OneOf(list(i18n.LANGUAGES.items())))
    chat.member.language = chosen
    chat.say("language.set")
