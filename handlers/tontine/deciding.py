"""What members decide together: exchanging two turns, another organiser, and going on after a cycle."""

from uuid import UUID

from bot.chat import Chat
from bot.groups import GroupTurn, Toast
from bot.questions import OneOf, YesNo
from core import i18n
from handlers.tontine import words
from handlers.tontine.asking import YesOrNo
from handlers.tontine.charter import accept_read, read_charter
from handlers.tontine.links import id_of
from handlers.tontine.people import cut
from handlers.tontine.which import ask_tontine, buttons_for, hinted_id, my_membership
from tontines.charter import has_accepted
from tontines.cycles import holders_in, holdings_of, rounds_of, running_cycle, turns_of
from tontines.decision_tables import Vote
from tontines.group_tables import Tontine
from tontines.joining import opt_in
from tontines.officers import officers_of
from tontines.rotation import TurnNotUpcoming
from tontines.states import DecisionState, Role, RoundState
from tontines.swaps import answer_swap, ask_swap
from tontines.votes import cast_ballot, propose_late_joiner, propose_president


async def swap(chat: Chat) -> None:
    """Ask somebody to exchange turns; both must still be to come."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    membership = await my_membership(chat, tontine)
    own, others = await _upcoming_turns(chat, tontine, membership.id)
    if not own or not others:
        raise TurnNotUpcoming
    mine = own[0][0]
    if len(own) > 1:
        mine = await chat.ask("mine", OneOf(own, columns=1), name=tontine.name)
    other = await chat.ask("other", OneOf(others, columns=1), name=tontine.name)
    labels = dict([*own, *others])
    if not await chat.ask("confirm", YesNo("tontine.button.ask_swap"), mine=labels[mine], other=labels[other]):
        chat.say("tontine_swap.declined")
        return
    await ask_swap(chat.session, UUID(mine), UUID(other), by=chat.member.id, key=str(chat.run_id))
    chat.say("tontine_swap.asked", other=labels[other])


async def answer(chat: Chat) -> None:
    """The other one's yes or no, under the notice."""
    swap_id = hinted_id(chat, "swap")
    if swap_id is None:
        chat.say("dialogue.old_button")
        return
    agree = chat.run.hints.get("agree") == "yes"
    decided = await answer_swap(chat.session, swap_id, by=chat.member.id, agree=agree)
    waits = decided.state is DecisionState.ASKED
    chat.say("tontine_swap.consented" if waits else f"tontine_swap.{decided.state}", in_place=True)


async def candidate(chat: Chat) -> None:
    """Propose another organiser: the members vote, and more than half of them decide."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await my_membership(chat, tontine)
    president = (await officers_of(chat.session, tontine.id)).get(Role.PRESIDENT)
    names = await words.names_of(chat.session, tontine.id)
    people = {membership.id: member for membership, member in await words.people_of(chat.session, tontine.id)}
    offered = [(str(each), cut(names[each])) for each in people if each != president]
    if not offered:
        chat.say("tontine_candidate.nobody", name=tontine.name)
        return
    chosen = await chat.ask("who", OneOf(offered, columns=1), name=tontine.name)
    who = UUID(chosen)
    if not await chat.ask("confirm", YesNo("tontine.button.propose"), who=names[who], name=tontine.name):
        chat.say("tontine_candidate.declined")
        return
    vote = await propose_president(
        chat.session, tontine.id, people[who].id, by=chat.member.id, key=str(chat.run_id)
    )  # fmt: skip
    chat.say(f"tontine_candidate.{vote.state}", who=names[who], name=tontine.name)


async def late_joiner(chat: Chat) -> None:
    """Propose that a member without a share join the running cycle: back payments, and the last turn."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    await my_membership(chat, tontine)
    holders = {each.id for each in await holders_in(chat.session, (await running_cycle(chat.session, tontine.id)).id)}
    people = {membership.id: member for membership, member in await words.people_of(chat.session, tontine.id)}
    offered = [(str(each), cut(member.name)) for each, member in people.items() if each not in holders]
    if not offered:
        chat.say("tontine_late.nobody", name=tontine.name)
        return
    chosen = await chat.ask("who", OneOf(offered, columns=1), name=tontine.name)
    member = people[UUID(chosen)]
    if not await chat.ask("confirm", YesNo("tontine.button.propose"), who=member.name, name=tontine.name):
        chat.say("tontine_candidate.declined")
        return
    await propose_late_joiner(chat.session, tontine.id, member.id, by=chat.member.id, key=str(chat.run_id))
    chat.say("tontine_late.asked", who=member.name, name=tontine.name)


async def cast(chat: Chat) -> None:
    """A vote in private, under the notice."""
    vote_id = hinted_id(chat, "vote")
    if vote_id is None:
        chat.say("dialogue.old_button")
        return
    is_for = chat.run.hints.get("for") == "yes"
    await cast_ballot(chat.session, vote_id, by=chat.member.id, is_for=is_for)
    chat.say("tontine.vote.counted", in_place=True)


async def cast_here(turn: GroupTurn, argument: str) -> Toast:
    """A vote in the group: only the tapper sees that it was counted."""
    token, _, side = argument.partition(":")
    found = id_of(token)
    vote = await turn.session.get(Vote, found) if found else None
    if vote is None or turn.member is None:
        return Toast(i18n.text(turn.language, "group.old_button")) if vote is None else Toast(start="menu")
    if vote.state is not DecisionState.ASKED:
        return Toast(i18n.text(turn.language, "refusal.tontine.vote_over"))
    await cast_ballot(turn.session, vote.id, by=turn.member.id, is_for=side == "yes")
    return Toast(i18n.text(turn.language, "tontine.vote.counted"))


async def renew(chat: Chat) -> None:
    """Going on after a cycle, or not: nobody is renewed in silence, nor under rules they did not accept."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    membership = await my_membership(chat, tontine)
    goes_on = await chat.ask("renews", YesOrNo(chat), name=tontine.name) == "yes"
    if goes_on and not await has_accepted(chat.session, tontine, membership.id):
        version = await read_charter(chat, tontine)
        if not await chat.ask(
            "accept", YesNo("tontine.button.accept_charter"), text="charter.accept", name=tontine.name
        ):
            chat.say("charter.declined", name=tontine.name)
            return
        await accept_read(chat, tontine, version)
    await opt_in(chat.session, tontine.id, chat.member.id, renews=goes_on)
    ways = await buttons_for(chat.session, chat.member, tontine)
    button = ways.to("tontine_shares", chat.text("office.act.tontine_shares"))
    chat.say(
        "tontine_renew.yes" if goes_on else "tontine_renew.no", name=tontine.name,
        shares=words.shares(chat.member.language, membership.halves), buttons=[[button]] if goes_on else None,
    )  # fmt: skip


async def _upcoming_turns(
    chat: Chat, tontine: Tontine, membership_id: UUID
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The turns still to come, by share: mine, and those of others."""
    cycle = await running_cycle(chat.session, tontine.id)
    names = await words.names_of(chat.session, tontine.id)
    rounds = {each.number: each for each in await rounds_of(chat.session, cycle.id)}
    own: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for turn in await turns_of(chat.session, cycle.id):
        if rounds[turn.position].state is not RoundState.SCHEDULED:
            continue
        holders = [each.membership_id for each in await holdings_of(chat.session, turn.share_id)]
        day = words.short_day(chat.member.language, words.local_day(cycle.rules, rounds[turn.position].opens_at))
        said = " + ".join(cut(names[each]) for each in holders)
        label = chat.text("tontine.turn_label", number=turn.position, who=said, day=day)
        (own if membership_id in holders else others).append((str(turn.share_id), str(label)))
    return own, others
