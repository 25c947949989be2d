"""How long a newcomer waits: from `git clone` to the assistant's first reply in the demo.

    .venv/bin/python -m bench.clone_to_reply

Clones this repository's HEAD into a temporary folder and runs `make demo` there, installing everything anew.
"""

import asyncio
import os
import re
import signal
import tempfile
import time
from pathlib import Path

import httpx

_ROOT = Path(__file__).parent.parent


async def main() -> None:
    """Measure once and print what each part took."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        await _run("git", "clone", "-q", str(_ROOT), folder)
        cloned = time.perf_counter()
        demo = await asyncio.create_subprocess_exec(
            "make", "demo", cwd=folder, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        try:
            address = await _address(demo)
            ready = time.perf_counter()
            await _first_reply(address)
            replied = time.perf_counter()
        finally:
            os.killpg(demo.pid, signal.SIGINT)
            await demo.wait()
    print(
        f"clone {cloned - began:.1f} s, install and start {ready - cloned:.1f} s, first reply {replied - ready:.2f} s;"
    )
    print(f"from clone to first reply {replied - began:.1f} s")


async def _address(demo: asyncio.subprocess.Process) -> str:
    assert demo.stdout is not None  # noqa: S101 - asked for above
    async for line in demo.stdout:
        if found := re.search(r"http://\S+", line.decode()):
            return found.group()
    raise RuntimeError("the demo ended before it was ready")


async def _first_reply(address: str) -> None:
    """Awa touches START and reads the welcome."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        await http.post("/chat/api/people/awa/start", json={})
        after = 0
        while True:
            query: dict[str, str | int] = {"person": "awa", "chat": "private", "after": after, "timeout": 20}
            news = (await http.get("/chat/api/wait", params=query)).json()
            if any(message.get("from", {}).get("is_bot") for message in news["messages"]):
                return
            after = news["change"]


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command)
    await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
