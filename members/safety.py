"""What keeps an unlocked telephone from being a wallet, as data (`data/guards.toml`)."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.money import Money


@dataclass(frozen=True, slots=True)
class Safety:
    """The PIN's shape and tries, what leaves without it, and how long and how strictly a wallet cools off."""

    digits_at_least: int
    digits_at_most: int
    tries: int
    locks: tuple[timedelta, ...]
    """How long nobody may try: the first time, the second, and so on; the last for all that follow."""
    out_without_pin: Money
    """Withdrawals and sends of one day."""
    pot_without_pin: Money
    cooling: timedelta
    out_while_cooling: Money


def _read() -> Safety:
    data = tomllib.loads((Path(__file__).parent / "data" / "guards.toml").read_text(encoding="utf-8"))
    pin, ask, cooling = data["pin"], data["ask_above"], data["cooling"]
    return Safety(
        digits_at_least=pin["digits_at_least"],
        digits_at_most=pin["digits_at_most"],
        tries=pin["tries"],
        locks=tuple(timedelta(minutes=minutes) for minutes in pin["locks_minutes"]),
        out_without_pin=Money(ask["out"]),
        pot_without_pin=Money(ask["pot"]),
        cooling=timedelta(hours=cooling["hours"]),
        out_while_cooling=Money(cooling["at_most"]),
    )


SAFETY = _read()
