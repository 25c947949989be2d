"""The welcome and the menu: /start."""

from bot import notify, shortcuts
from bot.chat import Chat
from bot.dialogue import GO
from bot.views import Button
from core.money import Money
from handlers.amounts import available
from handlers.questions import SOMEBODY
from members import Invitation, join

_INVITED = "inv_"
_MENU = (("deposit", "withdraw"), ("send", "balance"), ("history", "language"), ("help",))


async def start(chat: Chat) -> None:
    """Say hello the first time, show the menu, and answer an invitation that brought somebody here."""
    payload = chat.run.hints.get("payload", "")
    if payload.startswith(_INVITED):
        invitation = await join(chat.session, payload.removeprefix(_INVITED), chat.member)
        if invitation is not None:
            await _tell_sender(chat, invitation)
    key = "start.welcome" if chat.is_first_meeting else "start.menu"
    rows = [[Button(chat.text(f"button.{flow}"), data=f"{GO}:{flow}") for flow in row] for row in _MENU]
    chat.say(key, name=chat.member.name, balance=await available(chat), buttons=rows)


async def _tell_sender(chat: Chat, invitation: Invitation) -> None:
    """The sender kept the money; now that the person is here, sending it is one tap and one confirmation."""
    hints = {"recipient": f"{SOMEBODY}{chat.member.id}", "amount": str(invitation.amount)}
    data = await shortcuts.shortcut(chat.session, invitation.sender_id, "send", hints)
    await notify.tell(
        chat.session, invitation.sender_id, "send.joined", subject=f"invitation:{invitation.code}",
        name=chat.member.name, amount=Money(invitation.amount),
        buttons=lambda text: [[Button(text("button.send_now"), data=data)]],
    )  # fmt: skip
