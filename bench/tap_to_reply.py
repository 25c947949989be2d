"""How long somebody waits: from a tap on the phone to the assistant's answer in the chat; ours and peers' in turn.

    .venv/bin/python -m bench.tap_to_reply [--taps 300] [--database-url postgresql://…] [--against ptb,aiogram,orm]

Each assistant is a process of its own in a sandbox of its own, over real HTTP, as in the demo, and is asked the same:
a button, and a word that goes back. They take turns, tap by tap. Without `--database-url` ours is measured on SQLite
and on PostgreSQL 18 from the tests' wheel.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bench.ground import peers_python, postgresql

_PERSON = "awa"
_CHAT = f"/chat/api/people/{_PERSON}/chats/private"
_BOT_TOKEN = "100000001:demo-token-for-the-sandbox-only"  # noqa: S105 - the demo's, known to everybody


@dataclass(frozen=True)
class Assistant:
    """`serving` starts it beside the sandbox at that address; `keeps` is what a restart leaves of a conversation."""

    name: str
    keeps: str
    serving: Callable[[str], contextlib.AbstractAsyncContextManager[None]]


async def main() -> None:
    """Measure, and print one line for each assistant."""
    options = _options()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        field = stack.enter_context(_assistants(options, folder))
        chats = [await stack.enter_async_context(_world(each, folder / each.name)) for each in field]
        for http in chats:
            await http.post(f"/chat/api/people/{_PERSON}/start", json={})
            await _answer_after(http, 0)
        waits: list[list[float]] = [[] for _ in field]
        for turn in range(options.taps):
            # A question answered by a tap, then gone back over: two real turns of the engine.
            label = "Recharger" if turn == 0 else "5\u00a0000" if turn % 2 else "Retour"
            for http, mine in zip(chats, waits, strict=True):
                mine.append(await _turn(http, label, in_words=label == "Retour"))
    for each, mine in zip(field, waits, strict=True):
        ratio = statistics.median(mine[1:]) / statistics.median(waits[0][1:])
        print(f"{each.name}: {_summary(mine[1:])}, {ratio:.2f} × {field[0].name}; keeps {each.keeps}")


@contextmanager
def _assistants(options: argparse.Namespace, folder: Path) -> Iterator[list[Assistant]]:
    with ExitStack() as stack:
        if options.database_url:
            databases = {"cauri": options.database_url}
        else:
            server = stack.enter_context(postgresql())
            databases = {"cauri-sqlite": f"sqlite:///{folder / 'cauri.sqlite3'}", "cauri-postgresql": server}
        field = [
            Assistant(name, "all of it, committed before the answer", partial(_cauri, url))
            for name, url in databases.items()
        ]
        orm = f"sqlite:///{folder / 'orm.sqlite3'}"
        peers = {
            "ptb": ("ptb_bot", str(folder / "ptb.pickle"), "what was said up to a minute ago"),
            "aiogram": ("aiogram_bot", "memory", "nothing"),
            "orm": ("aiogram_bot", orm, "state and answers, committed before the answer"),
        }
        python = peers_python() if options.against else ""
        for name in options.against:
            module, where, keeps = peers[name]
            command = [python, "-m", f"bench.peers.{module}", where]
            field.append(Assistant(name, keeps, partial(_peer, command)))
        yield field


async def _turn(http: httpx.AsyncClient, label: str, *, in_words: bool) -> float:
    change = await _when_all_is_said(http, label, in_words=in_words)
    began = time.perf_counter()
    path, body = ("say", {"text": label}) if in_words else ("tap", {"label": label})
    (await http.post(f"{_CHAT}/{path}", json=body)).raise_for_status()
    await _answer_after(http, change)
    return time.perf_counter() - began


async def _when_all_is_said(http: httpx.AsyncClient, label: str, *, in_words: bool) -> int:
    """Until the button is there and the chat has been quiet for a moment; gives the number of the last change."""
    while True:
        before = (await http.get(f"{_CHAT}/messages")).json()
        await asyncio.sleep(0.1)
        now = (await http.get(f"{_CHAT}/messages")).json()
        labels = [button["text"] for m in now["messages"] for row in m.get("inline_keyboard") or [] for button in row]
        if now["change"] == before["change"] and (in_words or any(label in text for text in labels)):
            return int((await http.get("/chat/api/people")).json()["change"])


async def _answer_after(http: httpx.AsyncClient, change: int) -> None:
    """Until the assistant has said or edited something since `change`."""
    while True:
        query: dict[str, Any] = {"person": _PERSON, "chat": "private", "after": change, "timeout": 20}
        news = (await http.get("/chat/api/wait", params=query)).json()
        if any(message.get("from", {}).get("is_bot") for message in news["messages"]):
            return
        change = news["change"]


@asynccontextmanager
async def _world(assistant: Assistant, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox with the assistant in it; gives what the person's phone speaks to."""
    folder.mkdir()  # noqa: ASYNC240 - nobody waits for it
    arguments = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(folder / "sandbox.sqlite3")]
    async with (
        _process(arguments, "sandbox ready on ", {}) as sandbox,
        assistant.serving(sandbox),
        httpx.AsyncClient(base_url=sandbox, timeout=30) as http,
    ):
        await http.post("/telegram/api/knobs", json={"rate_limits": False})
        yield http


@asynccontextmanager
async def _cauri(database_url: str, sandbox: str) -> AsyncIterator[None]:
    settings = _telegram(sandbox) | {
        "DATABASE_URL": database_url, "PORT": "0", "GETMIPAY_API_URL": f"{sandbox}/getmipay",
        "GETMIPAY_API_KEY": "demo-api-key", "GETMIPAY_SECRET_KEY": "demo-secret-key",
        "GETMIPAY_WEBHOOK_SECRET": "demo-webhook-secret",
    }  # fmt: skip
    cauri = [sys.executable, "-c", "from cli import main; main()"]
    migration = await asyncio.create_subprocess_exec(
        *cauri, "migrate", env=os.environ | settings, stdout=asyncio.subprocess.DEVNULL
    )
    await migration.wait()
    async with _process([*cauri, "run"], "Cauri listens on ", settings):
        yield


@asynccontextmanager
async def _peer(command: list[str], sandbox: str) -> AsyncIterator[None]:
    async with _process(command, "ready on ", _telegram(sandbox)):
        yield


def _telegram(sandbox: str) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": _BOT_TOKEN, "TELEGRAM_API_URL": f"{sandbox}/telegram", "TELEGRAM_PER_SECOND": "0",
    }  # fmt: skip


@asynccontextmanager
async def _process(arguments: list[str], ready: str, settings: dict[str, str]) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *arguments, env=os.environ | settings, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        line = ""
        while ready not in line:
            line = (await process.stdout.readline()).decode()
            if not line:
                raise RuntimeError(f"{arguments} did not start")
        yield line.partition(ready)[2].strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _summary(waits: list[float]) -> str:
    cuts = statistics.quantiles(waits, n=100)
    in_ms = {"median": statistics.median(waits), "p95": cuts[94], "p99": cuts[98], "worst": max(waits)}
    return f"{len(waits)} taps, " + ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in in_ms.items())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--taps", type=int, default=300)
    parser.add_argument("--database-url", help="ours on this database alone")
    parser.add_argument(
        "--against", type=lambda given: given.split(",") if given else [], default=["ptb", "aiogram", "orm"]
    )
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
