"""/console: an operator asks for the way in and gets it in private. To anybody else there is no such command."""

from bot.chat import Chat
from bot.commands import Command
from bot.groups import CommandAct, GroupTurn
from bot.views import Button, View
from console.links import LINK_LIFE, make_link, way_in
from core import i18n, outbox
from core.outbox import Destination
from operators import Operator, operator_at

COMMAND = "console"
_MINUTES = LINK_LIFE.seconds // 60


def console_command(public: str) -> Command:
    """The command as it is asked in private; `public` is where our pages are."""

    async def run(chat: Chat) -> None:
        operator = await operator_at(chat.session, chat.here.channel, chat.here.chat)
        if operator is None:
            chat.say("dialogue.unknown_command", command=f"/{COMMAND}")
            return
        chat.show(_told(operator, way_in(public, await make_link(chat.session, operator))))

    return Command(COMMAND, run, words=(COMMAND,))


def ask_in_group(public: str) -> CommandAct:
    """The same asked in a group, the operators' as a rule: everybody reads there, so the link goes into the private
    chat. Who is no operator is not answered."""

    async def act(turn: GroupTurn, _: str) -> None:
        operator = await operator_at(turn.session, turn.incoming.channel, turn.incoming.person)
        if operator is None or turn.incoming.is_anonymous:
            return
        view = _told(operator, way_in(public, await make_link(turn.session, operator)))
        await outbox.say(turn.session, Destination(turn.incoming.channel, turn.incoming.person), view.dump())
        await turn.say(View(i18n.text(operator.language, "console.link.in_private", name=operator.name)))

    return act


def _told(operator: Operator, address: str) -> View:
    button = Button(i18n.text(operator.language, "console.link.button"), url=address)
    return View(i18n.text(operator.language, "console.link.told", minutes=_MINUTES), ((button,),))
