"""When a cycle's first round opens, in words: on its day, at once, or as the lots are drawn."""

from datetime import datetime

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, i18n
from handlers.tontine import words
from tontines.cycle_tables import Cycle, Draw
from tontines.cycles import rounds_of
from tontines.rules import Rules


def first_round(language: str, rules: Rules, opens_at: datetime, draw_at: datetime | None = None) -> Markup:
    """`le lundi 23 novembre 2026 à 08:00`, `dès le tirage`, `tout de suite`."""
    if opens_at <= clock.now():
        return i18n.text(language, "tontine.first.now")
    if opens_at == draw_at:
        return i18n.text(language, "tontine.first.drawn")
    day = words.day(language, words.local_day(rules, opens_at))
    return i18n.text(language, "tontine.first.planned", day=day, time=i18n.time_of_day(opens_at, rules.zone))


async def first_round_of(session: AsyncSession, cycle: Cycle, language: str) -> dict[str, object]:
    """What a cycle's announcement says of its first round: when it opens, and until when it is paid."""
    draw = await session.get(Draw, cycle.id)
    first = (await rounds_of(session, cycle.id))[0]
    opens = first_round(language, cycle.rules, first.opens_at, draw.reveal_at if draw else None)
    return {"first": opens, "until": i18n.moment(language, first.deadline, cycle.rules.zone)}
