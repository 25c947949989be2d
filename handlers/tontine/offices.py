"""The officers' small acts: letting somebody in, giving an office, changing the rules, ending it all."""

from uuid import UUID

from bot import shortcuts
from bot.chat import Chat
from bot.notify import notice, tell
from bot.questions import OneOf, YesNo
from bot.views import Button
from core import i18n
from handlers.tontine import words
from handlers.tontine.asking import YesOrNo, choices
from handlers.tontine.charter import rules_in_words
from handlers.tontine.create import ask_rules
from handlers.tontine.people import cut, officers
from handlers.tontine.which import ask_tontine, buttons_for, hinted_id, my_membership
from tontines.charter import accept_charter
from tontines.group_tables import Tontine
from tontines.joining import decide_asking
from tontines.life import change_rules, close_tontine
from tontines.officers import appoint as appoint_member
from tontines.officers import require_office
from tontines.rules import Rules
from tontines.states import MembershipState, Role


async def askings(chat: Chat) -> None:
    """Who asks to join, and letting them in or not."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.PRESIDENT, Role.SECRETARY)
    names = await words.names_of(chat.session, tontine.id)
    asked = await words.people_of(chat.session, tontine.id, MembershipState.ASKED)
    if not asked:
        chat.say("tontine_askings.nobody", name=tontine.name, buttons=[[await _back(chat, tontine)]])
        return
    offered = [
        (str(each.id), f"{cut(names[each.id])} · {words.shares(chat.member.language, each.halves)}")
        for each, _ in asked
    ]
    chosen = await chat.ask("who", OneOf(offered, columns=1), name=tontine.name)
    who = UUID(chosen)
    answer = await chat.ask("let_in", YesOrNo(chat), who=names[who], name=tontine.name)
    membership = await decide_asking(chat.session, who, by=chat.member.id, approve=answer == "yes")
    key = "tontine_decide.refused" if membership.state is MembershipState.REFUSED else "tontine_decide.approved"
    chat.say(key, name=names[who], buttons=[[await _back(chat, tontine)]])


async def appoint(chat: Chat) -> None:
    """Give an office to a member; one's own too, to hand the presidency over."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.PRESIDENT)
    names = await words.names_of(chat.session, tontine.id)
    people = await words.people_of(chat.session, tontine.id)
    offices = [Role.TREASURER.value, Role.SECRETARY.value, Role.COMMISSIONER.value, Role.PRESIDENT.value]
    role = await chat.ask("role", OneOf(choices(chat, "tontine.role.", offices)), name=tontine.name)
    offered = [(str(membership.id), cut(names[membership.id])) for membership, _ in people]
    said = words.role(chat.member.language, role)
    chosen = await chat.ask("who", OneOf(offered, columns=1), role=said)
    who = UUID(chosen)
    member = next(member for membership, member in people if membership.id == who)
    if not await chat.ask("confirm", YesNo(), who=names[who], role=said, name=tontine.name):
        chat.say("tontine_appoint.declined")
        return
    await appoint_member(chat.session, tontine.id, Role(role), member.id, by=chat.member.id)
    chat.say("tontine_appoint.done", who=names[who], role=said, buttons=[[await _back(chat, tontine)]])


async def rules(chat: Chat) -> None:
    """Change the rules: a new charter for all to accept, or a wish that waits for the next cycle."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.PRESIDENT)
    before = Rules.model_validate(tontine.wished_rules) if tontine.wished_rules else tontine.rules
    changed = await ask_rules(chat, before)
    said = rules_in_words(chat.member.language, changed)
    if not await chat.ask("confirm", YesNo(), name=tontine.name, rules=said):
        chat.say("tontine_rules.declined")
        return
    charter = await change_rules(chat.session, tontine.id, changed, by=chat.member.id)
    back = [[await _back(chat, tontine)]]
    if charter is None:
        chat.say("tontine_rules.kept_for_next", name=tontine.name, buttons=back)
        return
    # Who has just written the rules and read them whole has accepted them.
    await accept_charter(chat.session, tontine.id, chat.member.id, charter.version)
    chat.say("tontine_rules.done", name=tontine.name, version=charter.version, buttons=back)


async def close(chat: Chat) -> None:
    """Ask another officer to end the tontine together."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    membership = await require_office(chat.session, tontine.id, chat.member.id)
    others = await officers(chat.session, tontine.id, membership.id)
    if not others:
        chat.say("tontine_close.alone", buttons=[[await _back(chat, tontine)]])
        return
    if not await chat.ask("confirm", YesNo(), name=tontine.name):
        chat.say("tontine_close.declined")
        return
    hints = {"tontine": str(tontine.id), "first": str(chat.member.id)}
    for other in others:
        data = await shortcuts.shortcut(chat.session, other.id, "tontine_close_too", hints)
        agree = Button(i18n.text(other.language, "tontine.button.close_too"), data=data)
        view = notice(other, "tontine_close.asked", [agree], name=tontine.name, who=chat.member.name)
        await tell(chat.session, other, view, subject=f"close:{tontine.id}", is_final=True)
    chat.say("tontine_close.waits", name=tontine.name)


async def close_too(chat: Chat) -> None:
    """The second officer's yes."""
    first = hinted_id(chat, "first")
    tontine = await chat.session.get(Tontine, hinted_id(chat, "tontine") or UUID(int=0))
    if first is None or tontine is None:
        chat.say("dialogue.old_button")
        return
    await my_membership(chat, tontine)
    await close_tontine(chat.session, tontine.id, by=first, second=chat.member.id)
    chat.say("tontine_close.done", name=tontine.name, in_place=True)


async def _back(chat: Chat, tontine: Tontine) -> Button:
    ways = await buttons_for(chat.session, chat.member, tontine)
    return ways.to("office", chat.text("tontine.button.office"))
