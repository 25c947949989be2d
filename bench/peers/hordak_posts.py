"""django-hordak as its documentation says, `transfer_to` between two accounts, from as many processes as are asked for.

python -m bench.peers.hordak_posts setup MEMBERS
python -m bench.peers.hordak_posts run PROCESSES SECONDS     prints how many were posted
python -m bench.peers.hordak_posts check                     prints transactions, and what left the hot account
"""

import multiprocessing
import os
import random
import sys
import time
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

_URL = urlsplit(os.environ["BENCH_DATABASE_URL"])
settings.configure(
    SECRET_KEY="not used",  # noqa: S106
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "mptt", "hordak"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _URL.path[1:],
            "USER": unquote(_URL.username or ""),
            "PASSWORD": unquote(_URL.password or ""),
            "HOST": parse_qs(_URL.query).get("host", [_URL.hostname or ""])[0],
            "PORT": _URL.port or "",
            "CONN_MAX_AGE": None,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    CURRENCIES=["XOF"],
    DEFAULT_CURRENCY="XOF",
)
django.setup()

from django.db import connection  # noqa: E402
from hordak.models import Account, AccountType, Leg, Transaction  # noqa: E402
from moneyed import Money  # noqa: E402

_FRANC = Money(1, "XOF")


def setup(members: int) -> None:
    call_command("migrate", verbosity=0)
    for code, name in enumerate(["hot", *(f"member {number}" for number in range(members))], start=1):
        Account.objects.create(name=name, code=str(code), type=AccountType.liability, currencies=["XOF"])


def run(processes: int, seconds: float) -> int:
    connection.close()
    barrier, counts = multiprocessing.Barrier(processes), multiprocessing.SimpleQueue()
    workers = [multiprocessing.Process(target=_post, args=(barrier, counts, seconds)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts.get() for _ in workers)


def _post(barrier: multiprocessing.Barrier, counts: multiprocessing.SimpleQueue, seconds: float) -> None:
    hot, *members = Account.objects.order_by("pk")
    random.seed()
    barrier.wait()
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        hot.transfer_to(random.choice(members), _FRANC)  # noqa: S311
        count += 1
    counts.put(count)


def check() -> tuple[int, int]:
    hot = Account.objects.get(name="hot")
    if Leg.objects.sum_to_balance(account_type=AccountType.liability)["XOF"].amount:
        raise RuntimeError("hordak's legs do not cancel")
    return Transaction.objects.count(), abs(int(hot.get_balance()["XOF"].amount))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["setup", members]:
            setup(int(members))
        case ["run", processes, seconds]:
            sys.stdout.write(f"{run(int(processes), float(seconds))}\n")
        case _:
            sys.stdout.write("{} {}\n".format(*check()))
