"""Joining: the charter is read, the shares are chosen, and an organiser lets the person in."""

from uuid import UUID

from bot.chat import Chat
from bot.questions import YesNo
from core.money import Money
from handlers.tontine import words
from handlers.tontine.asking import Shares
from handlers.tontine.charter import accept_read, read_charter
from handlers.tontine.people import name_of
from handlers.tontine.which import buttons_for, hinted_id
from tontines.charter import has_accepted
from tontines.group import find_membership
from tontines.group_tables import Membership, Tontine
from tontines.joining import ask_to_join, change_shares, decide_asking
from tontines.officers import refuse_when_closed
from tontines.states import MembershipState


async def join(chat: Chat) -> None:
    """The way in, by the group's button or an invitation that was passed on."""
    tontine = await _invited_to(chat)
    if tontine is None:
        chat.say("tontine_join.unknown")
        return
    refuse_when_closed(tontine)
    known = await find_membership(chat.session, tontine.id, chat.member.id)
    if known is not None and await _is_in(chat, tontine, known):
        ways = await buttons_for(chat.session, chat.member, tontine)
        button = ways.to("tontine", chat.text("tontine.button.open"))
        chat.say("tontine_join.already", name=tontine.name, buttons=[[button]])
        return
    version = await read_charter(chat, tontine)
    rules = tontine.rules
    halves = known.halves if known is not None and known.state is MembershipState.APPROVED else None
    if halves is None:
        amount = Money(rules.contribution)
        halves = await chat.ask("halves", Shares(with_halves=rules.half_shares), name=tontine.name, amount=amount)
    agreed = await chat.ask(
        "accept", YesNo("tontine.button.accept_charter"), name=tontine.name,
        shares=words.shares(chat.member.language, halves), amount=Money(rules.part(rules.contribution, halves)),
        period=words.period(chat.member.language, rules),
    )  # fmt: skip
    if not agreed:
        chat.say("charter.declined", name=tontine.name)
        return
    await ask_to_join(chat.session, tontine.id, chat.member.id, halves)
    await accept_read(chat, tontine, version)


async def decide(chat: Chat) -> None:
    """Accepter or Refuser, under the notice that somebody asks to join."""
    membership_id = hinted_id(chat, "membership")
    if membership_id is None:
        chat.say("dialogue.old_button")
        return
    approve = chat.run.hints.get("approve") == "yes"
    membership = await decide_asking(chat.session, membership_id, by=chat.member.id, approve=approve)
    name = await name_of(chat.session, membership.id)
    key = "tontine_decide.refused" if membership.state is MembershipState.REFUSED else "tontine_decide.approved"
    tontine = await chat.session.get_one(Tontine, membership.tontine_id)
    chat.say(key, name=name, tontine=tontine.name, in_place=True)


async def shares(chat: Chat) -> None:
    """What one takes part with in the next cycle: asked from the menu of one's tontine."""
    tontine_id = hinted_id(chat, "tontine")
    tontine = await chat.session.get(Tontine, tontine_id or UUID(int=0))
    if tontine is None:
        chat.say("dialogue.old_button")
        return
    halves = await chat.ask("halves", Shares(with_halves=tontine.rules.half_shares), name=tontine.name)
    membership = await change_shares(chat.session, tontine.id, chat.member.id, halves)
    said = words.shares(chat.member.language, membership.halves)
    chat.say("tontine_shares.done", name=tontine.name, shares=said)


async def _invited_to(chat: Chat) -> Tontine | None:
    named = await chat.once("invited_to", str, lambda: _named(chat))
    return await chat.session.get(Tontine, UUID(named)) if named else None


async def _named(chat: Chat) -> str:
    return str(hinted_id(chat, "payload") or hinted_id(chat, "tontine") or "")


async def _is_in(chat: Chat, tontine: Tontine, membership: Membership) -> bool:
    """Whether nothing is left for this person to do: in already, or waiting with the charter accepted."""
    if membership.state in {MembershipState.LEFT, MembershipState.REFUSED}:
        return False
    return await has_accepted(chat.session, tontine, membership.id)
