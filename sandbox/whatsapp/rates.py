"""WhatsApp's speed limits: so many messages a second in all, and about one every six seconds to one person."""

import time
from collections import deque
from typing import Final

from sandbox.whatsapp.errors import too_many_for_pair, too_many_in_all

# A burst of 45 is let through; afterwards each message waits for its six seconds.
PAIR_BURST: Final = 45
PAIR_PAUSE_S: Final = 6.0


class Rates:
    """Remembers in memory when messages left; a restart forgets, as it may."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque()
        self._pairs: dict[str, tuple[float, float]] = {}

    def spend(self, recipient: str, throughput: int) -> None:
        """Count one message; raise Meta's 130429 or 131056 when it is one too many."""
        now = time.monotonic()
        while self._sent and self._sent[0] <= now - 1:
            self._sent.popleft()
        if len(self._sent) >= throughput:
            raise too_many_in_all()
        left, since = self._pairs.get(recipient, (float(PAIR_BURST), now))
        left = min(left + (now - since) / PAIR_PAUSE_S, float(PAIR_BURST))
        if left < 1:
            raise too_many_for_pair()
        self._pairs[recipient] = (left - 1, now)
        self._sent.append(now)

    def forget(self) -> None:
        self._sent.clear()
        self._pairs.clear()
