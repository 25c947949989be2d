"""The officers' small acts: letting somebody in, giving an office, changing the rules, ending it all."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from markupsafe import Markup

from bot import shortcuts
from bot.chat import Chat
from bot.notify import notice, tell
from bot.questions import OneOf, YesNo
from bot.views import Button, View
from core import i18n
from handlers.tontine import words
from handlers.tontine.asking import YesOrNo, choices
from handlers.tontine.charter import rules_in_words
from handlers.tontine.create import ask_rules
from handlers.tontine.people import cut, officers
from handlers.tontine.readiness import has_a_next_step, next_step, under
from handlers.tontine.which import ask_tontine, buttons_for, hinted_id, my_membership, roles_of
from members import Member
from tontines.charter import accept_charter
from tontines.group_tables import Membership, Tontine
from tontines.joining import decide_asking
from tontines.life import change_rules, close_tontine
from tontines.officers import appoint as appoint_member
from tontines.officers import officers_of, require_office
from tontines.rules import Rules
from tontines.states import MembershipState, Role

_EVERYBODY = "everybody"


async def askings(chat: Chat) -> None:
    """Who asks to join, and letting them in or not: one by one, or all at once."""
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
    if len(asked) > 1:
        offered.insert(0, (_EVERYBODY, chat.text("tontine_askings.everybody", count=len(asked))))
    chosen = await chat.ask("who", OneOf(offered, columns=1), name=tontine.name)
    if chosen == _EVERYBODY:
        await _let_everybody_in(chat, tontine, [each for each, _ in asked])
        return
    who = UUID(chosen)
    answer = await chat.ask("let_in", YesOrNo(chat), who=names[who], name=tontine.name)
    membership = await decide_asking(chat.session, who, by=chat.member.id, approve=answer == "yes")
    key = "tontine_decide.refused" if membership.state is MembershipState.REFUSED else "tontine_decide.approved"
    await _say_with_next_step(chat, tontine, chat.text(key, name=names[who], tontine=tontine.name))


async def appoint(chat: Chat) -> None:
    """Give an office to a member; one's own too, to hand the presidency over."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await require_office(chat.session, tontine.id, chat.member.id, Role.PRESIDENT)
    names = await words.names_of(chat.session, tontine.id)
    offices = [Role.TREASURER.value, Role.SECRETARY.value, Role.COMMISSIONER.value, Role.PRESIDENT.value]
    role = Role(await chat.ask("role", OneOf(choices(chat, "tontine.role.", offices)), name=tontine.name))
    people = await _who_may_be(chat, tontine, role)
    said = words.role(chat.member.language, role)
    if not people:
        chat.say("tontine_appoint.nobody", role=said, name=tontine.name, buttons=[[await _back(chat, tontine)]])
        return
    offered = [(str(membership.id), cut(names[membership.id])) for membership, _ in people]
    chosen = await chat.ask("who", OneOf(offered, columns=1), role=said)
    who = UUID(chosen)
    member = next(member for membership, member in people if membership.id == who)
    if not await chat.ask("confirm", YesNo(), who=names[who], role=said, name=tontine.name):
        chat.say("tontine_appoint.declined")
        return
    await appoint_member(chat.session, tontine.id, role, member.id, by=chat.member.id)
    await _say_with_next_step(chat, tontine, chat.text("tontine_appoint.done", who=names[who], role=said))


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


async def _let_everybody_in(chat: Chat, tontine: Tontine, asked: Sequence[Membership]) -> None:
    names = await words.names_of(chat.session, tontine.id)
    who = words.some(chat.member.language, [cut(names[each.id]) for each in asked])
    if not await chat.ask("confirm", YesNo(), text="tontine_askings.ask.everybody", who=who, name=tontine.name):
        chat.say("tontine_askings.declined")
        return
    for each in asked:
        await decide_asking(chat.session, each.id, by=chat.member.id, approve=True)
    await _say_with_next_step(chat, tontine, chat.text("tontine_askings.all_in", name=tontine.name, count=len(asked)))


async def _who_may_be(chat: Chat, tontine: Tontine, role: Role) -> list[tuple[Membership, Member]]:
    """The members to whom an office may be given: who presides keeps no treasury, unless the charter lets them."""
    others = {Role.PRESIDENT: Role.TREASURER, Role.TREASURER: Role.PRESIDENT}
    held = await officers_of(chat.session, tontine.id)
    kept = {held.get(role)}
    if not tontine.rules.president_may_be_treasurer and role in others:
        kept.add(held.get(others[role]))
    return [each for each in await words.people_of(chat.session, tontine.id) if each[0].id not in kept]


async def _say_with_next_step(chat: Chat, tontine: Tontine, done: Markup) -> None:
    """What was done, and for whoever presides what comes next."""
    view = View(done, ((await _back(chat, tontine),),))
    presides = Role.PRESIDENT in await roles_of(chat.session, await my_membership(chat, tontine))
    if presides and await has_a_next_step(chat.session, tontine):
        view = under(replace(view, rows=()), await next_step(chat.session, tontine, chat.member))
    chat.show(view)


async def _back(chat: Chat, tontine: Tontine) -> Button:
    ways = await buttons_for(chat.session, chat.member, tontine)
    return ways.to("office", chat.text("tontine.button.office"))
