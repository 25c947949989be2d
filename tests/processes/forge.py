"""Where processes of the house come from: it has done its imports once, and forks one for each order it is given."""

import json
import os
import signal
import sys
from pathlib import Path

import cli

_OUTPUT, _ERRORS = 1, 2


def fork(order: dict[str, str]) -> int:
    """A process that runs `cauri` with the order's command and settings, and writes to its log."""
    if child := os.fork():
        return child
    log = os.open(Path(order.pop("LOG")), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, _OUTPUT)
    os.dup2(log, _ERRORS)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.argv = ["cauri", order.pop("COMMAND")]
    os.environ.update(order)
    cli.main()
    return 0


if __name__ == "__main__":
    # Whoever ends leaves nothing behind.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        sys.stdout.write(f"{fork(json.loads(line))}\n")
        sys.stdout.flush()
