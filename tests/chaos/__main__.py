"""`make chaos`: random stories by many members while everything is killed at random, and then every franc is counted.

    python -m tests.chaos [--level services|chat] [--engine sqlite|postgresql] [--seed N] [--stories N] [--kills N]
    python -m tests.chaos --total     # adds up the runs that are kept

The same seed asks for the same stories and kills after as many of them; what happens in between is the machine's.
Each run is kept in `var/chaos`; where something differs, so are its databases and logs, and the command ends with 1.
"""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos import chat, services
from tests.chaos.living import ROOT
from tests.chaos.report import Report, total

_LEVELS = {"services": (services.run, 5000), "chat": (chat.run, 200)}
_REPORTS = ROOT / "var" / "chaos"


def main() -> None:
    options = _options()
    if options.total:
        sys.stdout.write(f"{total(_REPORTS)}\n")
        return
    clean = True
    for level in options.level or list(_LEVELS):
        for engine in options.engine or ["sqlite", "postgresql"]:
            clean = _run(level, engine, options) and clean
    sys.exit(0 if clean else 1)


def _run(level: str, engine: str, options: argparse.Namespace) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="cauri-chaos-"))
    stories = options.stories or _LEVELS[level][1]
    wanted = services.Plan(engine, options.seed, stories, options.kills, options.minutes)
    asked = {"seed": options.seed, "stories": stories, "kills": options.kills}
    again = " ".join(
        [f"python -m tests.chaos --level {level} --engine {engine}", *(f"--{name} {it}" for name, it in asked.items())]
    )
    sys.stdout.write(f"{again}\n")
    sys.stdout.flush()
    try:
        report = asyncio.run(_LEVELS[level][0](wanted, folder))
    except BaseException:
        sys.stdout.write(f"It did not come to an end. What it left behind: {folder}\n")
        raise
    _tell(report, folder, again)
    return report.is_clean


def _tell(report: Report, folder: Path, again: str) -> None:
    sys.stdout.write(f"{report.text()}\n  kept as {report.keep(_REPORTS)}\n")
    if report.is_clean:
        shutil.rmtree(folder)
    else:
        sys.stdout.write(f"  To repeat it: {again}\n  Its databases and logs: {folder}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--level", choices=list(_LEVELS), action="append", help="both, where not given")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append", help="both, where not given")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="a new one, where not given")
    parser.add_argument("--stories", type=int, help="5000 at the services' doors and 200 by chat, where not given")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10, help="after which no new story begins")
    parser.add_argument("--total", action="store_true", help="add up the runs that are kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
