"""Telling a tontine's people: in their group when there is one that hears us, and each of them in private."""

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.channels import TRAITS
from bot.notify import notice, tell
from bot.views import Button, View
from core import i18n, outbox
from core.jobs import Payload
from core.outbox import Destination, OutboxAddress
from handlers.tontine.people import group_language, person
from handlers.tontine.words import people_of
from members import Address, Member, find_by_address
from tontines.group_tables import Membership, Tontine
from tontines.officers import officers_of
from tontines.states import Role


async def place_of(session: AsyncSession, tontine: Tontine) -> Destination | None:
    """The group that reads us; None when there is none, or when we were removed from it: then it is said in private."""
    if tontine.channel is None or tontine.chat is None:
        return None
    address = await session.get(OutboxAddress, (tontine.channel, tontine.chat), populate_existing=True)
    if address is not None and address.blocked_at is not None:
        return None
    return Destination(tontine.channel, tontine.chat)


async def tell_group(session: AsyncSession, tontine: Tontine, view: View, *, subject: str | None = None) -> bool:
    """Say something new in the group; False when no group hears us."""
    to = await place_of(session, tontine)
    if to is not None:
        await outbox.say(session, to, view.dump(), subject=subject)
    return to is not None


async def turn_in_group(session: AsyncSession, tontine: Tontine, view: View, *, subject: str) -> bool:
    """Edit the group's last message about `subject`; False when there is none to edit."""
    to = await place_of(session, tontine)
    before = await outbox.last_about(session, to, subject) if to else None
    if to is not None and before is not None:
        await outbox.say(session, to, view.dump(), edits=before.id)
    return before is not None


async def out_of_group(session: AsyncSession, tontine: Tontine) -> list[tuple[Membership, Member]]:
    """The active members who cannot read the group, being on another channel; all where no group hears us."""
    people = await people_of(session, tontine.id)
    to = await place_of(session, tontine)
    if to is None:
        return people
    on_channel = select(Address.member_id).where(
        Address.channel == to.channel, Address.member_id.in_([member.id for _, member in people])
    )
    readers = set(await session.scalars(on_channel))
    return [(membership, member) for membership, member in people if member.id not in readers]


async def tell_all(
    session: AsyncSession, tontine: Tontine, said: Callable[[str], Awaitable[View]], *, subject: str
) -> bool:
    """Say what everybody is to read, in each language: once in the group, and in private to who cannot read it there.

    False when no group hears us.
    """
    view = await said(await group_language(session, tontine.id))
    in_group = await tell_group(session, tontine, view, subject=subject)
    for _, member in await out_of_group(session, tontine):
        await tell(session, member, await said(member.language), subject=subject, is_final=True)
    return in_group


async def tell_members(
    session: AsyncSession, tontine: Tontine, key: str, *rows: list[Button], subject: str, but: Iterable[UUID] = (),
    **params: object,
) -> None:  # fmt: skip
    """Tell every active member in private but those whose memberships are in `but`.

    `params` are the same in every language: days and lists of turns are not, see `tell_each`.
    """

    async def said(member: Member) -> View:
        return notice(member, key, *rows, name=tontine.name, **params)

    await tell_each(session, tontine, said, subject=subject, but=but)


async def tell_each(
    session: AsyncSession, tontine: Tontine, said: Callable[[Member], Awaitable[View]], *, subject: str,
    but: Iterable[UUID] = (),
) -> None:  # fmt: skip
    """Tell every active member in private, each in their own words, but those whose memberships are in `but`."""
    left_out = set(but)
    for membership, member in await people_of(session, tontine.id):
        if membership.id not in left_out:
            await tell(session, member, await said(member), subject=subject, is_final=True)


async def tell_one(
    session: AsyncSession, member: Member, key: str, row: list[Button] | None = None, *, subject: str, **params: object
) -> None:
    """Tell one person in private, in the message about `subject` or a new one, over at most one row of buttons."""
    view = notice(member, key, *([row] if row else []), **params)
    await tell(session, member, view, subject=subject, is_final=True)


async def choice_of(session: AsyncSession, member: Member, flow: str, label: str, **hints: str) -> Button:
    """A button, `tontine.button.<label>`, by which this member alone answers what a notice asks."""
    data = await shortcuts.shortcut(session, member.id, flow, hints)
    return Button(i18n.text(member.language, f"tontine.button.{label}"), data=data)


async def settle(session: AsyncSession, subject: str, said: Callable[[Member], View]) -> None:
    """What was asked about `subject` is decided: whoever still has buttons to decide it reads what became of it."""
    for asked in await outbox.all_about(session, subject):
        if not TRAITS[asked.channel].edits or not (await outbox.shown_now(session, asked)).get("rows"):
            continue
        member = await find_by_address(session, asked.channel, asked.chat)
        if member is not None:
            to = Destination(asked.channel, asked.chat)
            await outbox.say(session, to, said(member).dump(), edits=asked.id)


async def holders_of(session: AsyncSession, tontine: Tontine, *roles: Role) -> list[Member]:
    """The people who hold one of `roles`, each once."""
    held = await officers_of(session, tontine.id)
    return [await person(session, each) for each in dict.fromkeys(held[role] for role in roles if role in held)]


async def tontine_in(session: AsyncSession, payload: Payload) -> Tontine:
    """The tontine that an event speaks of, as it is now."""
    return await session.get_one(Tontine, UUID(payload["tontine"]), populate_existing=True)


async def membership_in(session: AsyncSession, payload: Payload) -> Membership:
    """The membership that an event speaks of, as it is now."""
    return await session.get_one(Membership, UUID(payload["member"]), populate_existing=True)
