"""From webhook to committed settlement, HTTP and HMAC included: ourselves and peers, alternating in one run.

    .venv/bin/python -m bench.settlements [--engine postgresql|sqlite] [--concurrency 1,16,64,256] [--rounds 5]

Every tenth webhook is a repetition. After each round the francs in the wallets are counted: what was answered 200 is
there once, or the difference is printed. PostgreSQL is the tests' wheel with its own settings (fsync and synchronous
commit on), SQLite keeps `synchronous=FULL`. The peers live in a virtual environment of their own, made on first use.
"""

import argparse
import contextlib
import shutil
import signal
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import AMOUNT, Contender, contenders, cpu_seconds, signed_request
from bench.driving import drive
from bench.ground import peers_python, postgresql

_WARM_UP = 200
_REPEATED_EVERY = 9
_BEHIND = 5


@dataclass(frozen=True)
class Round:
    """One contender's round."""

    rate: float
    median_ms: float
    p99_ms: float
    cpu_us: float
    refused: int


def main() -> None:
    """Measure, and print a table for each number of concurrent webhooks."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="cauri-bench-", dir=options.folder))
    try:
        with ExitStack() as stack:
            server = stack.enter_context(postgresql()) if options.engine == "postgresql" else ""
            field = contenders(options.engine, server, folder, peers_python())
            field = [each for each in field if each.name in {"cauri", *options.against}]
            running: dict[str, tuple[int, int]] = {}
            for contender in field:
                contender.prepare()
                running[contender.name] = stack.enter_context(contender.serving())
            _measure(field, running, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(field: list[Contender], running: dict[str, tuple[int, int]], options: argparse.Namespace) -> None:
    for concurrency in options.concurrency:
        rounds: dict[str, list[Round]] = defaultdict(list)
        counts = {each.name: _calibrate(each, running[each.name], concurrency, options.seconds) for each in field}
        for _ in range(options.rounds):
            for each in field:
                rounds[each.name].append(_round(each, running[each.name], concurrency, counts[each.name]))
        _print(concurrency, options.engine, field, rounds)


def _calibrate(contender: Contender, running: tuple[int, int], concurrency: int, seconds: float) -> int:
    """How many deposits fill the time; the warm-up settles some already."""
    warm_up = max(_WARM_UP, 4 * concurrency)
    first = _round(contender, running, concurrency, warm_up)
    rate = max(first.rate, _round(contender, running, concurrency, int(max(warm_up, first.rate / 2))).rate)
    return int(max(warm_up, rate * seconds))


def _round(contender: Contender, running: tuple[int, int], concurrency: int, how_many: int) -> Round:
    port, leader = running
    names = contender.seed(how_many)
    contender.store.settle_down() if contender.name != "bare" else None
    sent = list(_with_repetitions(names))
    requests = [signed_request(name) for name in sent]
    cpu = cpu_seconds(leader)
    result = drive(port, requests, concurrency)
    cpu = cpu_seconds(leader) - cpu
    settled = len({sent[number] for number in result.accepted})
    contender.settled += settled
    difference = contender.credited() - contender.settled * AMOUNT
    if difference:
        print(f"  {contender.name}: {abs(difference)} F {'made' if difference > 0 else 'lost'}")
        contender.settled += difference // AMOUNT
    cuts = statistics.quantiles(result.waits, n=100)
    return Round(
        settled / result.seconds, 1000 * cuts[49], 1000 * cuts[98], 1e6 * cpu / max(1, settled), result.refused
    )


def _with_repetitions(names: list[str]) -> Iterator[str]:
    """Every tenth webhook is one that was sent some five before, and may still be under way."""
    for number, name in enumerate(names):
        yield name
        if number % _REPEATED_EVERY == _REPEATED_EVERY - 1:
            yield names[max(0, number - _BEHIND)]


def _print(concurrency: int, engine: str, field: list[Contender], rounds: dict[str, list[Round]]) -> None:
    ours = statistics.median(each.rate for each in rounds["cauri"])
    print(f"\n{engine}, {concurrency} concurrent, median of {len(rounds['cauri'])} rounds")
    print(
        "| | settlements/s | cauri is | median ms | p99 ms | server CPU µs | not 200 |\n|---|---|---|---|---|---|---|"
    )
    for contender in field:
        mine = rounds[contender.name]
        rate, median, p99, cpu = (
            statistics.median(getattr(each, name) for each in mine)
            for name in ("rate", "median_ms", "p99_ms", "cpu_us")
        )
        refused = sum(each.refused for each in mine)
        print(
            f"| {contender.name} | {rate:.0f} | {ours / rate:.2f} × "
            f"| {median:.1f} | {p99:.1f} | {cpu:.0f} | {refused} |"
        )
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument(
        "--concurrency", type=lambda text: [int(part) for part in text.split(",")], default=[1, 16, 64, 256]
    )
    parser.add_argument(
        "--against", type=lambda text: text.split(","), default=["cauri-2", "django", "fastapi", "bare"]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a round lasts, about")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="for SQLite's files; on a real disk")
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so take the servers down
    with contextlib.suppress(KeyboardInterrupt):
        main()
