"""What keeps a cycle from starting, and the next step of whoever organises: said with the button that leads there."""

from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import Button
from core import clock, i18n
from core.money import Money
from handlers.tontine import words
from handlers.tontine.people import cut
from handlers.tontine.which import buttons_for
from members import Member
from tontines.accounts import caution_account, francs_on
from tontines.calendar import start_has_passed
from tontines.charter import has_accepted
from tontines.group_tables import Membership, Tontine
from tontines.officers import officers_of
from tontines.rotation import HalfWithoutPair
from tontines.rules import Rules
from tontines.starting import SHARES_AT_LEAST, preview_shares
from tontines.states import MembershipState, Role


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing, in words, and the flow by which an organiser mends it, if one does."""

    said: Markup
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence, `missing` in it, and its rows of buttons."""

    key: str
    missing: Markup
    rows: list[list[Button]]


async def next_step(session: AsyncSession, tontine: Tontine, member: Member) -> Step:
    """What whoever organises can do now: start the cycle, or see to what is missing."""
    ways = await buttons_for(session, member, tontine)
    lacking = await what_is_missing(session, tontine, member.language)
    if not lacking:
        start = ways.to("tontine_start", i18n.text(member.language, "tontine.button.start"))
        return Step("tontine_start.ready", Markup(), [[start]])
    lines = Markup("\n").join(Markup("▫️ {}").format(lack.said) for lack in lacking)
    flows = dict.fromkeys(lack.flow for lack in lacking if lack.flow is not None)
    rows = [[ways.to(flow, i18n.text(member.language, f"tontine_start.act.{flow}"))] for flow in flows]
    return Step("tontine_start.missing", lines, rows)


async def what_is_missing(session: AsyncSession, tontine: Tontine, language: str) -> list[Lack]:
    """All that keeps a cycle from starting."""
    rules = tontine.rules
    missing = []
    if start_has_passed(rules, clock.now()):
        day = words.day(language, rules.starts_on)
        missing.append(Lack(i18n.text(language, "tontine_start.lacks.start", day=day), "tontine_rules"))
    held = await officers_of(session, tontine.id)
    missing += [
        Lack(i18n.text(language, f"tontine_start.lacks.{role}"), "tontine_appoint")
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
