"""The page a payer sees: by plain HTTP forms, then in a real browser on a phone's width."""

import pytest
from playwright.async_api import Page

from tests.chromium import browser
from tests.sandbox.getmipay_world import World, opened_world


@pytest.fixture
async def world(tmp_path):
    async with opened_world(tmp_path) as world:
        yield world


@pytest.fixture
async def phone():
    """A page as wide as a phone, without JavaScript: the payment page must not need it."""
    async with browser() as chromium:
        context = await chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
        yield await context.new_page()


async def link(world: World, **changes: object) -> str:
    return (await world.ask("payments", **changes)).json()["payment_url"]


async def fill(world: World, url: str, **form: str) -> str:
    return (await world.client.post(url, data=form, follow_redirects=True)).text


async def test_the_page_says_who_is_paid_how_much_and_by_which_number(world: World):
    answer = await world.client.get(await link(world, amount=1_250_000, description="<b>Épargne</b>"))

    assert "Bac à sable" in answer.text
    assert "Cauri" in answer.text
    assert "1\u202f250\u202f000\u00a0F\u00a0CFA" in answer.text
    assert "+226\u00a0••\u00a0••\u00a0••\u00a056" in answer.text
    assert "70123456" not in answer.text
    assert "&lt;b&gt;Épargne" in answer.text
    assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    ("method", "name", "colour"),
    [
        ("wave", "Wave", "#1dc4ff"),
        ("orange_money", "Orange Money", "#ff7900"),
        ("moov_money", "Moov Money", "#0060af"),
        ("mtn_money", "MTN Money", "#ffcb05"),
        ("visa", "Visa", "#1a1f71"),
    ],
)
async def test_each_method_wears_its_colour(world: World, method: str, name: str, colour: str):
    page = (await world.client.get(await link(world, method=method))).text

    assert name in page
    assert colour in page


async def test_the_right_pin_pays_and_leads_back_to_the_merchant(world: World):
    page = await fill(world, await link(world), pin="0000", action="pay")
    await world.flush()

    assert "Paiement réussi" in page
    assert 'href="http://127.0.0.1:8000/retour"' in page
    assert world.events == ["payment.completed"]


@pytest.mark.parametrize("pin", ["1234", "", "00000", "000"])
async def test_any_other_pin_fails_the_payment(world: World, pin: str):
    page = await fill(world, await link(world), pin=pin, action="pay")
    await world.flush()

    assert "Paiement non abouti" in page
    assert "Le code saisi est incorrect." in page
    assert [(webhook.fields["event"], webhook.fields["error"]) for webhook in world.received] == [
        ("payment.failed", "PIN incorrect")
    ]


async def test_cancelling_fails_the_payment(world: World):
    page = await fill(world, await link(world), pin="", action="cancel")
    await world.flush()

    assert "Paiement annulé" in page
    assert world.received[0].fields["error"] == "CANCELLED"


async def test_a_decided_payment_is_not_decided_again(world: World):
    url = await link(world)
    await fill(world, url, pin="0000", action="pay")

    again = await fill(world, url, pin="1234", action="pay")
    await world.flush()

    assert "Paiement déjà effectué" in again
    assert world.events == ["payment.completed"]


async def test_an_expired_link_says_so(world: World):
    url = await link(world)
    await world.post(f"transactions/{url.rsplit('/')[-1]}/expire")

    assert "Paiement expiré" in (await world.client.get(url)).text


async def test_a_stuck_payment_asks_for_patience(world: World):
    page = await fill(world, await link(world, amount=5865), pin="0000", action="pay")

    assert "Paiement en cours" in page


async def test_an_unknown_link_and_a_payout_have_no_page(world: World):
    payout = (await world.ask("payouts")).json()["payout_id"]

    answers = [await world.client.get(f"{world.base}/pay/{name}") for name in ("TXN0", payout)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "Lien inconnu" in answers[0].text


async def test_the_dashboard_lists_operations_without_whole_numbers(world: World):
    await world.deposit()
    await world.payout(amount=2000, method="orange_money")

    page = (await world.client.get(f"{world.base}/")).text

    assert "Dépôt</a> Wave" in page
    assert "Retrait Orange Money" in page
    assert "3\u202f000\u00a0F\u00a0CFA" in page
    assert "70123456" not in page


async def test_a_payer_pays_on_a_phone_without_javascript(world: World, phone: Page):
    await phone.goto(await link(world, method="orange_money"))
    await phone.get_by_label("Code secret Orange Money").fill("0000")
    await phone.get_by_role("button", name="Payer").click()

    await phone.get_by_role("heading", name="Paiement réussi").wait_for()
    assert await phone.get_by_role("link", name="Retour à Cauri").is_visible()
    await world.flush()
    assert world.events == ["payment.completed"]


@pytest.mark.parametrize("amount", [1, 999_999, 2_000_000, 100_000_000])
@pytest.mark.parametrize("width", [320, 390])
async def test_no_amount_is_wider_than_the_phone(world: World, phone: Page, width: int, amount: int):
    await phone.set_viewport_size({"width": width, "height": 700})
    await phone.goto(await link(world, amount=amount))

    box = await phone.locator(".amount").evaluate("each => each.scrollWidth - each.clientWidth")

    assert box == 0


async def test_a_payer_gives_up_on_a_phone_without_typing_a_code(world: World, phone: Page):
    await phone.goto(await link(world))
    await phone.get_by_role("button", name="Annuler").click()

    await phone.get_by_role("heading", name="Paiement annulé").wait_for()
