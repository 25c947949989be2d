"""What a member feels: how long an answer takes."""

from prometheus_client import Histogram

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

ANSWERING = Histogram("cauri_answer_seconds", "From a message's arrival to its committed answer", buckets=_SECONDS)
SAYING = Histogram("cauri_said_seconds", "From what is committed to be said to the channel's yes", buckets=_SECONDS)
