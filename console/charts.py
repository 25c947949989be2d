"""Charts, drawn here: bars of what came in and what went out, a pair for each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 6, 10, 24
_GRID = 4
_LABELS_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, in the chart's own units, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    way: str
    """`in` or `out`."""
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Label:
    x: float
    y: float
    day: date | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    bars: list[Bar]
    days: list[Label]
    amounts: list[Label]
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT


def chart_of(days: Sequence[tuple[date, int, int]]) -> Chart:
    """The bars of these days: each with what came in and what went out, in whole francs."""
    top = _round_up(max((amount for _, *both in days for amount in both), default=0))
    room, floor = (_WIDTH - _LEFT - _RIGHT) / max(1, len(days)), _HEIGHT - _BOTTOM
    scale = (floor - _TOP) / top
    bars, labels = [], []
    every = -(-len(days) // _LABELS_AT_MOST)
    for at, (day, came, went) in enumerate(days):
        left = _LEFT + at * room
        for way, amount, beside in (("in", came, 0.12), ("out", went, 0.52)):
            height = round(amount * scale, 1)
            bars.append(
                Bar(round(left + beside * room, 1), floor - height, round(0.36 * room, 1), height, way, day, amount)
            )
        if at % every == 0:
            labels.append(Label(round(left + room / 2, 1), _HEIGHT - 7, day=day))
    lines = [
        Label(_LEFT - 8, floor - (floor - _TOP) * step / _GRID, amount=top * step // _GRID) for step in range(_GRID + 1)
    ]
    return Chart(_WIDTH, _HEIGHT, bars, labels, lines)


def _round_up(amount: int) -> int:
    """The next number that is easy to read and to quarter: 4, 8, 20, 40, 80, 200…"""
    size = 4
    while True:
        for step in (1, 2, 5):
            if size * step >= amount:
                return size * step
        size *= 10
