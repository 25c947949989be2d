"""What a tontine's people are told of their group: who asks and who is in, the charter, the offices, the cycle, votes.

Events may be heard in another order than they happened, so each notice first looks whether things still are so.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.notify import notice, tell
from bot.views import Button, View
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler
from handlers.tontine import drawing, lobby, words
from handlers.tontine.links import Links, token_of
from handlers.tontine.people import cut, group_language, name_of, person
from handlers.tontine.telling import holders_of, place_of, tell_group, tell_members, turn_in_group
from handlers.tontine.which import buttons_for
from members import Member
from tontines.charter import has_accepted
from tontines.cycle_tables import Cycle, Swap
from tontines.cycles import holdings_of
from tontines.decision_tables import Consent, Vote
from tontines.group_tables import Membership, Officer, Tontine
from tontines.rules import Order
from tontines.states import DecisionState, MembershipState, Role, TontineState

VOTE_TAP = "tvote"

_STARTED = {
    Order.FIXED: "tontine.notice.started",
    Order.DRAW: "tontine.notice.started_draw",
    Order.AUCTION: "tontine.notice.started_auction",
    Order.NEED: "tontine.notice.started_need",
}

_TURN_THE_CARD = (
    "tontine.member_asked", "tontine.member_approved", "tontine.member_refused", "tontine.member_joined",
    "charter.accepted", "officer.appointed", "member.left", "cycle.started", "cycle.ended", "tontine.closed",
    "round.opened", "round.closed",
)  # fmt: skip


def register_group(jobs: Jobs, links: Links) -> None:
    """Subscribe to what becomes of the group."""
    for event in _TURN_THE_CARD:
        subscribe(jobs, event, _turn_the_card)
    for event, told in (
        ("tontine.created", _created(links)),
        ("tontine.member_asked", _asked),
        ("tontine.member_approved", _approved),
        ("tontine.member_refused", _refused),
        ("tontine.member_joined", _joined),
        ("tontine.rules_changed", _rules_changed),
        ("tontine.closed", _closed),
        ("officer.appointed", _appointed),
        ("organiser.changed", _organiser_changed),
        ("cycle.started", _started),
        ("cycle.ended", _ended),
        ("draw.committed", drawing.committed(links)),
        ("draw.words_added", drawing.words_added),
        ("draw.revealed", drawing.revealed(links)),
        ("turn.swap_asked", _swap_asked),
        ("turn.swapped", _swapped),
        ("turn.swap_refused", _swap_refused),
        ("vote.opened", _vote_opened),
        ("vote.passed", _vote_ended),
        ("vote.rejected", _vote_ended),
        ("chat.moved", lobby.chat_moved),
    ):
        subscribe(jobs, event, told)
    jobs.in_transaction(lobby.TURN_CARD, lobby.turn_card(links))
    jobs.in_transaction(drawing.TURN_CARD, drawing.turn_card(links))


async def _turn_the_card(session: AsyncSession, payload: Payload) -> None:
    await lobby.refresh(session, UUID(payload["tontine"]))


def _created(links: Links) -> TransactionalHandler:
    async def post(session: AsyncSession, payload: Payload) -> None:
        await lobby.post_card(session, links, await _tontine(session, payload))

    return post


async def _asked(session: AsyncSession, payload: Payload) -> None:
    """Who may let people in is asked to."""
    tontine, membership = await _tontine(session, payload), await _membership(session, payload)
    if membership.state is not MembershipState.ASKED:
        return
    for officer in await holders_of(session, tontine, Role.PRESIDENT, Role.SECRETARY):
        row = [
            await _answer(session, officer, "tontine_decide", label, membership=str(membership.id), approve=answer)
            for label, answer in (("let_in", "yes"), ("refuse", "no"))
        ]
        shares = words.shares(officer.language, membership.halves)
        await _tell(
            session, officer, "tontine.notice.asked", row, subject=f"asking:{membership.id}", name=tontine.name,
            who=await name_of(session, membership.id), shares=shares,
        )  # fmt: skip


async def _approved(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await _tontine(session, payload), await _membership(session, payload)
    await _close_asking(session, tontine, membership, "tontine_decide.approved")
    if membership.state is MembershipState.APPROVED and not await has_accepted(session, tontine, membership.id):
        member = await person(session, membership.id)
        ways = await buttons_for(session, member, tontine)
        read = ways.to("tontine_join", i18n.text(member.language, "tontine.button.read_and_accept"))
        await _tell(
            session, member, "tontine.notice.approved", [read], subject=f"joining:{membership.id}", name=tontine.name
        )


async def _refused(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await _tontine(session, payload), await _membership(session, payload)
    if membership.state is MembershipState.REFUSED:
        await _close_asking(session, tontine, membership, "tontine_decide.refused")
        member = await person(session, membership.id)
        await _tell(session, member, "tontine.notice.refused", subject=f"joining:{membership.id}", name=tontine.name)


async def _joined(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await _tontine(session, payload), await _membership(session, payload)
    president = (await holders_of(session, tontine, Role.PRESIDENT))[:1]
    member = await person(session, membership.id)
    if membership.state is not MembershipState.ACTIVE or member in president:
        return
    ways = await buttons_for(session, member, tontine)
    mine = ways.to("tontine", i18n.text(member.language, "tontine.button.open"))
    start = words.day(member.language, tontine.rules.starts_on)
    running = tontine.state is TontineState.RUNNING
    key = "tontine.notice.joined_running" if running else "tontine.notice.joined"
    await _tell(session, member, key, [mine], subject=f"joining:{membership.id}", name=tontine.name, start=start)


async def _rules_changed(session: AsyncSession, payload: Payload) -> None:
    """A new charter is to be accepted by everybody; while a cycle runs it is but a wish."""
    await _ask_to_accept(session, await _tontine(session, payload))


async def _closed(session: AsyncSession, payload: Payload) -> None:
    tontine = await _tontine(session, payload)
    await tell_members(session, tontine, "tontine.notice.closed", subject=f"closed:{tontine.id}")


async def _appointed(session: AsyncSession, payload: Payload) -> None:
    """Who has an office is told, and the group: whoever creates a tontine knows that they preside."""
    tontine, membership = await _tontine(session, payload), await _membership(session, payload)
    mine = select(Officer.role).where(Officer.tontine_id == tontine.id, Officer.membership_id == membership.id)
    roles = list(await session.scalars(mine))
    if not roles or membership.state is not MembershipState.ACTIVE or roles == [Role.PRESIDENT]:
        return
    member = await person(session, membership.id)
    said = ", ".join(words.role(member.language, role) for role in roles)
    subject = f"office:{membership.id}:{''.join(sorted(role[0] for role in roles))}"
    await _tell(session, member, "tontine.notice.appointed", subject=subject, name=tontine.name, roles=said)


async def _organiser_changed(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await _tontine(session, payload), await _membership(session, payload)
    who = await name_of(session, membership.id)
    language = await group_language(session, tontine.id)
    text = i18n.text(language, "tontine.notice.organiser_changed", name=tontine.name, who=who)
    if not await tell_group(session, tontine, View(text)):
        subject = f"organiser:{membership.id}"
        await tell_members(session, tontine, "tontine.notice.organiser_changed", subject=subject, who=who)


async def _started(session: AsyncSession, payload: Payload) -> None:
    """The cycle begins: said in the group, with the order where it stands already, and to each in private."""
    tontine = await _tontine(session, payload)
    cycle = await session.get_one(Cycle, UUID(payload["cycle"]))
    language = await group_language(session, tontine.id)
    order = await drawing.order_in_words(session, cycle, language)
    start = words.day(language, cycle.rules.starts_on)
    key = _STARTED[cycle.rules.order]
    text = i18n.text(language, key, name=tontine.name, start=start, order=order)
    await tell_group(session, tontine, View(text))
    subject = f"started:{cycle.id}"
    await tell_members(session, tontine, key, subject=subject, start=start, order=order)


async def _ended(session: AsyncSession, payload: Payload) -> None:
    """After a cycle everybody is asked whether they go on."""
    tontine = await _tontine(session, payload)
    if tontine.state is not TontineState.BETWEEN:
        return
    for membership, member in await words.people_of(session, tontine.id):
        ways = await buttons_for(session, member, tontine)
        go_on = ways.to("tontine_renew", i18n.text(member.language, "tontine.button.renew"))
        subject = f"renew:{payload['cycle']}:{membership.id}"
        await _tell(session, member, "tontine.notice.renew", [go_on], subject=subject, name=tontine.name)


async def _swap_asked(session: AsyncSession, payload: Payload) -> None:
    """Every holder who has not consented yet is asked."""
    swap = await session.get_one(Swap, UUID(payload["swap"]), populate_existing=True)
    if swap.state is not DecisionState.ASKED:
        return
    tontine = await _tontine(session, payload)
    given = set(await session.scalars(select(Consent.membership_id).where(Consent.subject_id == swap.id)))
    first, second = await _swap_sides(session, swap)
    for membership_id in [each for each in (*first, *second) if each not in given]:
        member = await person(session, membership_id)
        row = [
            await _answer(session, member, "tontine_swap_answer", label, swap=str(swap.id), agree=answer)
            for label, answer in (("agree", "yes"), ("decline", "no"))
        ]
        await _tell(
            session, member, "tontine.notice.swap_asked", row, subject=f"swap:{swap.id}", name=tontine.name,
            first=await _names(session, first), second=await _names(session, second),
        )  # fmt: skip


async def _swapped(session: AsyncSession, payload: Payload) -> None:
    tontine = await _tontine(session, payload)
    swap = await session.get_one(Swap, UUID(payload["swap"]))
    first, second = await _swap_sides(session, swap)
    facts: dict[str, Any] = {"first": await _names(session, first), "second": await _names(session, second)}
    language = await group_language(session, tontine.id)
    order = await drawing.order_in_words(session, await session.get_one(Cycle, swap.cycle_id), language)
    text = i18n.text(language, "tontine.notice.swapped", name=tontine.name, order=order, **facts)
    await tell_group(session, tontine, View(text))
    for membership_id in dict.fromkeys((*first, *second)):
        member = await person(session, membership_id)
        subject = f"swap:{swap.id}"
        await _tell(
            session, member, "tontine.notice.swapped", subject=subject, name=tontine.name, order=order, **facts
        )  # fmt: skip


async def _swap_refused(session: AsyncSession, payload: Payload) -> None:
    tontine = await _tontine(session, payload)
    swap = await session.get_one(Swap, UUID(payload["swap"]))
    first, second = await _swap_sides(session, swap)
    who = await _names(session, second)
    for membership_id in first:
        member = await person(session, membership_id)
        subject = f"swap:{swap.id}"
        await _tell(session, member, "tontine.notice.swap_refused", subject=subject, name=tontine.name, who=who)


async def _vote_opened(session: AsyncSession, payload: Payload) -> None:
    """The question is put where everybody reads it, and to each in private, for somebody may not be in the group."""
    vote = await session.get_one(Vote, UUID(payload["vote"]), populate_existing=True)
    if vote.state is not DecisionState.ASKED:
        return
    tontine = await _tontine(session, payload)
    who = await name_of(session, UUID(vote.subject["member"]))
    language = await group_language(session, tontine.id)
    key = f"tontine.vote.{vote.kind}"
    facts = {"name": tontine.name, "who": who}
    row = tuple(
        Button(i18n.text(language, f"tontine.button.{label}"), data=f"{VOTE_TAP}:{token_of(vote.id)}:{side}")
        for label, side in (("for", "yes"), ("against", "no"))
    )
    until = i18n.moment(language, vote.closes_at, tontine.rules.zone)
    view = View(i18n.text(language, key, until=until, **facts), (row,))
    await tell_group(session, tontine, view, subject=f"vote:{vote.id}")
    for _, member in await words.people_of(session, tontine.id):
        mine = [
            await _answer(session, member, "tontine_vote", label, vote=str(vote.id), **{"for": side})
            for label, side in (("for", "yes"), ("against", "no"))
        ]
        until = i18n.moment(member.language, vote.closes_at, tontine.rules.zone)
        await _tell(session, member, key, mine, subject=f"vote:{vote.id}", until=until, **facts)


async def _vote_ended(session: AsyncSession, payload: Payload) -> None:
    vote = await session.get_one(Vote, UUID(payload["vote"]), populate_existing=True)
    tontine = await _tontine(session, payload)
    passed = "passed" if vote.state is DecisionState.GRANTED else "rejected"
    key, who = f"tontine.vote.{vote.kind}_{passed}", await name_of(session, UUID(vote.subject["member"]))
    language = await group_language(session, tontine.id)
    view = View(i18n.text(language, key, name=tontine.name, who=who))
    await turn_in_group(session, tontine, view, subject=f"vote:{vote.id}")
    await tell_members(session, tontine, key, subject=f"vote:{vote.id}", who=who)


async def _ask_to_accept(session: AsyncSession, tontine: Tontine) -> None:
    for membership, member in await words.people_of(session, tontine.id):
        if await has_accepted(session, tontine, membership.id):
            continue
        ways = await buttons_for(session, member, tontine)
        read = ways.to("tontine_charter", i18n.text(member.language, "tontine.button.read_and_accept"))
        subject = f"charter:{tontine.id}:{tontine.charter_version}"
        version = tontine.charter_version
        await _tell(
            session, member, "tontine.notice.new_charter", [read], subject=subject, name=tontine.name, version=version
        )
    if await place_of(session, tontine) is not None:
        await lobby.refresh(session, tontine.id)


async def _close_asking(session: AsyncSession, tontine: Tontine, membership: Membership, key: str) -> None:
    """The officers' notices say how it ended, and have no buttons any more."""
    who = cut(await name_of(session, membership.id))
    for officer in await holders_of(session, tontine, Role.PRESIDENT, Role.SECRETARY):
        view = notice(officer, key, name=who)
        await tell(session, officer, view, subject=f"asking:{membership.id}")


async def _swap_sides(session: AsyncSession, swap: Swap) -> tuple[list[UUID], list[UUID]]:
    first, second = await holdings_of(session, swap.first_id), await holdings_of(session, swap.second_id)
    return [each.membership_id for each in first], [each.membership_id for each in second]


async def _names(session: AsyncSession, memberships: list[UUID]) -> str:
    return " + ".join([await name_of(session, each) for each in memberships])


async def _answer(session: AsyncSession, member: Member, flow: str, label: str, **hints: str) -> Button:
    data = await shortcuts.shortcut(session, member.id, flow, hints)
    return Button(i18n.text(member.language, f"tontine.button.{label}"), data=data)


async def _tell(
    session: AsyncSession, member: Member, key: str, row: list[Button] | None = None, *, subject: str, **params: object
) -> None:
    view = notice(member, key, *([row] if row else []), **params)
    await tell(session, member, view, subject=subject, is_final=True)


async def _tontine(session: AsyncSession, payload: Payload) -> Tontine:
    return await session.get_one(Tontine, UUID(payload["tontine"]), populate_existing=True)


async def _membership(session: AsyncSession, payload: Payload) -> Membership:
    return await session.get_one(Membership, UUID(payload["member"]), populate_existing=True)
