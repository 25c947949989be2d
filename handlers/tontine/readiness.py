"""What keeps a cycle from starting, and the next step of whoever organises: said with the button that leads there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot import shortcuts
from bot.notify import notice, tell
from bot.views import Button, View
from core import clock, i18n
from core.money import Money
from handlers.tontine import words
from handlers.tontine.people import cut, person
from handlers.tontine.which import TONTINE, buttons_for
from members import Member
from tontines.accounts import caution_account, francs_on
from tontines.calendar import start_has_passed
from tontines.charter import has_accepted
from tontines.group_tables import Membership, Tontine
from tontines.officers import officers_of
from tontines.rotation import HalfWithoutPair
from tontines.rules import Rules
from tontines.starting import SHARES_AT_LEAST, preview_shares
from tontines.states import MembershipState, Role, TontineState


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing, in words, and the flow by which an organiser mends it, if one does."""

    said: Markup
    flow: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


async def next_step(session: AsyncSession, tontine: Tontine, member: Member) -> View:
    """What whoever organises can do before a cycle runs: start it, or see to what is missing."""
    lacking = await what_is_missing(session, tontine, member.language)
    if not lacking:
        ways = await buttons_for(session, member, tontine)
        start = ways.to("tontine_start", i18n.text(member.language, "tontine.button.start"))
        return notice(member, "tontine_start.ready", [start], name=tontine.name)
    lines = Markup("\n").join(Markup("▫️ {}").format(lack.said) for lack in lacking)
    mended = {lack.flow: lack.hints for lack in reversed(lacking) if lack.flow is not None}
    rows = []
    for flow, hints in reversed(mended.items()):
        data = await shortcuts.shortcut(session, member.id, flow, {TONTINE: str(tontine.id), **hints})
        rows.append([Button(i18n.text(member.language, f"tontine_start.act.{flow}"), data=data)])
    return notice(member, "tontine_start.missing", *rows, name=tontine.name, missing=lines)


async def has_a_next_step(session: AsyncSession, tontine: Tontine) -> bool:
    """Whether it is time to think of the start: no cycle runs, and nobody waits for an answer."""
    asked = await words.people_of(session, tontine.id, MembershipState.ASKED)
    return tontine.state in {TontineState.GATHERING, TontineState.BETWEEN} and not asked


async def tell_when_ready(session: AsyncSession, tontine: Tontine, *, but: UUID) -> None:
    """Tell who presides that the last thing missing has come, by somebody else's doing."""
    president = (await officers_of(session, tontine.id)).get(Role.PRESIDENT)
    if president is None or not await has_a_next_step(session, tontine):
        return
    member = await person(session, president)
    if member.id != but and not await what_is_missing(session, tontine, member.language):
        step = await next_step(session, tontine, member)
        await tell(session, member, step, subject=f"next:{tontine.id}", is_final=True)


def under(view: View, step: View) -> View:
    """A message with the next step under it."""
    return View(f"{view.text}\n\n{step.text}", (*view.rows, *step.rows))


async def what_is_missing(session: AsyncSession, tontine: Tontine, language: str) -> list[Lack]:
    """All that keeps a cycle from starting."""
    rules = tontine.rules
    missing = []
    if start_has_passed(rules, clock.now()):
        day = words.day(language, rules.starts_on)
        missing.append(Lack(i18n.text(language, "tontine_start.lacks.start", day=day), "tontine_rules"))
    held = await officers_of(session, tontine.id)
    missing += [
        Lack(i18n.text(language, f"tontine_start.lacks.{role}"), "tontine_appoint", {"role": role.value})
        for role in (Role.PRESIDENT, Role.TREASURER)
        if role not in held
    ]
    missing += await _missing_shares(session, tontine, language)
    taking_part = [each for each in await words.people_of(session, tontine.id) if each[0].renews]
    approved = await words.people_of(session, tontine.id, MembershipState.APPROVED)
    for key, who in (
        (
            "charter",
            [*approved, *[each for each in taking_part if not await has_accepted(session, tontine, each[0].id)]],
        ),
        ("caution", [each for each in taking_part if await _lacks_caution(session, rules, each[0])]),
    ):
        if who:
            names = words.some(language, [cut(member.name) for _, member in who])
            amount = Money(rules.caution)
            missing.append(Lack(i18n.text(language, f"tontine_start.lacks.{key}", who=names, amount=amount)))
    return missing


async def _missing_shares(session: AsyncSession, tontine: Tontine, language: str) -> list[Lack]:
    try:
        count = len(await preview_shares(session, tontine.id))
    except HalfWithoutPair as refusal:
        names = await words.names_of(session, tontine.id)
        alone = names[UUID(str(refusal.params["member"]))]
        return [Lack(i18n.text(language, "tontine_start.lacks.half", who=cut(alone)))]
    if count < SHARES_AT_LEAST:
        return [Lack(i18n.text(language, "tontine_start.lacks.shares", at_least=SHARES_AT_LEAST), "tontine")]
    return []


async def _lacks_caution(session: AsyncSession, rules: Rules, membership: Membership) -> bool:
    if not rules.caution:
        return False
    held = await francs_on(session, await caution_account(session, membership.id))
    return held < rules.part(rules.caution, membership.halves)
