"""The page in a real browser, as a newcomer meets it: side by side on a laptop, one by one on a phone."""

import asyncio
import re
from contextlib import asynccontextmanager, suppress

import pytest
from playwright.async_api import expect
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup, Update

from tests.sandbox.chat_page import LAPTOP, PHONE, bubbles, opened_page, phone_of, write
from tests.sandbox.telegram_town import AWA, FATOU, GROUP, MOUSSA, Town, opened_town

MENU = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Recharger", callback_data="deposit"),
            InlineKeyboardButton("Aide", callback_data="help"),
        ],
        [InlineKeyboardButton("Page", url="http://127.0.0.1:9/pay")],
        [InlineKeyboardButton("Inviter", url="https://t.me/cauri_bot?start=invite")],
    ]
)


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        await town.bot.set_my_commands([("solde", "Voir mon solde"), ("aide", "Que sait faire Cauri ?")])
        await town.bot.set_my_commands([("balance", "My balance")], language_code="en")
        await town.bot.set_my_description("Votre portefeuille, ici même.")
        yield town


@asynccontextmanager
async def answering(town: Town):
    """A bot that greets, edits what is tapped, and asks for a number."""
    stop = asyncio.Event()

    async def run() -> None:
        while not stop.is_set():
            for update in await town.heard(timeout=1):
                await answer(town, update)

    task = asyncio.create_task(run())
    yield
    stop.set()
    with suppress(asyncio.CancelledError):
        await task


async def answer(town: Town, update: Update) -> None:
    query, message = update.callback_query, update.message
    if query and query.data == "deposit":
        await query.answer("Un instant")
        await query.edit_message_text("⏳ Recharge de <b>5 000 F</b>", parse_mode="HTML")
    elif query:
        await query.answer("Écrivez /aide", show_alert=True)
    elif message and message.contact:
        await message.reply_text(f"Merci {message.contact.first_name}")
    elif message and message.text == "/solde":
        keys = [[KeyboardButton("Mon numéro", request_contact=True)], ["Non merci"]]
        await message.reply_text("Quel numéro ?", reply_markup=ReplyKeyboardMarkup(keys))
    elif message and message.text:
        await message.reply_text(f"Bonjour {message.from_user.first_name} <3 & {message.text}", reply_markup=MENU)


async def test_a_newcomer_starts_taps_and_sees_the_message_change_in_place(town: Town):
    async with answering(town), opened_page(town.base, LAPTOP) as page:
        awa = phone_of(page, AWA)
        await expect(page.get_by_test_id("phone")).to_have_count(3)
        await expect(awa.get_by_test_id("welcome")).to_contain_text("Votre portefeuille, ici même.")
        await awa.get_by_test_id("start").click()
        greeting = bubbles(awa, "bot").last
        await expect(greeting.get_by_test_id("words")).to_have_text("Bonjour Awa <3 & /start")
        await expect(bubbles(awa, "me").first.get_by_test_id("two-ticks")).to_be_visible()
        await expect(greeting.get_by_role("link", name="Page")).to_have_attribute("target", "_blank")
        await greeting.get_by_role("button", name="Recharger").click()
        await expect(greeting.get_by_test_id("words")).to_have_text("⏳ Recharge de 5 000 F")
        await expect(greeting.get_by_test_id("edited")).to_have_text("modifié")
        await expect(awa.get_by_test_id("toast")).to_have_text("Un instant")
        await expect(bubbles(awa, "bot")).to_have_count(1)


async def test_commands_keys_alerts_and_links_work_with_the_keyboard_too(town: Town):
    async with answering(town), opened_page(town.base, LAPTOP) as page:
        awa = phone_of(page, AWA)
        await awa.get_by_test_id("start").press("Enter")
        await bubbles(awa, "bot").first.get_by_role("button", name="Aide").press("Enter")
        await expect(awa.get_by_test_id("alert")).to_contain_text("Écrivez /aide")
        await page.keyboard.press("Enter")
        await expect(awa.get_by_test_id("alert")).to_have_count(0)
        await bubbles(awa, "bot").first.get_by_role("link", name="Inviter").click()
        await expect(bubbles(awa, "me").last).to_contain_text("/start invite")
        await awa.get_by_test_id("composer").fill("/so")
        await awa.get_by_test_id("command").filter(has_text="/solde").click()
        await awa.get_by_test_id("key").filter(has_text="Mon numéro").click()
        await expect(bubbles(awa, "me").last.get_by_test_id("contact")).to_contain_text("+226 70 12 34 56")
        await expect(bubbles(awa, "bot").last).to_contain_text("Merci Awa")
        await awa.get_by_test_id("composer").press_sequentially("deux\n")
        await expect(bubbles(awa, "me").last).to_contain_text("deux")


async def test_everything_in_the_attach_menu_can_be_sent(town: Town):
    await town.begin("awa")
    async with opened_page(town.base, LAPTOP) as page:
        awa = phone_of(page, AWA)
        for testid in ("send-photo", "send-voice", "share-own-contact"):
            await awa.get_by_test_id("attach").click()
            await awa.get_by_test_id(testid).click()
        await awa.get_by_test_id("attach").click()
        await awa.get_by_test_id("share-contact").click()
        await awa.get_by_test_id("contact-of").filter(has_text="Moussa").click()
        await awa.get_by_test_id("attach").click()
        await awa.get_by_test_id("send-sticker").click()
        await awa.get_by_role("menuitem", name="Autocollant 🐚").click()
        await expect(bubbles(awa, "me")).to_have_count(6)
        await expect(bubbles(awa, "me").last.get_by_role("img", name="Autocollant 🐚")).to_be_visible()
        await expect(bubbles(awa, "me").nth(4)).to_contain_text("Moussa Traoré")
        picture = bubbles(awa, "me").nth(1).locator("img")
        await expect(picture).to_have_js_property("naturalWidth", 320)
        await awa.get_by_test_id("attach").click()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Escape")
        await expect(awa.get_by_role("menu")).to_have_count(0)


async def test_without_an_answering_bot_a_message_has_one_tick(town: Town):
    await town.begin("awa")
    async with opened_page(town.base, LAPTOP) as page:
        awa = phone_of(page, AWA)
        await write(awa, "Il y a quelqu’un ?")
        await expect(bubbles(awa, "me").last.get_by_test_id("one-tick")).to_be_visible()
        await town.heard()
        await town.heard()
        await expect(bubbles(awa, "me").last.get_by_test_id("two-ticks")).to_be_visible()


async def test_a_group_is_seen_by_its_members_side_by_side(town: Town):
    async with opened_page(town.base, LAPTOP) as page:
        for person in (AWA, FATOU):
            await phone_of(page, person).get_by_test_id("back").click()
            await phone_of(page, person).get_by_test_id("chat-row").filter(has_text="Tontine").click()
        await write(phone_of(page, FATOU), "Bonjour à toutes !")
        await expect(bubbles(phone_of(page, FATOU), "me").last).to_contain_text("Bonjour à toutes !")
        seen = bubbles(phone_of(page, AWA), "other").last
        await expect(seen).to_contain_text("Fatou Diop")
        await expect(phone_of(page, MOUSSA).locator("[data-badge]")).to_have_text("1")
        await seen.hover()
        await seen.get_by_role("button", name="Répondre").click()
        await write(phone_of(page, AWA), "Bonjour Fatou")
        await expect(bubbles(phone_of(page, FATOU), "other").last).to_contain_text("Fatou")
        await phone_of(page, AWA).get_by_test_id("more").click()
        await page.get_by_role("menuitem", name="Transformer en supergroupe").click()
        # The old chat's farewell says "Ce groupe"; the phone has moved along once the new chat's welcome stands.
        moved = phone_of(page, AWA).get_by_test_id("conversation")
        await expect(moved).to_contain_text("Le groupe est devenu un supergroupe")
        await write(phone_of(page, AWA), "Toujours là")
        await expect(bubbles(phone_of(page, AWA), "me").last).to_contain_text("Toujours là")
    assert (await town.get("people/fatou/chats"))["chats"][1]["type"] == "supergroup"


async def test_blocking_and_unblocking_from_the_menu(town: Town):
    await town.begin("awa")
    async with opened_page(town.base, LAPTOP) as page:
        awa = phone_of(page, AWA)
        await awa.get_by_test_id("more").click()
        await awa.get_by_role("menuitem", name="Bloquer Cauri").click()
        await expect(awa.get_by_test_id("composer")).to_have_count(0)
        await awa.get_by_test_id("unblock").click()
        await expect(awa.get_by_test_id("composer")).to_be_visible()


async def test_messages_cannot_bring_markup_or_scripts_along(town: Town):
    await town.begin("awa")
    await town.bot.send_message(AWA, "<img src=x onerror=alert(1)> <b>pas gras</b>")
    await town.bot.send_message(AWA, '<a href="javascript:alert(1)">ici</a>', parse_mode="HTML")
    async with opened_page(town.base, LAPTOP) as page:
        words = phone_of(page, AWA).get_by_test_id("words")
        await expect(words.nth(1)).to_have_text("<img src=x onerror=alert(1)> <b>pas gras</b>")
        await expect(words.nth(1).locator("img, b")).to_have_count(0)
        await expect(words.nth(2).locator("a")).to_have_attribute("href", re.compile("^https://"))


async def test_the_page_comes_back_by_itself_when_the_sandbox_restarts(town: Town):
    await town.begin("awa")
    async with opened_page(town.base, LAPTOP) as page:
        awa = phone_of(page, AWA)
        port = town.port
        await town.stop()
        await expect(awa.get_by_text("Connexion perdue")).to_be_visible()
        await town.start(port)
        await town.bot.send_message(AWA, "Me revoici")
        await expect(bubbles(awa, "bot").last).to_contain_text("Me revoici")
        await expect(awa.get_by_text("Connexion perdue")).to_be_hidden()


async def test_a_typing_bot_is_seen_typing(town: Town):
    await town.begin("awa")
    async with opened_page(town.base, LAPTOP) as page:
        await expect(phone_of(page, AWA).get_by_test_id("composer")).to_be_visible()
        await town.bot.send_chat_action(AWA, "typing")
        await expect(phone_of(page, AWA).get_by_test_id("typing")).to_be_visible()
        await town.bot.send_message(AWA, "Voilà")
        await expect(phone_of(page, AWA).get_by_test_id("typing")).to_have_count(0)


async def test_on_a_phone_one_member_at_a_time_fills_the_screen(town: Town):
    async with answering(town), opened_page(town.base, PHONE) as page:
        await expect(page.get_by_test_id("phone")).to_have_count(1)
        await phone_of(page, AWA).get_by_test_id("start").click()
        await bubbles(phone_of(page, AWA), "bot").first.get_by_role("button", name="Recharger").click()
        await expect(bubbles(phone_of(page, AWA), "bot").first).to_contain_text("Recharge de")
        await page.get_by_role("button", name="Fermer cette explication").click()
        await expect(page.locator("#intro")).to_be_hidden()
        await page.get_by_role("button", name="Téléphone de Grace Addo").click()
        grace = page.get_by_test_id("phone")
        await expect(grace).to_have_count(1)
        await grace.get_by_test_id("start").click()
        await grace.get_by_test_id("commands").click()
        await expect(grace.get_by_test_id("command")).to_have_text(["/balanceMy balance"])
        await page.keyboard.press("Escape")
        await town.bot.send_message(AWA, "Êtes-vous là ?")
        await expect(page.get_by_role("button", name="Téléphone de Awa Ouédraogo")).to_contain_text("1")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_a_new_person_gets_a_phone(town: Town):
    async with opened_page(town.base, LAPTOP) as page:
        await expect(page.get_by_test_id("switch-person")).to_have_count(5)
        created = (await town.post("people", first_name="Aïcha", phone="+22790123456")).json()
        await page.get_by_role("button", name="Téléphone de Aïcha").click()
        await expect(phone_of(page, created["id"])).to_be_visible()
        await town.bot.send_message(GROUP, "Bonjour")
        await expect(page.get_by_role("button", name="Téléphone de Awa")).to_contain_text("1")


async def test_older_messages_can_be_read_too(town: Town):
    for number in range(105):
        await town.say("awa", f"message {number}")
    async with opened_page(town.base, PHONE) as page:
        awa = phone_of(page, AWA)
        await expect(bubbles(awa, "me")).to_have_count(100)
        await awa.get_by_test_id("earlier").click()
        await expect(bubbles(awa, "me")).to_have_count(105)
        await expect(bubbles(awa, "me").first).to_contain_text("message 0")
        await expect(awa.get_by_test_id("earlier")).to_have_count(0)
