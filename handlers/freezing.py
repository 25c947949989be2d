"""« Ce n’est pas moi »: one tap, on any of a member's conversations, and nothing leaves their wallet any more."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.chat import Chat
from bot.dialogue import GO
from bot.questions import YesNo
from bot.views import Button
from core import i18n
from members import Freezing, Member
from members import freeze as freeze_wallet

FREEZE = "freeze"
_SURE = {"sure": "yes"}


async def freeze(chat: Chat) -> None:
    """Freeze the wallet: at once behind the button of a notice, after one question for who comes by a word."""
    is_sure = chat.run.hints.get("sure") == "yes"
    if is_sure or await chat.ask("sure", YesNo("button.freeze")):
        await freeze_now(chat)
    else:
        chat.say("freeze.declined", buttons=[[Button(chat.text("button.menu"), data=f"{GO}:start")]])


async def freeze_now(chat: Chat) -> None:
    """Freeze it and say what that means."""
    await freeze_wallet(chat.session, chat.member.id, Freezing.MEMBER)
    menu = Button(chat.text("button.menu"), data=f"{GO}:start")
    chat.say("freeze.done", buttons=[[support_button(chat.member.language)], [menu]])


def support_button(language: str) -> Button:
    """The way to a person, for whoever reads that nothing leaves their wallet."""
    return Button(i18n.text(language, "button.support"), data=f"{GO}:complaint")


async def not_me(session: AsyncSession, member: Member) -> Button:
    """The button that freezes this member's wallet at once, for them alone."""
    data = await shortcuts.shortcut(session, member.id, FREEZE, _SURE)
    return Button(i18n.text(member.language, "button.not_me"), data=data)
