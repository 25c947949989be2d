"""A real browser for the tests: the machine's Chromium; where there is none it is installed, or the test fails."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from playwright.async_api import Browser, async_playwright

_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        path = chromium_path(playwright.chromium.executable_path)
        launched = await playwright.chromium.launch(executable_path=path, args=_FLAGS.split())
        yield launched
        await launched.close()


@cache
def chromium_path(playwrights_own: str) -> str:
    """Where Chromium is on this machine, installing it first where it is missing; fails with what was tried."""
    # Several test processes may find none at the same time: one installs, the others wait for it.
    with (Path(tempfile.gettempdir()) / "cauri-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _found(playwrights_own)
        if found is None:
            _install()
            found = _found(playwrights_own)
    if found is None:
        raise RuntimeError("No Chromium here, and neither playwright nor apt-get could install one.")
    return found


def _found(playwrights_own: str) -> str | None:
    paths = [shutil.which(name) for name in _NAMES]
    return next((path for path in (*paths, playwrights_own) if path and Path(path).exists()), None)


def _install() -> None:
    """Playwright's own build where it can be had, else Debian's."""
    if _succeeds(sys.executable, "-m", "playwright", "install", "chromium"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _succeeds("apt-get", "update", "-qq")
        _succeeds("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True, timeout=600).returncode == 0
