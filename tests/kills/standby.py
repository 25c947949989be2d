"""`cauri run`, with its imports done once: a start that costs a test less, and nothing else.

For each line it is given it forks a house; it says that one's process id, and then that it has ended.
"""

import os
import sys

import cli

_OUTPUT, _ERRORS = 1, 2


def fork_a_house() -> None:
    child = os.fork()
    if child == 0:
        os.dup2(_ERRORS, _OUTPUT)
        sys.argv = ["cauri", "run"]
        cli.main()
    _say(str(child))
    os.waitpid(child, 0)
    _say("ended")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    while sys.stdin.readline():
        fork_a_house()
