"""The whole house, and an operator in front of a real browser: on a telephone and on a laptop, without scripts."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from core.db import Database
from members import find_by_address
from operators import Role, add_operator
from tests.chromium import browser
from tests.complaints.kit import complained
from tests.identity.kit import DOCUMENTS_KEY, waiting
from tests.stories.group import Neighbour
from tests.stories.town import Person, Town, running_town

WIDTHS = {"phone": {"width": 390, "height": 844}, "laptop": {"width": 1280, "height": 800}}

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """The whole house and its world."""
    async with running_town(database, tmp_path, documents_key=DOCUMENTS_KEY) as town:
        yield town


@asynccontextmanager
async def screen(chromium: Browser, width: str) -> AsyncIterator[Page]:
    """A browser that runs no scripts and reports whatever a page's own rules forbid."""
    complaints: list[str] = []
    context = await chromium.new_context(viewport=WIDTHS[width], java_script_enabled=False, locale="fr-FR")
    page = await context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if "Refused" in message.text else None)
    yield page
    await context.close()
    assert complaints == []


async def takes_on(town: Town, person: Person, name: str, role: Role) -> None:
    await town.database.run(
        lambda session: add_operator(session, name, role, channel="telegram", external_id=str(person.id))
    )


async def link_of(person: Person) -> str:
    """The address behind the button that the assistant has just shown."""
    await person.hears_button("Ouvrir la console")
    for message in reversed(await person.messages()):
        for button in (button for row in message.get("inline_keyboard") or [] for button in row):
            if "/console/login" in button.get("url", ""):
                return str(button["url"])
    raise AssertionError("no way in")


async def comes_in(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_role("button", name="Entrer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Rechercher")


async def test_an_operator_finds_out_what_became_of_a_payment(town: Town, tmp_path: Path):
    pictures = Path(os.environ.get("SCREENSHOTS", tmp_path))
    awa, moussa = await town.member("awa", balance=5000), await town.member("moussa")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Retrait effectué")
    await awa.says("recharger 1000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays(pin="1234")
    await awa.hears("n’a pas abouti")
    reference = re.search(r"R-\w{4}-\w{4}-\w{4}", " ".join(each["text"] for each in await awa.messages()))
    assert reference
    await takes_on(town, moussa, "Moussa", Role.ADMIN)
    async with town.database.reading() as session:
        member = await find_by_address(session, *awa.address)
    assert member is not None
    document = await waiting(town.database, member)
    complaint = await complained(town.database, member)
    pages = {
        "search": "?q=a", "member": f"/members/{member.id}", "wallet": f"/members/{member.id}/wallet",
        "payment": f"/payments/{reference.group()}", "decisions": "/decisions",
        "complaints": "/complaints", "complaint": f"/complaints/{complaint.reference}",
        "documents": "/documents", "document": f"/documents/{document.id}", "differences": "/differences",
        "balance": "/balance",
        "account": "/balance/provider", "queues": "/queues", "reports": "/reports", "log": "/log",
        "operators": "/operators",
    }  # fmt: skip
    async with browser() as chromium:
        for width in WIDTHS:
            await moussa.says("/console")
            async with screen(chromium, width) as page:
                link = await link_of(moussa)
                await page.goto(link)
                await page.screenshot(path=pictures / f"{width}-login.png")
                await comes_in(page, link)
                await page.screenshot(path=pictures / f"{width}-home.png")
                for name, path in pages.items():
                    await page.goto(f"{town.app_url}/console{path}")
                    await expect(page.get_by_role("heading", level=1)).to_be_visible()
                    await page.screenshot(path=pictures / f"{width}-{name}.png", full_page=True)
                    assert await page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)"), name
                    assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]["width"], name

                await page.goto(f"{town.app_url}/console")
                await page.get_by_label("Rechercher").fill("ouedraogo")
                await page.get_by_role("button", name="Chercher").click()
                await expect(page.get_by_role("heading", level=1)).to_have_text("Awa Ouédraogo")
                await page.get_by_role("link", name=reference.group()).first.click()
                await expect(page.get_by_role("heading", level=1)).to_contain_text("Retrait de 2 000 F CFA")
                await expect(page.locator(".story")).to_contain_text("réservés dans le portefeuille")
                await expect(page.locator(".story")).to_contain_text("Retrait effectué")
                await page.get_by_text("Voir le numéro entier").first.click()
                await page.get_by_label("Pourquoi faut-il le voir").fill("l’opérateur le demande")
                await page.get_by_role("button", name="Voir le numéro entier").click()
                await expect(page.locator("main")).to_contain_text("+226 70 12 34 56")
                await page.get_by_role("button", name="Quitter").click()
                await expect(page.get_by_role("heading", level=1)).to_have_text("À bientôt")
                await page.goto(f"{town.app_url}/console/queues")
                await expect(page.get_by_role("heading", level=1)).to_have_text("Il faut entrer d’abord")
                await page.goto(link)
                await page.get_by_role("button", name="Entrer").click()
                await expect(page.get_by_role("heading", level=1)).to_have_text("Ce lien ne sert plus")


async def test_nobody_else_hears_of_the_console(town: Town):
    awa = await town.member("awa")
    await awa.says("/console")
    await awa.hears("Je ne connais pas la commande /console")


async def test_a_link_that_is_asked_for_in_the_operators_group_comes_in_private(town: Town):
    awa = await town.member("awa")
    await takes_on(town, awa, "Awa", Role.SUPPORT)
    group = Neighbour.of(awa)
    await group.says("/console")
    await group.hears("Awa, je vous ai écrit en privé")
    assert "/console/login" not in str(await group.messages())
    assert "/console/login?token=" in await link_of(awa)
