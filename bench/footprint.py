"""Memory and start-up: the whole house (`cauri run`), the demo, and the peers' servers of `bench.settlements`.

    .venv/bin/python -m bench.footprint [--rounds 5] [--seconds 5]

All but the demo have a PostgreSQL database; `cauri run` has a sandbox as well, which is not counted, and does the
worker's and the chat's part of the work too. Under load: 64 webhooks at a time. Memory is that of all processes of a
server: resident, and proportional, where what several processes share is counted once.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import SECRET, Cauri, Contender, contenders, signed_request
from bench.driving import drive
from bench.ground import ROOT, leave_tidily, peers_python, postgresql

_BOT_TOKEN = "100000001:demo-token-for-the-sandbox-only"  # noqa: S105 - the demo's, known to everybody
_CAURI = [sys.executable, "-c", "from cli import main; main()"]
_CALM_S = 3
_CONCURRENCY = 64
_MIB = 1024


@dataclass(frozen=True)
class Memory:
    """In MiB."""

    resident: float
    proportional: float

    def __str__(self) -> str:
        return f"{self.resident:.0f} ({self.proportional:.0f})"


def main() -> None:
    """Measure, and print one table."""
    options = _options()
    python = peers_python()
    print("| | import s | start to ready s | idle MiB (proportional) | under load MiB | settlements |")
    print("|---|---|---|---|---|---|")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        server = stack.enter_context(postgresql())
        field = [
            each for each in contenders("postgresql", server, folder, python) if each.name not in {"bare", "cauri-2"}
        ]
        ours = stack.enter_context(_whole_house(next(each for each in field if isinstance(each, Cauri))))
        for each in [ours, *(peer for peer in field if not isinstance(peer, Cauri))]:
            each.prepare()
            starts = [_start(each) for _ in range(options.rounds)]
            idle, loaded, settled = _loaded(each, options.seconds)
            print(f"| {each.name} | {_import_s(each, python, options.rounds):.2f} ", end="")
            print(f"| {statistics.median(starts):.2f} | {idle} | {loaded} | {settled} |", flush=True)
        _print_demo(folder, options.rounds)


def _start(contender: Contender) -> float:
    """Until it answers: one that listens may not have loaded what it answers with."""
    began = time.perf_counter()
    with contender.serving() as (port, _):
        drive(port, [signed_request("TXN-unknown")], 1)
        return time.perf_counter() - began


def _loaded(contender: Contender, seconds: float) -> tuple[Memory, Memory, int]:
    """Memory after a calm moment, memory after work, and how many settlements that was."""
    settled, until = 0, 0.0
    with contender.serving() as (port, leader):
        time.sleep(_CALM_S)
        idle = _memory(leader)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            requests = [signed_request(name) for name in contender.seed(10 * _CONCURRENCY)]
            settled += len(drive(port, requests, _CONCURRENCY).accepted)
        return idle, _memory(leader), settled


def _import_s(contender: Contender, python: str, rounds: int) -> float:
    """What is imported before anything else is done."""
    load = {
        "cauri run": [sys.executable, "-c", "import cli"],
        "django": [python, "-c", "import bench.peers.django_app.wsgi, bench.peers.django_app.urls"],
        "fastapi": [python, "-c", "import bench.peers.fastapi_app"],
    }
    environment = os.environ | {"BENCH_DATABASE_URL": contender.store.url, "BENCH_SECRET": SECRET}
    waits = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(load[contender.name], cwd=ROOT, env=environment, check=True)
        waits.append(time.perf_counter() - began)
    return statistics.median(waits)


@contextmanager
def _whole_house(doors: Cauri) -> Iterator[Cauri]:
    """`cauri run` in a sandbox, with the settlements of the doors alone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, ExitStack() as stack:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", f"{folder}/sandbox.sqlite3"]
        sandbox, _ = stack.enter_context(_process(command, r"sandbox ready on (\S+)"))
        settings = {
            "DATABASE_URL": doors.store.url, "GETMIPAY_API_URL": f"{sandbox}/getmipay",
            "GETMIPAY_API_KEY": "demo-api-key",
            "GETMIPAY_SECRET_KEY": "demo-secret-key", "GETMIPAY_WEBHOOK_SECRET": SECRET,
            "TELEGRAM_BOT_TOKEN": _BOT_TOKEN, "TELEGRAM_API_URL": f"{sandbox}/telegram",
        }  # fmt: skip
        # In small letters, because a contender's own PORT is what is replaced in its command.
        given = [f"{name}={value}" for name, value in settings.items()]
        yield Cauri("cauri run", "the whole house", ["env", *given, "port=PORT", *_CAURI, "run"], doors.store)


def _print_demo(folder: Path, rounds: int) -> None:
    waits, idle = [], Memory(0, 0)
    for number in range(rounds):
        began = time.perf_counter()
        with _process([*_CAURI, "demo", "--data", str(folder / f"demo-{number}")], r"ready: open (\S+)") as (_, leader):
            waits.append(time.perf_counter() - began)
            if not number:
                time.sleep(_CALM_S)
                idle = _memory(leader)
        shutil.rmtree(folder / f"demo-{number}")
    print(f"| demo, new, sandbox included | – | {statistics.median(waits):.2f} | {idle} | – | – |", flush=True)


@contextmanager
def _process(command: list[str], ready: str) -> Iterator[tuple[str, int]]:
    """What it says when it is ready, and its process id, while the block lasts."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        found = next((match for line in process.stdout if (match := re.search(ready, line))), None)
        if found is None:
            raise RuntimeError(f"{command} ended before it was ready")
        yield found[1], process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _memory(leader: int) -> Memory:
    """That of all processes of a session."""
    resident = proportional = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    pages = (entry / "smaps_rollup").read_text()
                    resident += int(re.findall(r"^Rss:\s+(\d+)", pages, re.MULTILINE)[0])
                    proportional += int(re.findall(r"^Pss:\s+(\d+)", pages, re.MULTILINE)[0])
    return Memory(resident / _MIB, proportional / _MIB)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long the load lasts")
    return parser.parse_args()


if __name__ == "__main__":
    leave_tidily()
    main()
