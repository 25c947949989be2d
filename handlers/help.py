"""What one can do here: /aide."""

from bot.chat import Chat
from bot.dialogue import GO
from bot.views import Button


async def help_(chat: Chat) -> None:
    """Say in a few lines what can be done, and how."""
    chat.say("help.text", buttons=[[Button(chat.text("button.menu"), data=f"{GO}:start")]])
