"""Transfers per second out of one hot account: our desk, pgledger's SQL and django-hordak, alternating in one run.

    .venv/bin/python -m bench.ledger [--engine postgresql|sqlite] [--callers 1,64,256] [--rounds 5] [--server URL]

Each contender has a database of its own on the same server, and is tried at several numbers of callers; peers are
compared at their best one. After each round the francs are counted. pgledger is measured where the server that is
given has a database `pgledger`, in which its own README's installation was followed.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ground import database_of, leave_tidily, peers_python, postgresql
from bench.posters import (
    BareOnPostgresql,
    BareOnSqlite,
    Cauri,
    Hordak,
    Pgledger,
    Poster,
    has_pgledger,
    new_database,
)

_FEW = [1, 4, 8, 16]
_WARM_UP_S = 1.0

Rates = dict[tuple[str, int], list[float]]


def main() -> None:
    """Measure, and print one table."""
    options = _options()
    with _posters(options) as posters:
        for poster in posters:
            poster.prepare()
            for callers in poster.callers:
                poster.post(callers, _WARM_UP_S)
        rates: Rates = {(poster.name, callers): [] for poster in posters for callers in poster.callers}
        for _ in range(options.rounds):
            for poster in posters:
                for callers in poster.callers:
                    rates[poster.name, callers].append(poster.post(callers, options.seconds))
                if difference := poster.difference():
                    print(f"  {poster.name}: {abs(difference)} F {'made' if difference > 0 else 'lost'}")
        _print(options.engine, posters, rates)


def _print(engine: str, posters: list[Poster], rates: Rates) -> None:
    medians = {key: statistics.median(found) for key, found in rates.items()}
    best = {name: max(rate for (who, _), rate in medians.items() if who == name) for name, _ in medians}
    peers = [poster.name for poster in posters if poster.name != "cauri"]
    print(f"\n{engine}, transfers per second out of one account, medians")
    print("| who | callers | per second |" + "".join(f" of {peer}’s best |" for peer in peers))
    print("|---|---|---|" + "---|" * len(peers))
    for (name, callers), rate in medians.items():
        print(f"| {name} | {callers} | {rate:.0f} |" + "".join(f" {rate / best[peer]:.2f} × |" for peer in peers))
    for poster in posters:
        size = poster.bytes_each()
        in_bytes = f"; {size:.0f} bytes a transfer with indexes" if size else ""
        print(f"{poster.name}: {poster.settings}; {poster.posted} posted, and counted again{in_bytes}")
    sys.stdout.flush()


@contextmanager
def _posters(options: argparse.Namespace) -> Iterator[list[Poster]]:
    if options.engine == "sqlite":
        folder = Path(tempfile.mkdtemp(prefix="cauri-bench-", dir=options.folder))
        try:
            yield [
                Cauri("cauri", _OURS, f"sqlite:///{folder / 'cauri.sqlite3'}", options.callers),
                BareOnSqlite("bare commit", "sqlite3, one connection", f"sqlite:///{folder / 'bare.sqlite3'}", [1]),
            ]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    with postgresql(options.server) as server:
        own, hordak, bare = (f"bench_{name}" for name in ("cauri", "hordak", "bare"))
        for name in (own, hordak, bare):
            new_database(server, name)
        pgledger = Pgledger("pgledger", "pgbench, prepared statements", database_of(server, "pgledger"), _FEW)
        found: list[Poster] = [
            Cauri("cauri", _OURS, database_of(server, own), options.callers),
            Hordak("hordak", "a process a caller", database_of(server, hordak), _FEW, python=peers_python()),
            BareOnPostgresql("bare commit", "pgbench, prepared statements", database_of(server, bare), [1, 16]),
        ]
        yield [*found, pgledger] if has_pgledger(pgledger.url) else found


_OURS = "ledger.Desk, one process"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--callers", type=lambda text: [int(part) for part in text.split(",")], default=[1, 64, 256])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a round lasts")
    parser.add_argument("--server", help="a PostgreSQL to measure on; the tests' wheel when not given")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="for SQLite's files; on a real disk")
    return parser.parse_args()


if __name__ == "__main__":
    leave_tidily()
    main()
