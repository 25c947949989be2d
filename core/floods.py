"""Floods: how often somebody may do something within a minute.

Counted in this process alone and forgotten each minute: it keeps a flood from the database, no more. What has to be
counted truly, such as wrong PINs, is counted in the database. A library would keep timers for what eight lines do.
"""

from collections import Counter

from core import clock


class Floods:
    """Who does something more often than `a_minute` times, by name, in each minute of the clock."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def counts_over(self, name: str) -> bool:
        """Count one more; whether that is more often than allowed."""
        self._turn()
        self._counts[name] += 1
        return self._counts[name] > self._a_minute

    def is_over(self, name: str) -> bool:
        """Whether `name` did it more often than allowed, without counting."""
        self._turn()
        return self._counts.get(name, 0) > self._a_minute

    def _turn(self) -> None:
        minute = int(clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute, self._counts = minute, Counter()
