"""A tontine where everybody reads: the group's card while people gather, the way in, and the way to one's own."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.groups import CommandAct, EventAct, GroupTurn, TapAct, Toast
from bot.views import Button, View
from bot.words import plain
from core import clock, i18n, outbox
from core.jobs import Payload, enqueue
from core.money import Money
from core.outbox import OutboxAddress
from handlers.tontine import words
from handlers.tontine.links import JOIN, NEW, Links, id_of, token_of
from handlers.tontine.members import list_of_members
from handlers.tontine.people import group_language
from handlers.tontine.telling import tell_group, tell_members, turn_in_group
from handlers.tontine.which import TONTINE
from members import register
from tontines.charter import has_accepted
from tontines.cycle_tables import Round
from tontines.cycles import rounds_of, running_cycle
from tontines.group import find_membership, tontines_in
from tontines.group_tables import Tontine
from tontines.joining import ask_to_join
from tontines.life import move_chat
from tontines.states import MembershipState, RoundState, TontineState

TURN_CARD = "turn_lobby_card"
JOIN_TAP, NEW_TAP, WHICH_TAP = "tjoin", "tnew", "tshow"

OFFER = "offer"

# « /tontine nouvelle » makes a second one for the same group, and so does a button of the card.
_ANOTHER_ONE = "another"
_ANOTHER = {"nouvelle", "autre", "creer", "new", "another", "create"}

Say = Callable[[GroupTurn, Tontine], Awaitable[None]]


def card(links: Links) -> Say:
    """Say where a tontine stands, in its group."""

    async def say(turn: GroupTurn, tontine: Tontine) -> None:
        view = await lobby_view(turn.session, links, tontine)
        await turn.say(view, subject=subject_of(tontine.id))

    return say


async def say_members(turn: GroupTurn, tontine: Tontine) -> None:
    """The list of members, in the group."""
    lines = await list_of_members(turn.session, tontine, turn.language)
    await turn.say(View(i18n.text(turn.language, "tontine.members", name=tontine.name, lines=lines)))


def about_one(what: str, say: Say) -> tuple[CommandAct, Say]:
    """A group's command about one of its tontines: asks which when there are several, for names may be equal."""

    async def act(turn: GroupTurn, rest: str) -> None:
        here = await living_here(turn)
        if not here or plain(rest) in _ANOTHER:
            await turn.say(_offer(turn, is_another=bool(here)), subject=OFFER)
        elif len(here) == 1:
            await say(turn, here[0])
        else:
            await turn.say(_which(turn, what, here))

    return act, say


def choice(says: dict[str, Say]) -> TapAct:
    """Which of the chat's tontines was meant."""

    async def act(turn: GroupTurn, argument: str) -> Toast:
        what, _, token = argument.partition(":")
        tontine = await tontine_here(turn, token)
        if tontine is None or what not in says:
            return Toast(i18n.text(turn.language, "group.old_button"))
        await says[what](turn, tontine)
        return Toast()

    return act


async def new_here(turn: GroupTurn, argument: str) -> Toast:
    """Create a tontine for this group: the private chat is opened by a link that only the tapper can use.

    An offer of before the group had one makes no second by mistake.
    """
    if argument != _ANOTHER_ONE and (here := await living_here(turn)):
        return Toast(i18n.text(turn.language, "tontine.toast.exists", name=here[0].name), is_alert=True)
    member = await _tapper(turn)
    hints = {"channel": turn.incoming.channel, "chat": turn.incoming.chat}
    data = await shortcuts.shortcut(turn.session, member, "tontine_new", hints)
    return Toast(start=NEW + data.rpartition(":")[2])


async def join_here(turn: GroupTurn, token: str) -> Toast:
    """Participer: the charter is read in private. Somebody we cannot write to yet is put down as asking."""
    tontine = await tontine_here(turn, token)
    if tontine is None:
        return Toast(i18n.text(turn.language, "group.old_button"))
    if turn.member is None:
        await ask_to_join(turn.session, tontine.id, await _tapper(turn))
        return Toast(start=JOIN + token)
    known = await find_membership(turn.session, tontine.id, turn.member.id)
    is_in = known is not None and known.state in {MembershipState.ASKED, MembershipState.ACTIVE}
    if is_in and known is not None and await has_accepted(turn.session, tontine, known.id):
        return Toast(i18n.text(turn.language, f"tontine.toast.{known.state}", name=tontine.name))
    return Toast(start=JOIN + token)


def added(links: Links) -> EventAct:
    """Added to a group, or added back: its tontines are at home again."""

    async def act(turn: GroupTurn) -> None:
        here = await living_here(turn)
        if not here:
            button = Button(i18n.text(turn.language, "tontine.button.new_here"), data=NEW_TAP)
            await turn.say(View(i18n.text(turn.language, "group.welcome"), ((button,),)), subject=OFFER)
        for tontine in here:
            # Saying something makes the address one that is reached again.
            await card(links)(turn, tontine)

    return act


async def removed(turn: GroupTurn) -> None:
    """Removed from a group: nothing more is said there, and its tontines go on in private."""
    here = await living_here(turn)
    if await turn.session.get(OutboxAddress, (turn.here.channel, turn.here.chat)) is not None:
        await outbox.block(turn.session, turn.here)
    for tontine in here:
        await tell_members(turn.session, tontine, "tontine.removed", subject=f"removed:{tontine.id}")


async def moved(turn: GroupTurn) -> None:
    """The group has become a supergroup: its tontines follow."""
    if turn.incoming.moved_to is not None:
        await move_chat(turn.session, turn.incoming.channel, turn.incoming.chat, turn.incoming.moved_to)


async def chat_moved(session: AsyncSession, payload: Payload) -> None:
    """The same, learnt from Telegram's refusal of the old address."""
    await move_chat(session, payload["channel"], payload["chat"], payload["moved_to"])


async def post_card(session: AsyncSession, links: Links, tontine: Tontine) -> None:
    """Post the card for the first time; the offer that led to it has no button any more."""
    language = await group_language(session, tontine.id)
    await turn_in_group(
        session, tontine, View(i18n.text(language, "tontine.offer_taken", name=tontine.name)), subject=OFFER
    )
    await tell_group(session, tontine, await lobby_view(session, links, tontine), subject=subject_of(tontine.id))


async def refresh(session: AsyncSession, tontine_id: UUID) -> None:
    """Have the card turned soon, once for however many reasons."""
    await enqueue(session, TURN_CARD, str(tontine_id), {TONTINE: str(tontine_id)}, run_at=clock.now())


def turn_card(links: Links) -> Callable[[AsyncSession, Payload], Awaitable[None]]:
    """The job that turns the card in place."""

    async def turn(session: AsyncSession, payload: Payload) -> None:
        tontine = await session.get_one(Tontine, UUID(payload[TONTINE]))
        await turn_in_group(
            session, tontine, await lobby_view(session, links, tontine), subject=subject_of(tontine.id)
        )  # fmt: skip

    return turn


async def lobby_view(session: AsyncSession, links: Links, tontine: Tontine) -> View:
    """The card as it is now: who is in while people gather; the round that is due while a cycle runs."""
    language = await group_language(session, tontine.id)
    rules = tontine.rules
    facts = {
        "name": tontine.name, "amount": Money(rules.contribution), "period": words.period(language, rules),
        "start": words.day(language, rules.starts_on), "order": i18n.text(language, f"tontine.order.{rules.order}"),
    }  # fmt: skip
    own = Button(i18n.text(language, "tontine.button.mine"), url=links.to_open(tontine.id))
    another = Button(i18n.text(language, "tontine.button.another"), data=f"{NEW_TAP}:{_ANOTHER_ONE}")
    if tontine.state is TontineState.CLOSED:
        return View(i18n.text(language, "tontine.card.closed", **facts))
    if tontine.state is TontineState.RUNNING:
        return View(
            i18n.text(language, "tontine.card.running", round=await _round(session, tontine, language), **facts),
            ((own, another),),
        )
    people = await words.people_of(session, tontine.id)
    waiting = await words.people_of(session, tontine.id, MembershipState.APPROVED, MembershipState.ASKED)
    lines = await list_of_members(session, tontine, language)
    join = Button(i18n.text(language, "tontine.button.join"), data=f"{JOIN_TAP}:{token_of(tontine.id)}")
    more = i18n.text(language, "tontine.card.waiting", count=len(waiting)) if waiting else ""
    text = i18n.text(language, f"tontine.card.{tontine.state}", count=len(people), more=more, lines=lines, **facts)
    return View(text, ((join,), (own, another)))


async def living_here(turn: GroupTurn) -> list[Tontine]:
    """This chat's tontines that are not closed."""
    found = await tontines_in(turn.session, turn.incoming.channel, turn.incoming.chat)
    return [each for each in found if each.state is not TontineState.CLOSED]


async def tontine_here(turn: GroupTurn, token: str) -> Tontine | None:
    """The tontine of a button, if it lives in the chat in which the button was tapped."""
    wanted = id_of(token)
    return next((each for each in await living_here(turn) if each.id == wanted), None)


def subject_of(tontine_id: UUID) -> str:
    return f"lobby:{tontine_id}"


async def _round(session: AsyncSession, tontine: Tontine, language: str) -> Markup:
    cycle = await running_cycle(session, tontine.id)
    rounds = await rounds_of(session, cycle.id)
    now: Round = next((each for each in rounds if each.state is not RoundState.CLOSED), rounds[-1])
    key = "tontine.card.round_open" if now.state is RoundState.OPEN else "tontine.card.round_to_come"
    when = now.deadline if now.state is RoundState.OPEN else now.opens_at
    day = words.day(language, words.local_day(cycle.rules, when))
    return i18n.text(language, key, number=now.number, rounds=len(rounds), day=day)


async def _tapper(turn: GroupTurn) -> UUID:
    """Whoever tapped; somebody who never started the assistant becomes known, though nobody can write to them yet."""
    if turn.member is not None:
        return turn.member.id
    incoming = turn.incoming
    return (await register(turn.session, incoming.channel, incoming.person, incoming.name, turn.language)).id


def _offer(turn: GroupTurn, *, is_another: bool) -> View:
    key, data = ("tontine.another_here", f"{NEW_TAP}:{_ANOTHER_ONE}") if is_another else ("tontine.none_here", NEW_TAP)
    button = Button(i18n.text(turn.language, "tontine.button.new_here"), data=data)
    return View(i18n.text(turn.language, key), ((button,),))


def _which(turn: GroupTurn, what: str, here: Sequence[Tontine]) -> View:
    tontines = {str(each.id): each for each in here}
    rows = [
        (Button(label, data=f"{WHICH_TAP}:{what}:{token_of(tontines[id_].id)}"),) for id_, label in words.labels(here)
    ]
    if what == TONTINE:
        another = Button(i18n.text(turn.language, "tontine.button.another"), data=f"{NEW_TAP}:{_ANOTHER_ONE}")
        rows.append((another,))
    return View(i18n.text(turn.language, "tontine.which"), tuple(rows))
