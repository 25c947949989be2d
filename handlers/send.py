"""Sending money to another member: /envoyer."""

from bot.chat import Chat, Flow
from bot.dialogue import GO
from bot.questions import YesNo
from bot.views import Button
from bot.ways import Ways
from core.money import Money
from handlers.amounts import ask_amount_to_take, available, refuse_at_the_start
from handlers.proving import prove_taking_out
from handlers.questions import Recipient, RecipientOf
from handlers.start import INVITED
from members import invite
from payments import check_send_request, request_send


def send(ways: Ways, home: str) -> Flow:
    """Give money to another member at once; somebody who is not one yet is invited, and the money stays."""

    async def run(chat: Chat) -> None:
        await refuse_at_the_start(chat)
        recipient = await chat.ask("recipient", await RecipientOf.of(chat, home))
        amount = await ask_amount_to_take(chat, name=recipient.name)
        if amount is None:
            return
        if recipient.member_id is None:
            await _invite(chat, recipient, amount, ways)
            return
        await check_send_request(chat.session, chat.member, recipient.member_id, amount)
        if not await chat.ask("confirm", YesNo(), amount=amount, name=recipient.name):
            chat.say("send.declined")
            return

        await prove_taking_out(chat, amount, chat.text("pin.about.send", amount=amount, name=recipient.name))
        sent = await request_send(chat.session, chat.member, recipient.member_id, amount, key=str(chat.run_id))
        menu = Button(chat.text("button.menu"), data=f"{GO}:start")
        chat.say(
            "send.done", name=recipient.name, amount=amount, reference=sent.reference, balance=await available(chat),
            at=chat.moment(sent.created_at), buttons=[[menu]],
        )  # fmt: skip

    return run


async def _invite(chat: Chat, recipient: Recipient, amount: Money, ways: Ways) -> None:
    """The second message carries no amount: it is there to be passed on."""
    invitation = await invite(chat.session, chat.member, amount)
    chat.say("send.invited", name=recipient.name, amount=amount)
    link = ways.to_pass_on(f"{INVITED}{invitation.code}")
    chat.say("send.invitation", sender=chat.member.name, link=link, apart=True)
