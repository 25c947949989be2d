"""What a tap in a group is answered with: a passing word, or a box that waits for its OK."""

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.telegram import TelegramChannel
from bot.groups import Toast
from tests.sandbox.telegram_town import AWA, TOKEN, opened_town


@pytest.mark.parametrize(
    ("toast", "waits"),
    [
        (Toast("🗳 Votre voix est comptée."), False),
        (Toast("👍 Vous êtes déjà membre de Amis &amp; Amies."), False),
        (Toast("Pas assez d’argent.", is_alert=True), True),
        (Toast("Deux lignes\nà lire"), True),
        (Toast("Ce qui est long ne se lit pas en passant. " * 3), True),
        (Toast(), False),
    ],
)
async def test_only_what_takes_reading_waits_for_an_ok(tmp_path, toast: Toast, waits: bool):  # noqa: FBT001 (a case's own fact)
    async with opened_town(tmp_path) as town:
        channel = TelegramChannel(TOKEN, f"{town.base}/telegram")
        await channel.open()
        await town.begin("awa")
        await town.bot.send_message(
            AWA, "?", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Oui", callback_data="yes")]])
        )
        tapped = await town.act("awa", "tap", label="Oui")
        change = (await town.get("people"))["change"]

        channel.acknowledge(tapped["callback_query_id"], toast)

        answer = (await town.get("wait", person="awa", after=change, timeout=10))["changes"][0]
        await channel.close()
    assert (answer["kind"], answer["show_alert"]) == ("callback_answer", waits)
    assert (answer["text"] or "").startswith(toast.text[:10].replace("&amp;", "&"))
