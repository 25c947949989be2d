"""A program with its imports done once: a start that costs a test less, and nothing else.

    python -m tests.kills.standby cli run

For each line it is given it forks a process that calls `main` of that module with those words; it says that one's
process id, and then that it has ended. The line is how many seconds the clock of that process runs ahead.
"""

import importlib
import os
import sys
from datetime import timedelta
from types import ModuleType

from core import clock

_OUTPUT, _ERRORS = 1, 2


def fork(module: ModuleType, words: list[str], ahead: timedelta) -> None:
    child = os.fork()
    if child == 0:
        os.dup2(_ERRORS, _OUTPUT)
        sys.argv = ["cauri", *words]
        with clock.ahead(ahead):
            module.main()
        sys.exit()
    _say(str(child))
    os.waitpid(child, 0)
    _say("ended")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    program = importlib.import_module(name)
    while line := sys.stdin.readline():
        fork(program, rest, timedelta(seconds=float(line)))
