"""The demo in a process of its own, and somebody's thumb on one of its page's telephones."""

import asyncio
import fcntl
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from core.tls import trusted
from tests.chromium import browser

AWA, MOUSSA = "5100000001", "5100000002"
PHONE = {"width": 390, "height": 844}
START_S = 60
STOP_S = 15

# The machine may be busy with other tests; nothing here is about speed.
expect.set_options(timeout=30_000)


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """`cauri demo` in a process tree of its own, ended as a person ends it: by Ctrl-C to all of it.

    One at a time on this machine: they all want the same ports.
    """
    with (Path(tempfile.gettempdir()) / "cauri-demo.lock").open("w") as turn:
        await asyncio.to_thread(fcntl.flock, turn, fcntl.LOCK_EX)
        async with _demo(folder) as address:
            yield address


@asynccontextmanager
async def _demo(folder: Path) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from cli import main; main()", "demo", "--data", str(folder),
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    address = None
    while address is None:
        line = await asyncio.wait_for(process.stdout.readline(), START_S)
        assert line, "the demo ended before it was ready"
        address = re.search(r"http://\S+", line.decode())
    try:
        yield address.group()
    finally:
        # Also when the test has failed: nobody else would ever end it.
        os.killpg(process.pid, signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), STOP_S) == 0
    async with httpx.AsyncClient(verify=trusted()) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(address.group())


@asynccontextmanager
async def opened_page(address: str) -> AsyncIterator[Page]:
    async with browser() as chromium:
        page = await chromium.new_page(viewport=PHONE, has_touch=True)
        await page.goto(address)
        yield page


class Thumb:
    """Somebody's thumb on one of the page's telephones."""

    def __init__(self, page: Page, person: str) -> None:
        self.page = page
        self.person = person
        self.phone = page.locator(f'[data-testid="phone"][data-person="{person}"]')

    async def takes_the_phone(self) -> None:
        await self.page.locator(f'[data-testid="switch-person"][data-person="{self.person}"]').click()

    async def starts(self) -> None:
        await self.phone.get_by_test_id("start").click()

    async def taps(self, label: str) -> None:
        await self.phone.get_by_role("button", name=re.compile(label)).last.click()

    async def writes(self, text: str) -> None:
        await self.phone.get_by_test_id("composer").fill(text)
        await self.phone.get_by_test_id("send").click()

    async def reads(self, *parts: str) -> Locator:
        """The newest message that has all these words."""
        message = self.phone.locator('[data-testid="message"][data-from="bot"]')
        for part in parts:
            message = message.filter(has_text=re.compile(re.escape(part).replace(r"\ ", r"\s")))
        await expect(message.last).to_be_visible()
        return message.last

    async def chooses(self, label: str) -> None:
        """Open the newest list of choices and take one."""
        await self.phone.get_by_test_id("list-button").last.click()
        await self.phone.get_by_test_id("list-row").filter(has_text=re.compile(label)).first.click()

    async def chooses_pin(self, pin: str, picture: Path | None = None) -> None:
        """Open the page inside the chat, choose the PIN on its pad, and come back."""
        await self.taps("page du code")
        frame = self.phone.frame_locator('[data-testid="mini-app-page"]')
        for key in (*pin, "next", *pin):
            await frame.locator(f'[data-key="{key}"]').click()
        if picture is not None:
            await self.page.screenshot(path=picture)
        await frame.get_by_role("button", name="Choisir ce code").click()
        await frame.get_by_role("link", name="Ouvrir la conversation").click()
        await expect(self.phone.get_by_test_id("mini-app")).to_have_count(0)

    async def types_pin(self, pin: str) -> None:
        """Type it on its page, in a browser of its own, and choose it there where there is none yet."""
        message = await self.reads("/pin/")
        async with self.page.context.expect_page() as opened:
            await message.get_by_role("link").last.click()
        page = await opened.value
        await page.wait_for_load_state()
        for name in ("pin", "new", "again"):
            if await page.locator(f'[name="{name}"]').count():
                await page.locator(f'[name="{name}"]').fill(pin)
        await page.locator(".button").click()
        await expect(page.locator("h1")).to_have_text("✅ C’est fait")
        await page.close()

    async def comes_into_the_console(self) -> Page:
        """Ask for the way in, follow it, and touch the button; gives the console's page."""
        await self.writes("/console")
        await self.reads("Voici votre entrée dans la console")
        async with self.page.context.expect_page() as opened:
            await self.phone.get_by_role("link", name=re.compile("Ouvrir la console")).last.click()
        console = await opened.value
        await console.get_by_role("button", name=re.compile("Entrer|Come in")).click()
        return console

    async def pays(self, pin: str) -> None:
        """Follow the payment button, type the code on the payment page, and come back."""
        async with self.page.context.expect_page() as opened:
            await self.phone.get_by_role("link", name=re.compile("Payer")).last.click()
        payment = await opened.value
        await payment.locator('input[type="password"], input[name="pin"]').first.fill(pin)
        await payment.get_by_role("button", name=re.compile("Payer")).click()
        await payment.get_by_role("link").first.wait_for()
        await payment.close()
