"""One's own PIN: /pin. Choosing and changing it, when it is asked for, forgetting it."""

from bot.chat import Chat
from bot.dialogue import GO
from bot.questions import AmountTooLarge, HowMuch, OneOf, Option, YesNo
from bot.views import Button
from core import i18n
from core.events import publish
from core.money import Money
from handlers.freezing import freeze_now
from handlers.proving import PIN
from members.guard import asked_above, guard_of, has_pin
from members.proofs import Wants
from members.safety import SAFETY
from payments import ALERT

_CHANGE, _LIMIT, _FORGOTTEN, _FREEZE = "change", "limit", "forgotten", "freeze"


class AskAbove(HowMuch):
    """From nothing, which is always, to what the house lets go without the PIN."""

    columns = 2
    _ROUND = (0, 1_000, 2_000, 5_000, 10_000)

    def options(self, language: str) -> list[Option]:
        fitting = [francs for francs in self._ROUND if Money(francs) <= SAFETY.out_without_pin]
        always = i18n.text(language, "pin.always")
        return [Option(i18n.amount(Money(francs)) if francs else always, francs) for francs in fitting]

    def within(self, amount: Money) -> Money:
        if amount > SAFETY.out_without_pin:
            raise AmountTooLarge(amount=amount, at_most=SAFETY.out_without_pin)
        return amount


async def pin(chat: Chat) -> None:
    """Say what there is to do, and do it."""
    is_chosen = await has_pin(chat.session, chat.member.id)
    is_frozen = chat.member.frozen_at is not None
    whats = [_CHANGE, _LIMIT, *([_FORGOTTEN] if is_chosen else []), *([] if is_frozen else [_FREEZE])]
    names = [(each, str(chat.text(_label(each, is_chosen=is_chosen)))) for each in whats]
    now = await asked_above(chat.session, chat.member.id, SAFETY.out_without_pin)
    what = await chat.ask("what", OneOf(names, columns=1), now=now)
    if what == _CHANGE:
        await chat.prove(PIN, chat.text("pin.about.change"), wants=Wants.NEW_PIN)
        chat.say("pin.chosen", buttons=[[_menu(chat)]])
    elif what == _LIMIT:
        await _change_limit(chat, now)
    elif what == _FORGOTTEN:
        await publish(chat.session, ALERT, {"reason": "pin_forgotten", "reference": str(chat.member.id)})
        chat.say("pin.forgotten", buttons=[[_menu(chat)]])
    elif await chat.ask("freeze", YesNo("button.freeze"), text="freeze.ask.sure"):
        await freeze_now(chat)
    else:
        chat.say("freeze.declined", buttons=[[_menu(chat)]])


async def _change_limit(chat: Chat, now: Money) -> None:
    """Lower at once; to raise it again is to open the wallet wider, so that takes the PIN."""
    limit = await chat.ask("limit", AskAbove(), now=now)
    if limit > now:
        await chat.prove(PIN, chat.text("pin.about.limit", limit=limit))
    (await guard_of(chat.session, chat.member.id)).ask_above = limit.amount
    chat.say("pin.limit_set" if limit else "pin.limit_none", limit=limit, buttons=[[_menu(chat)]])


def _label(what: str, *, is_chosen: bool) -> str:
    if what == _CHANGE and not is_chosen:
        return "pin.what.choose"
    return f"pin.what.{what}"


def _menu(chat: Chat) -> Button:
    return Button(chat.text("button.menu"), data=f"{GO}:start")
