"""What a tontine's people are told of their group: who asks and who is in, the charter, the offices.

Events may be heard in another order than they happened, so each notice first looks whether things still are so.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.notify import notice, tell
from bot.views import View
from core import i18n
from core.events import subscribe
from core.jobs import Jobs, Payload, TransactionalHandler
from handlers.tontine import lobby, words
from handlers.tontine.links import Links
from handlers.tontine.people import cut, group_language, name_of, person
from handlers.tontine.readiness import has_a_next_step, next_step, under
from handlers.tontine.telling import (
    choice_of,
    holders_of,
    membership_in,
    place_of,
    settle,
    tell_group,
    tell_members,
    tell_one,
    tontine_in,
)
from handlers.tontine.which import buttons_for
from tontines.charter import has_accepted
from tontines.cycles import holders_in, running_cycle
from tontines.group_tables import Membership, Officer, Tontine
from tontines.states import MembershipState, Role, TontineState

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
        ("chat.moved", lobby.chat_moved),
    ):
        subscribe(jobs, event, told)
    jobs.in_transaction(lobby.TURN_CARD, lobby.turn_card(links))


async def _turn_the_card(session: AsyncSession, payload: Payload) -> None:
    await lobby.refresh(session, UUID(payload["tontine"]))


def _created(links: Links) -> TransactionalHandler:
    async def post(session: AsyncSession, payload: Payload) -> None:
        await lobby.post_card(session, links, await tontine_in(session, payload))

    return post


async def _asked(session: AsyncSession, payload: Payload) -> None:
    """Who may let people in is asked to."""
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    if membership.state is not MembershipState.ASKED:
        return
    for officer in await holders_of(session, tontine, Role.PRESIDENT, Role.SECRETARY):
        row = [
            await choice_of(session, officer, "tontine_decide", label, membership=str(membership.id), approve=answer)
            for label, answer in (("let_in", "yes"), ("refuse", "no"))
        ]
        shares = words.shares(officer.language, membership.halves)
        await tell_one(
            session, officer, "tontine.notice.asked", row, subject=f"asking:{membership.id}", name=tontine.name,
            who=await name_of(session, membership.id), shares=shares,
        )  # fmt: skip


async def _approved(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    await _close_asking(session, tontine, membership, "tontine_decide.approved")
    if membership.state is MembershipState.APPROVED and not await has_accepted(session, tontine, membership.id):
        member = await person(session, membership.id)
        ways = await buttons_for(session, member, tontine)
        read = ways.to("tontine_join", i18n.text(member.language, "tontine.button.read_and_accept"))
        await tell_one(
            session, member, "tontine.notice.approved", [read], subject=f"joining:{membership.id}", name=tontine.name
        )


async def _refused(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    if membership.state is MembershipState.REFUSED:
        await _close_asking(session, tontine, membership, "tontine_decide.refused")
        member = await person(session, membership.id)
        await tell_one(session, member, "tontine.notice.refused", subject=f"joining:{membership.id}", name=tontine.name)


async def _joined(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    president = (await holders_of(session, tontine, Role.PRESIDENT))[:1]
    member = await person(session, membership.id)
    if membership.state is not MembershipState.ACTIVE or member in president:
        return
    ways = await buttons_for(session, member, tontine)
    mine = ways.to("tontine", i18n.text(member.language, "tontine.button.open"))
    start = words.day(member.language, tontine.rules.starts_on)
    running = tontine.state is TontineState.RUNNING
    if running and membership in await holders_in(session, (await running_cycle(session, tontine.id)).id):
        # The cycle that began meanwhile is theirs too, and they are told of it.
        return
    key = "tontine.notice.joined_running" if running else "tontine.notice.joined"
    await tell_one(session, member, key, [mine], subject=f"joining:{membership.id}", name=tontine.name, start=start)


async def _rules_changed(session: AsyncSession, payload: Payload) -> None:
    """A new charter is to be accepted by everybody; while a cycle runs it is but a wish."""
    await _ask_to_accept(session, await tontine_in(session, payload))


async def _closed(session: AsyncSession, payload: Payload) -> None:
    tontine = await tontine_in(session, payload)
    await tell_members(session, tontine, "tontine.notice.closed", subject=f"closed:{tontine.id}")
    await settle(
        session, f"close:{tontine.id}", lambda officer: notice(officer, "tontine_close.done", name=tontine.name)
    )


async def _appointed(session: AsyncSession, payload: Payload) -> None:
    """Who has an office is told, and the group: whoever creates a tontine knows that they preside."""
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    mine = select(Officer.role).where(Officer.tontine_id == tontine.id, Officer.membership_id == membership.id)
    roles = list(await session.scalars(mine))
    if not roles or membership.state is not MembershipState.ACTIVE or roles == [Role.PRESIDENT]:
        return
    member = await person(session, membership.id)
    said = ", ".join(words.role(member.language, role) for role in roles)
    subject = f"office:{membership.id}:{''.join(sorted(role[0] for role in roles))}"
    await tell_one(session, member, "tontine.notice.appointed", subject=subject, name=tontine.name, roles=said)


async def _organiser_changed(session: AsyncSession, payload: Payload) -> None:
    tontine, membership = await tontine_in(session, payload), await membership_in(session, payload)
    who = await name_of(session, membership.id)
    language = await group_language(session, tontine.id)
    text = i18n.text(language, "tontine.notice.organiser_changed", name=tontine.name, who=who)
    if not await tell_group(session, tontine, View(text)):
        subject = f"organiser:{membership.id}"
        await tell_members(session, tontine, "tontine.notice.organiser_changed", subject=subject, who=who)


async def _ask_to_accept(session: AsyncSession, tontine: Tontine) -> None:
    for membership, member in await words.people_of(session, tontine.id):
        if await has_accepted(session, tontine, membership.id):
            continue
        ways = await buttons_for(session, member, tontine)
        read = ways.to("tontine_charter", i18n.text(member.language, "tontine.button.read_and_accept"))
        subject = f"charter:{tontine.id}:{tontine.charter_version}"
        version = tontine.charter_version
        await tell_one(
            session, member, "tontine.notice.new_charter", [read], subject=subject, name=tontine.name, version=version
        )
    if await place_of(session, tontine) is not None:
        await lobby.refresh(session, tontine.id)


async def _close_asking(session: AsyncSession, tontine: Tontine, membership: Membership, key: str) -> None:
    """The officers' notices say how it ended; who presides, and has answered everybody, reads what comes next."""
    who = cut(await name_of(session, membership.id))
    has_next = await has_a_next_step(session, tontine)
    presiding = await holders_of(session, tontine, Role.PRESIDENT) if has_next else []
    for officer in await holders_of(session, tontine, Role.PRESIDENT, Role.SECRETARY):
        view = notice(officer, key, name=who, tontine=tontine.name)
        if officer in presiding:
            view = under(view, await next_step(session, tontine, officer))
        await tell(session, officer, view, subject=f"asking:{membership.id}")
