"""My tontines: /tontine. What I owe now, what comes to me and when, my place, and what I can do."""

from datetime import datetime

from markupsafe import Markup

from bot.chat import Chat, Flow
from bot.views import Button
from core import clock
from core.money import Money
from handlers.tontine import words
from handlers.tontine.links import Links
from handlers.tontine.next_turn import my_say, next_turn, waits, ways_to_say
from handlers.tontine.shares import pots_to_come
from handlers.tontine.which import Ways, ask_tontine, buttons_for, hinted_id, open_tontines, roles_of
from tontines.charter import has_accepted
from tontines.cycle_tables import Cycle
from tontines.cycles import NoCycle, holders_in, rounds_of, running_cycle
from tontines.dues import dues_owed, is_late
from tontines.group import find_membership
from tontines.group_tables import Membership, Tontine
from tontines.states import MembershipState, RoundState, TontineState


def mine(links: Links) -> Flow:
    """All of mine when there are several and none was named; else the one."""

    async def run(chat: Chat) -> None:
        tontines = await open_tontines(chat.session, chat.member)
        named = hinted_id(chat, "tontine") or hinted_id(chat, "payload")
        if named is not None and named not in {each.id for each in tontines}:
            # Somebody who followed the group's link before having joined.
            chat.run.hints = {}
        elif len(tontines) > 1 and named is None:
            await _say_all(chat, tontines)
            return
        tontine = await ask_tontine(chat, tontines)
        if tontine is not None:
            await _say_one(chat, links, tontine)

    return run


async def _say_all(chat: Chat, tontines: list[Tontine]) -> None:
    lines, rows = [], []
    for tontine, (_, label) in zip(tontines, words.labels(tontines), strict=True):
        lines.append(Markup("<b>{}</b>\n{}").format(label, await _standing(chat, tontine)))
        ways = await buttons_for(chat.session, chat.member, tontine)
        rows.append([ways.to("tontine", label)])
    rows.append([Button(chat.text("tontine.button.new"), data="go:tontine_new")])
    chat.say("tontine.all", lines=Markup("\n\n").join(lines), buttons=rows)


async def _say_one(chat: Chat, links: Links, tontine: Tontine) -> None:
    membership = await find_membership(chat.session, tontine.id, chat.member.id)
    ways = await buttons_for(chat.session, chat.member, tontine)
    if membership is None:
        return
    rows = await _rows(chat, ways, tontine, membership)
    invite = ""
    if tontine.state is not TontineState.RUNNING and membership.state is MembershipState.ACTIVE:
        invite = chat.text("tontine.invite_line", link=links.to_join(tontine.id))
    chat.say(
        "tontine.one", name=tontine.name, amount=Money(tontine.rules.contribution), invite=invite,
        period=words.period(chat.member.language, tontine.rules), standing=await _standing(chat, tontine), buttons=rows,
    )  # fmt: skip


async def _rows(chat: Chat, ways: Ways, tontine: Tontine, membership: Membership) -> list[list[Button]]:
    def to(flow: str, label: str) -> Button:
        return ways.to(flow, chat.text(f"tontine.button.{label}"))

    if membership.state is not MembershipState.ACTIVE:
        if await has_accepted(chat.session, tontine, membership.id):
            return [[to("members", "members"), to("tontine_charter", "charter")]]
        return [[to("tontine_join", "read_and_accept")], [to("members", "members")]]
    rows = [[to("contribute", "contribute")]] if tontine.state is TontineState.RUNNING else []
    if (coming := await next_turn(chat.session, tontine)) is not None:
        rows += await ways_to_say(chat, ways, coming, membership)
    rows.append([to("members", "members"), to("tontine_charter", "charter")])
    is_officer = bool(await roles_of(chat.session, membership))
    more = to("office", "office" if is_officer else "more")
    rows.append([more] if tontine.state is TontineState.GATHERING else [to("statement", "statement"), more])
    return rows


async def _standing(chat: Chat, tontine: Tontine) -> Markup:
    """Where the member stands in this tontine, in a few lines."""
    membership = await find_membership(chat.session, tontine.id, chat.member.id)
    if membership is None:
        return Markup()
    if membership.state is not MembershipState.ACTIVE:
        return chat.text(f"tontine.standing.{membership.state}")
    try:
        cycle = await running_cycle(chat.session, tontine.id)
    except NoCycle:
        return await _before_cycle(chat, tontine, membership)
    lines = [await _owed(chat, tontine, membership), *await _to_come(chat, cycle, membership)]
    if (coming := await next_turn(chat.session, tontine)) is not None:
        lines += await my_say(chat.session, chat.member, coming, membership)
    return Markup("\n").join(lines)


async def _before_cycle(chat: Chat, tontine: Tontine, membership: Membership) -> Markup:
    people = await words.people_of(chat.session, tontine.id)
    owed = await dues_owed(chat.session, membership.id)
    debt = [await _owed(chat, tontine, membership)] if owed else []
    starts = words.day(chat.member.language, tontine.rules.starts_on)
    said = chat.text(f"tontine.standing.{tontine.state}", count=len(people), start=starts)
    return Markup("\n").join([*debt, said])


async def _owed(chat: Chat, tontine: Tontine, membership: Membership) -> Markup:
    dues = await dues_owed(chat.session, membership.id)
    if not dues:
        return chat.text("tontine.owes_nothing")
    late = Money(sum(due.outstanding for due in dues if is_late(due)))
    key = "tontine.owes_late" if late else "tontine.owes"
    until = min((due.deadline for due in dues if due.deadline >= clock.now()), default=dues[0].deadline)
    return chat.text(
        key, amount=Money(sum(due.outstanding for due in dues)), late=late, until=_moment(chat, tontine, until)
    )


async def _to_come(chat: Chat, cycle: Cycle, membership: Membership) -> list[Markup]:
    """The turns of mine that were not paid yet: when, which, and how much the pot should be."""
    pots = await pots_to_come(chat.session, cycle, membership.id)
    rounds = await rounds_of(chat.session, cycle.id)
    undecided = await waits(chat.session, cycle, membership)
    if not pots and not undecided:
        holders = {each.id for each in await holders_in(chat.session, cycle.id)}
        return [chat.text("tontine.turn_had" if membership.id in holders else "tontine.not_in_cycle")]
    return [
        chat.text(
            "tontine.turn_now" if round_.state is RoundState.OPEN else "tontine.turn_to_come", number=round_.number,
            rounds=len(rounds), amount=Money(amount),
            day=words.day(chat.member.language, words.local_day(cycle.rules, round_.deadline)),
        )
        for round_, amount in pots
    ] + ([chat.text("tontine.turn_undecided", rounds=len(rounds))] if undecided else [])  # fmt: skip


def _moment(chat: Chat, tontine: Tontine, when: datetime) -> str:
    return words.day(chat.member.language, words.local_day(tontine.rules, when))
