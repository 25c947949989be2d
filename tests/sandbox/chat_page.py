"""The chat page in a real browser, for the tests of both channels."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Locator, Page, expect

from tests.chromium import browser

LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

# The machine may be busy with other tests; nothing here is about speed.
expect.set_options(timeout=20_000)


@asynccontextmanager
async def opened_page(base: str, viewport: dict) -> AsyncIterator[Page]:
    """The page, which must load without a complaint in the browser's console."""
    complaints: list[str] = []
    async with browser() as chromium:
        page = await chromium.new_page(viewport=viewport)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(base)
        await page.get_by_test_id("phone").first.wait_for()
        yield page
    assert complaints == []


def phone_of(page: Page, person: int) -> Locator:
    return page.locator(f'[data-testid="phone"][data-person="{person}"]')


def bubbles(phone: Locator, author: str) -> Locator:
    return phone.locator(f'[data-testid="message"][data-from="{author}"]')


async def write(phone: Locator, text: str) -> None:
    await phone.get_by_test_id("composer").fill(text)
    await phone.get_by_test_id("send").click()
