"""python-telegram-bot as its documentation says: Application, ConversationHandler, PicklePersistence, polling.

python -m bench.peers.ptb_bot PICKLE_FILE
"""

import os
import sys
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

MENU, AMOUNT, METHOD = range(3)


def _buttons(**rows: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=key)] for key, label in rows.items()])


ACTS = _buttons(deposit="Recharger", withdraw="Retirer")
AMOUNTS = _buttons(a1000="1\u00a0000", a5000="5\u00a0000", a10000="10\u00a0000")
METHODS = _buttons(wave="Wave", orange_money="Orange Money", moov_money="Moov Money")


async def start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> int:
    await update.message.reply_text("Bonjour, que voulez-vous faire ?", reply_markup=ACTS)
    return MENU


async def deposit(update: Update, _: ContextTypes.DEFAULT_TYPE) -> int:
    await update.callback_query.answer()
    await update.callback_query.edit_message_text("Combien ?", reply_markup=AMOUNTS)
    return AMOUNT


async def amount(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    await update.callback_query.answer()
    context.user_data["amount"] = int(update.callback_query.data[1:])
    text = f"{context.user_data['amount']} F CFA, avec quoi ?"
    await update.callback_query.edit_message_text(text, reply_markup=METHODS)
    return METHOD


async def back(update: Update, _: ContextTypes.DEFAULT_TYPE) -> int:
    await update.message.reply_text("Combien ?", reply_markup=AMOUNTS)
    return AMOUNT


async def say_ready(_: Application[Any, Any, Any, Any, Any, Any]) -> None:
    sys.stdout.write("ready on polling\n")
    sys.stdout.flush()


def main(file: str) -> None:
    conversation = ConversationHandler(
        entry_points=[CommandHandler("start", start)],
        states={
            MENU: [CallbackQueryHandler(deposit, pattern="^deposit$")],
            AMOUNT: [CallbackQueryHandler(amount, pattern=r"^a\d+$")],
            METHOD: [MessageHandler(filters.Regex("^Retour$"), back)],
        },
        fallbacks=[CommandHandler("start", start)],
        name="deposit",
        persistent=True,
    )
    application = (
        Application.builder()
        .token(os.environ["TELEGRAM_BOT_TOKEN"])
        .base_url(f"{os.environ['TELEGRAM_API_URL']}/bot")
        .persistence(PicklePersistence(file))
        .post_init(say_ready)
        .build()
    )
    application.add_handler(conversation)
    application.run_polling()


if __name__ == "__main__":
    main(sys.argv[1])
