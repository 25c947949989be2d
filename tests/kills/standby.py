"""`cauri run` that has done its imports and waits for a line: a start that costs a test less, and nothing else."""

import sys

import cli

if __name__ == "__main__":
    sys.stdin.readline()
    sys.argv = ["cauri", "run"]
    cli.main()
