"""The welcome and the menu: /start."""

from bot import shortcuts
from bot.chat import Chat
from bot.dialogue import GO
from bot.notify import notice, tell
from bot.views import Button
from core import i18n
from core.money import Money
from handlers.amounts import available
from handlers.questions import SOMEBODY
from members import Invitation, Member, join

INVITED = "inv_"
_MENU = (("deposit", "withdraw"), ("send", "balance"), ("tontine",), ("history", "language"), ("help",))


async def start(chat: Chat) -> None:
    """Say hello the first time, show the menu, and answer an invitation that brought somebody here."""
    if code := chat.run.hints.get("payload"):
        invitation = await join(chat.session, code, chat.member)
        if invitation is not None:
            await _tell_sender(chat, invitation)
    key = "start.welcome" if chat.is_first_meeting else "start.menu"
    rows = [[Button(chat.text(f"button.{flow}"), data=f"{GO}:{flow}") for flow in row] for row in _MENU]
    chat.say(key, name=chat.member.name, balance=await available(chat), buttons=rows)


async def _tell_sender(chat: Chat, invitation: Invitation) -> None:
    """The sender kept the money; now that the person is here, sending it is one tap and one confirmation."""
    sender = await chat.session.get_one(Member, invitation.sender_id)
    hints = {"recipient": f"{SOMEBODY}{chat.member.id}", "amount": str(invitation.amount)}
    send_now = Button(
        i18n.text(sender.language, "button.send_now"),
        data=await shortcuts.shortcut(chat.session, sender.id, "send", hints),
    )
    view = notice(sender, "send.joined", [send_now], name=chat.member.name, amount=Money(invitation.amount))
    await tell(chat.session, sender, view, subject=f"invitation:{invitation.code}", is_final=True)
