"""What is in the wallet: /solde."""

from bot.chat import Chat
from bot.dialogue import GO
from bot.views import Button
from ledger import AccountKind
from payments import standing


async def balance(chat: Chat) -> None:
    """Say what is available, and apart from it what is on its way out or waits to be released."""
    wallet = await standing(chat.session, chat.member.id, AccountKind.WALLET)
    parked = await standing(chat.session, chat.member.id, AccountKind.PARKED)
    held = chat.text("balance.held", held=wallet.held) if wallet.held else ""
    waiting = chat.text("balance.parked", parked=parked.posted) if parked.posted else ""
    rows = [[Button(chat.text(f"button.{flow}"), data=f"{GO}:{flow}") for flow in ("deposit", "history")]]
    chat.say("balance.is", balance=wallet.available, held=held, parked=waiting, buttons=rows)
