"""When a payment that nobody has told us about is asked about: soon, then less often, then no more."""

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(hours=24)

_EARLY = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))
_HOUR = timedelta(hours=1)


def next_look(since: datetime, moment: datetime, deadline: datetime | None = None) -> datetime:
    """The next time after `moment` to ask about a payment watched since `since`: 1, 2, 5, 15 minutes, then hourly.

    A `deadline`, such as a link's expiry, is one more such time.
    """
    elapsed = moment - since
    due = next((wait for wait in _EARLY if wait > elapsed), None) or _HOUR * (elapsed // _HOUR + 1)
    following = since + due
    return min(following, deadline) if deadline is not None and deadline > moment else following


def is_over(since: datetime, moment: datetime) -> bool:
    """Whether a day of asking has passed."""
    return moment >= since + GIVE_UP_AFTER
