"""Telegram's speed limits: 30 messages a second in all, about one a second in a chat, 20 a minute in a group."""

import math
import time
from collections import defaultdict, deque
from typing import Final

from sandbox.telegram.errors import too_many_requests

OVERALL: Final = (30, 1.0)
# The real service lets a short burst pass before it insists on one message a second.
CHAT: Final = (5, 5.0)
GROUP: Final = (20, 60.0)


class Rates:
    """Remembers in memory when messages left; a restart forgets, as it may."""

    def __init__(self) -> None:
        self._sent: defaultdict[str, deque[float]] = defaultdict(deque)

    def spend(self, chat_id: int | None, *, new_message: bool) -> None:
        """Count one call; raise Telegram's 429 when it is one too many. Edits are free in private chats."""
        now = time.monotonic()
        windows = [("overall", *OVERALL)]
        if chat_id is not None and chat_id < 0:
            windows.append((f"group {chat_id}", *GROUP))
        if chat_id is not None and new_message:
            windows.append((f"chat {chat_id}", *CHAT))
        for name, most, window_s in windows:
            self._refuse_beyond(self._sent[name], most, window_s, now)
        for name, _, _ in windows:
            self._sent[name].append(now)

    def _refuse_beyond(self, sent: deque[float], most: int, window_s: float, now: float) -> None:
        while sent and sent[0] <= now - window_s:
            sent.popleft()
        if len(sent) >= most:
            raise too_many_requests(max(1, math.ceil(sent[0] + window_s - now)))
