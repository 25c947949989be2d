"""WhatsApp on the page in a real browser, on a phone's width first: the same people, another look."""

import pytest
from playwright.async_api import Page, expect
from pywa.types import Button, Section, SectionList, SectionRow, URLButton

from sandbox.chat.samples import sunset
from tests.sandbox.chat_page import LAPTOP, PHONE, bubbles, opened_page, phone_of, write
from tests.sandbox.test_whatsapp_faults import filling, paid_template
from tests.sandbox.whatsapp_town import AWA as AWA_NUMBER
from tests.sandbox.whatsapp_town import DEMO, MOUSSA, opened_town

AWA_ID, MOUSSA_ID = 5_100_000_001, 5_100_000_002


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        yield town


async def switch_to(page: Page, channel: str) -> None:
    await page.locator(f'[data-testid="channel"][data-channel="{channel}"]').click()


async def test_a_newcomer_sees_both_channels_and_the_group_at_once(town):
    async with opened_page(town.base, PHONE) as page:
        await expect(page.get_by_test_id("channel")).to_have_text(["Telegram", "WhatsApp"])
        hint = phone_of(page, AWA_ID).get_by_test_id("group-hint")
        await expect(hint).to_have_text("Aussi ici : le groupe Tontine des Amies")
        await hint.click()
        await expect(phone_of(page, AWA_ID).get_by_role("heading", name="Tontine des Amies").first).to_be_visible()
        await phone_of(page, AWA_ID).get_by_test_id("back").click()
        await phone_of(page, AWA_ID).get_by_test_id("chat-row").first.click()
        await expect(phone_of(page, AWA_ID).get_by_test_id("start")).to_be_visible()
        await expect(hint).to_have_count(0)
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_saying_hello_tapping_and_choosing_on_a_phone(town):
    async with opened_page(town.base, PHONE) as page:
        await switch_to(page, "whatsapp")
        await page.get_by_role("button", name="Téléphone de Moussa").click()
        moussa = phone_of(page, MOUSSA_ID)
        await moussa.get_by_test_id("say-hello").click()
        await expect(bubbles(moussa, "me").last.get_by_test_id("two-ticks")).to_be_visible()
        said = (await town.last("moussa"))["wamid"]
        await town.wa.indicate_typing(said)
        await expect(moussa.get_by_test_id("typing")).to_be_visible()
        await expect(bubbles(moussa, "me").last.get_by_test_id("blue-ticks")).to_be_visible()

        await town.wa.send_message(
            to=MOUSSA, text="Bonjour *Moussa*", buttons=[Button("Recharger", "deposit")], header="Cauri", footer="Merci"
        )
        greeting = bubbles(moussa, "bot").last
        await expect(greeting).to_contain_text("Bonjour Moussa")
        await expect(greeting.locator("strong")).to_have_text(["Cauri", "Moussa"])
        await expect(greeting).to_contain_text("Merci")
        await greeting.get_by_role("button", name="Recharger").click()
        await expect(bubbles(moussa, "me").last).to_contain_text("Recharger")

        rows = [SectionRow("Wave", "w", "Sans frais"), SectionRow("Orange", "o")]
        menu = SectionList("Choisir", [Section("Moyens", rows)])
        await town.wa.send_message(to=MOUSSA, text="Par quel moyen ?", buttons=menu)
        await bubbles(moussa, "bot").last.get_by_test_id("list-button").click()
        await expect(moussa.get_by_test_id("list-row")).to_have_text(["WaveSans frais", "Orange"])
        await moussa.get_by_test_id("list-row").first.click()
        await expect(bubbles(moussa, "me").last).to_contain_text("Wave")
        await expect(moussa.get_by_role("menu")).to_have_count(0)
        await town.door.until(lambda door: door.messages[-1].get("interactive", {}).get("type") == "list_reply")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_what_the_assistant_sends_is_read_once_it_is_looked_at(town):
    async with opened_page(town.base, PHONE) as page:
        sent = await town.wa.send_message(to=AWA_NUMBER, text="Vous me voyez ?")
        badge = page.locator('[data-testid="channel"][data-channel="whatsapp"]')
        await expect(badge).to_have_text("WhatsApp1")
        assert town.door.ladder(sent.id)[-1:] != ["read"]
        await switch_to(page, "whatsapp")
        await town.door.until(lambda door: door.ladder(sent.id) == ["sent", "delivered", "read"])
        await expect(badge).to_have_text("WhatsApp")


async def test_links_pictures_papers_and_templates_are_drawn(town):
    await town.wa.create_template(paid_template())
    await town.wa.send_image(to=AWA_NUMBER, image=sunset().body, mime_type="image/png", caption="Tour 3")
    await town.wa.send_document(to=AWA_NUMBER, document=b"%PDF", filename="reçu.pdf", mime_type="application/pdf")
    await town.wa.send_message(to=AWA_NUMBER, text="Lien prêt", buttons=URLButton("Payer", "http://127.0.0.1:9/pay"))
    await town.send("template", filling("2 500 F CFA", "Moussa"))
    async with opened_page(town.base, PHONE) as page:
        await switch_to(page, "whatsapp")
        seen = bubbles(phone_of(page, AWA_ID), "bot")
        await expect(seen.nth(0).locator("img")).to_have_js_property("naturalWidth", 320)
        await expect(seen.nth(1)).to_contain_text("reçu.pdf")
        await expect(seen.nth(2).get_by_role("link", name="Payer")).to_have_attribute("href", "http://127.0.0.1:9/pay")
        await seen.nth(3).get_by_role("button", name="Lire").click()
        await town.door.until(lambda door: door.messages[-1].get("button") == {"payload": "go:1", "text": "Lire"})


async def test_a_reference_is_not_cut_at_its_dashes(town):
    await town.wa.send_message(to=AWA_NUMBER, text="Gardez bien la référence que voici : D-7KQ2-MX4P-9T3W, merci")
    async with opened_page(town.base, PHONE) as page:
        await switch_to(page, "whatsapp")
        reference = phone_of(page, AWA_ID).locator(".unbroken")
        await expect(reference).to_have_text("D-7KQ2-MX4P-9T3W")
        assert await reference.evaluate("element => element.getClientRects().length") == 1


async def test_a_link_to_the_assistant_leads_to_its_channel(town):
    link = f"https://wa.me/{DEMO.whatsapp_number}?text=Cauri%20K7Q2"
    token, people = DEMO.bot_token, town.people
    await people.post(f"{town.base}/chat/api/people/awa/start", json={})
    body = {"chat_id": AWA_ID, "text": f"Continuez sur WhatsApp : {link}"}
    await people.post(f"{town.base}/telegram/bot{token}/sendMessage", json=body)
    async with opened_page(town.base, PHONE) as page:
        await phone_of(page, AWA_ID).get_by_role("link").click()
        await expect(bubbles(phone_of(page, AWA_ID), "me").last).to_contain_text("Cauri K7Q2")
        await expect(page.locator('[data-testid="phone"]')).to_have_attribute("data-channel", "whatsapp")


async def test_blocking_hiding_the_number_and_a_day_of_silence(town):
    async with opened_page(town.base, LAPTOP) as page:
        await switch_to(page, "whatsapp")
        awa = phone_of(page, AWA_ID)
        await awa.get_by_test_id("more").click()
        await awa.get_by_role("menuitem", name="Laisser passer 24 heures").click()
        await expect(awa).to_contain_text("muet depuis plus de 24 heures")
        await awa.get_by_test_id("more").click()
        await awa.get_by_role("menuitem", name="Cacher mon numéro").click()
        await write(awa, "Me revoilà")
        await expect(awa).not_to_contain_text("muet")
        await town.door.until(lambda door: "from" not in door.messages[-1])
        await awa.get_by_test_id("more").click()
        await awa.get_by_role("menuitem", name="Bloquer Cauri").click()
        await awa.get_by_test_id("unblock").click()
        await expect(awa.get_by_test_id("composer")).to_be_visible()
        await town.act("moussa", "number", phone=f"+{AWA_NUMBER}", silently=True)
        await expect(awa.get_by_test_id("no-whatsapp")).to_be_visible()
        await expect(page.locator(".owner-number")).to_contain_text(["sans numéro", "+226 70 12 34 56"])
