"""Both pages in a real browser, on a small telephone that runs no scripts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.chromium import browser
from tests.pages.kit import file_of, revealed, with_a_round
from tests.tontines.kit import Village

SMALL = {"width": 360, "height": 740}

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
async def phone() -> AsyncIterator[Page]:
    """A telephone whose browser reports everything that a page's own rules forbid."""
    complaints: list[str] = []
    async with browser() as chromium:
        context = await chromium.new_context(viewport=SMALL, java_script_enabled=False, locale="fr-FR")
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        yield page
    assert complaints == []


async def test_a_draw_is_read_and_checked_by_thumb(village: Village, address: str, phone: Page, tmp_path: Path):
    await village.person("Aïssatou-Marie-Thérèse Ouédraogo-N’Diaye de Bobo-Dioulasso", 100_000)
    names = ("Awa", "Aïssatou-Marie-Thérèse Ouédraogo-N’Diaye de Bobo-Dioulasso", "Chantal", "Fatou")
    _, cycle_id = await revealed(village, *names, words={"Awa": "le mil est haut", "Fatou": "x" * 120})
    await phone.goto(f"{address}/tontine/draw/{cycle_id}")
    await expect(phone.locator(".verdict")).to_contain_text("Personne n’a touché à ce tirage")
    await expect(phone.locator(".verdict")).to_have_css("background-color", "rgb(227, 239, 229)")
    await expect(phone.locator(".turns li")).to_have_count(4)
    await looks_right(phone, tmp_path / "draw.png")

    await phone.get_by_text("Refaire le calcul soi-même").click()
    await expect(phone.locator("pre")).to_be_visible()
    await looks_right(phone, tmp_path / "draw-open.png")

    await phone.get_by_role("link", name="English").click()
    await expect(phone.locator("h1")).to_have_text("The draw, checked")


async def test_a_statement_is_sent_and_checked_by_thumb(village: Village, address: str, phone: Page, tmp_path: Path):
    content = await file_of(village, await with_a_round(village))
    whole, touched = tmp_path / "tontine.jsonl", tmp_path / "touched.jsonl"
    whole.write_bytes(content)
    touched.write_bytes(content.replace(b'"amount":5000', b'"amount":50', 1))

    await phone.goto(f"{address}/tontine/verify")
    await looks_right(phone, tmp_path / "verify.png")
    await phone.get_by_label("Le fichier du relevé").set_input_files(whole)
    await phone.get_by_role("button", name="Vérifier").click()
    await expect(phone.locator(".verdict")).to_contain_text("✅ Le relevé tient")
    await looks_right(phone, tmp_path / "verified.png")

    await phone.get_by_label("Le fichier du relevé").set_input_files(touched)
    await phone.get_by_role("button", name="Vérifier").click()
    await expect(phone.locator(".verdict")).to_contain_text("❌ La chaîne se rompt à la ligne")
    await looks_right(phone, tmp_path / "broken.png")


async def looks_right(phone: Page, picture: Path) -> None:
    """Nothing is wider than the telephone. The picture is for whoever looks into the test's folder."""
    await phone.screenshot(path=picture, full_page=True)
    assert await phone.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
