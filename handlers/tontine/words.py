"""How a tontine's facts are said: days, periods, shares, offices, names."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from babel.dates import format_date
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import i18n
from core.money import Money
from members import Member
from tontines.group_tables import Membership, Tontine
from tontines.rotation import WHOLE
from tontines.rules import Period, Rules
from tontines.states import MembershipState, Role

# Of Telegram's 4096 characters, with room for what stands around a list.
_LIST_LENGTH = 3_200
# As many names as stand in a sentence.
_NAMED = 10


def day(language: str, when: date) -> str:
    """`mardi 1er décembre 2026`, `Tuesday 1 December 2026`."""
    said = format_date(when, "EEEE d MMMM y", locale=language)
    return said.replace(" 1 ", " 1er ") if language == "fr" else said


def short_day(language: str, when: date) -> str:
    """`1er déc.`, `1 Dec`: for lists."""
    said = format_date(when, "d MMM", locale=language)
    return said.replace("1 ", "1er ", 1) if language == "fr" and when.day == 1 else said


def local_day(rules: Rules, when: datetime) -> date:
    """The day of a moment where the tontine lives."""
    return when.astimezone(rules.time_zone).date()


def period(language: str, rules: Rules) -> str:
    """`chaque mois`, `tous les 10 jours`."""
    if rules.period is Period.OWN:
        return i18n.text(language, "tontine.period.own", days=rules.every_days)
    return i18n.text(language, f"tontine.period.{rules.period}")


def days(language: str, count: int) -> str:
    """`1 jour`, `3 jours`."""
    return i18n.text(language, "tontine.days.one" if count == 1 else "tontine.days.many", days=count)


def shares(language: str, halves: int) -> str:
    """`½ part`, `1 part`, `2 parts ½`."""
    wholes, half = divmod(halves, WHOLE)
    words = ["none", "one"][wholes] if wholes < WHOLE else "many"
    return i18n.text(language, f"tontine.shares.{words}{'_half' if half else ''}", count=wholes)


def role(language: str, held: Role | str) -> str:
    """`présidence`, `trésorerie` …: the office, whoever holds it."""
    return i18n.text(language, f"tontine.role.{held}")


def labels(tontines: Sequence[Tontine]) -> list[tuple[str, str]]:
    """Each tontine's id and a name to choose it by; those of equal names are told apart by a number."""
    said = [f"{each.name} · {i18n.amount(Money(each.rules.contribution))}" for each in tontines]
    return [(str(each.id), name) for each, name in zip(tontines, _apart(said), strict=True)]


async def names_of(session: AsyncSession, tontine_id: UUID) -> dict[UUID, str]:
    """The name of each membership, also of those who left; two of the same name are told apart by a number."""
    mine = select(Membership.id, Member.name).join(Member, Member.id == Membership.member_id)
    rows = (
        await session.execute(mine.where(Membership.tontine_id == tontine_id).order_by(Membership.created_at))
    ).all()
    return dict(zip([row.id for row in rows], _apart([row.name for row in rows]), strict=True))


async def people_of(
    session: AsyncSession, tontine_id: UUID, *states: MembershipState
) -> list[tuple[Membership, Member]]:
    """The memberships in `states`, active ones when none is named, each with its person, in the order they came."""
    wanted = states or (MembershipState.ACTIVE,)
    mine = select(Membership, Member).join(Member, Member.id == Membership.member_id)
    mine = mine.where(Membership.tontine_id == tontine_id, Membership.state.in_(wanted))
    rows = await session.execute(mine.order_by(Membership.created_at, Membership.id))
    return [(membership, member) for membership, member in rows.all()]


def folded(language: str, lines: Sequence[Markup], at_most: int = _LIST_LENGTH) -> Markup:
    """The lines as far as a message has room, and how many more there are."""
    shown: list[Markup] = []
    for line in lines:
        if sum(map(_length, shown)) + len(shown) + _length(line) > at_most:
            shown.append(i18n.text(language, "tontine.and_more", count=len(lines) - len(shown)))
            break
        shown.append(line)
    return Markup("\n").join(shown)


def some(language: str, names: Sequence[str]) -> Markup:
    """The first of many names in a sentence, and how many more there are."""
    shown = Markup(", ").join(names[:_NAMED])
    if len(names) <= _NAMED:
        return shown
    return shown + Markup(" ") + i18n.text(language, "tontine.and_more", count=len(names) - _NAMED)


def _length(line: Markup) -> int:
    """As Telegram counts: an emoji in a name is two."""
    return len(line.encode("utf-16-le")) // 2


def _apart(names: Iterable[str]) -> list[str]:
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        apart.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return apart
