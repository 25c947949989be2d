"""The demo as a newcomer meets it: `cauri demo`, a real browser, a phone's width, and the main job end to end."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.chromium import browser

AWA, MOUSSA = "5100000001", "5100000002"
PHONE = {"width": 390, "height": 844}
START_S = 60
STOP_S = 15

# The machine may be busy with other tests; nothing here is about speed.
expect.set_options(timeout=30_000)


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """`cauri demo` in a process tree of its own, ended as a person ends it: by Ctrl-C to all of it."""
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
    yield address.group()
    os.killpg(process.pid, signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), STOP_S) == 0
    async with httpx.AsyncClient() as http:
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

    async def pays(self, pin: str) -> None:
        """Follow the payment button, type the code on the payment page, and come back."""
        async with self.page.context.expect_page() as opened:
            await self.phone.get_by_role("link", name=re.compile("Payer")).last.click()
        payment = await opened.value
        await payment.locator('input[type="password"], input[name="pin"]').first.fill(pin)
        await payment.get_by_role("button", name=re.compile("Payer")).click()
        await payment.get_by_role("link").first.wait_for()
        await payment.close()


@pytest.mark.xdist_group("demo")
async def test_a_newcomer_does_the_main_job_on_a_phone_and_finds_it_again_after_a_restart(tmp_path: Path) -> None:
    pictures = Path(os.environ["SCREENSHOTS"]) if "SCREENSHOTS" in os.environ else tmp_path
    async with demo(tmp_path / "demo") as address, opened_page(address) as page:
        awa, moussa = Thumb(page, AWA), Thumb(page, MOUSSA)
        await moussa.takes_the_phone()
        await moussa.starts()
        await moussa.reads("Bonjour Moussa Traoré")
        await awa.takes_the_phone()
        await page.screenshot(path=pictures / "1-welcome.png")
        await awa.starts()
        await awa.reads("Bonjour Awa Ouédraogo", "Votre solde : 0 F CFA")
        await page.screenshot(path=pictures / "2-started.png")

        await awa.taps("Recharger")
        await awa.taps(r"^5.000 F")
        await page.screenshot(path=pictures / "3-number.png")
        await awa.taps("Partager mon numéro")
        await awa.taps("Wave")
        await awa.reads("Vous payez : 5 000 F CFA")
        await page.screenshot(path=pictures / "4-confirm.png")
        await awa.taps("Recevoir le lien")
        await awa.reads("Votre paiement Wave de 5 000 F CFA est prêt")
        await page.screenshot(path=pictures / "5-link.png")
        await awa.pays(pin="0000")
        await awa.reads("✅ Recharge reçue : 5 000 F CFA", "Votre solde : 5 000 F CFA")
        await page.screenshot(path=pictures / "6-received.png")

        await awa.writes("retirer 2000 orange 70 12 34 56")
        await awa.taps("Confirmer")
        await awa.reads("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 3 000 F CFA")
        await page.screenshot(path=pictures / "7-withdrawn.png")

        await awa.writes("/envoyer")
        await awa.reads("À qui ?")
        await awa.phone.get_by_test_id("attach").click()
        await page.get_by_test_id("share-contact").click()
        await page.get_by_test_id("contact-of").filter(has_text="Moussa").click()
        await awa.taps("^500 F")
        await awa.reads("À : Moussa Traoré", "Montant : 500 F CFA")
        await awa.taps("Confirmer")
        await awa.reads("✅ 500 F CFA envoyés à Moussa Traoré", "Votre solde : 2 500 F CFA")
        await page.screenshot(path=pictures / "8-sent.png")

        await awa.writes("/historique")
        await awa.reads("Envoi à Moussa Traoré", "Retrait Orange Money", "Recharge Wave")
        await page.screenshot(path=pictures / "9-history.png")

        await awa.writes("recharger 1000 wave 70 12 34 56")
        await awa.taps("Recevoir le lien")
        await awa.reads("Votre paiement Wave de 1 000 F CFA est prêt")
        await awa.pays(pin="1234")
        await awa.reads("❌ La recharge de 1 000 F CFA n’a pas abouti", "code PIN")
        await page.screenshot(path=pictures / "10-wrong-pin.png")

        await moussa.takes_the_phone()
        await moussa.reads("Awa Ouédraogo vous a envoyé 500 F CFA")

    async with demo(tmp_path / "demo") as address, opened_page(address) as page:
        awa = Thumb(page, AWA)
        await awa.takes_the_phone()
        await awa.writes("/solde")
        await awa.reads("Disponible : 2 500 F CFA")
