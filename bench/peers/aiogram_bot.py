"""aiogram as its documentation says: a router, its states, polling; what a person has answered is kept where told.

python -m bench.peers.aiogram_bot memory
python -m bench.peers.aiogram_bot DATABASE_URL      states by SQLAlchemy's ORM, one transaction for each change
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Asked(StatesGroup):
    amount = State()
    method = State()


class Model(DeclarativeBase):
    pass


class Conversation(Model):
    __tablename__ = "conversation"
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    state: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class OrmStorage(BaseStorage):
    def __init__(self, url: str) -> None:
        driver = url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
        self.engine = create_async_engine(driver)
        self.session = async_sessionmaker(self.engine, expire_on_commit=False)

    async def create(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(Model.metadata.create_all)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        async with self.session.begin() as session:
            name = state.state if isinstance(state, State) else state
            await session.merge(Conversation(chat_id=key.chat_id, state=name))

    async def get_state(self, key: StorageKey) -> str | None:
        async with self.session() as session:
            found = await session.get(Conversation, key.chat_id)
            return found.state if found else None

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        async with self.session.begin() as session:
            await session.merge(Conversation(chat_id=key.chat_id, data=dict(data)))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        async with self.session() as session:
            found = await session.get(Conversation, key.chat_id)
            return dict(found.data) if found else {}

    async def close(self) -> None:
        await self.engine.dispose()


def _buttons(**rows: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=label, callback_data=key)] for key, label in rows.items()]
    )


ACTS = _buttons(deposit="Recharger", withdraw="Retirer")
AMOUNTS = _buttons(a1000="1\u00a0000", a5000="5\u00a0000", a10000="10\u00a0000")
METHODS = _buttons(wave="Wave", orange_money="Orange Money", moov_money="Moov Money")
router = Router()


@router.message(CommandStart())
async def start(message: Message) -> None:
    await message.answer("Bonjour, que voulez-vous faire ?", reply_markup=ACTS)


@router.callback_query(F.data == "deposit")
async def deposit(query: CallbackQuery, state: FSMContext) -> None:
    await state.set_state(Asked.amount)
    await query.answer()
    await query.message.edit_text("Combien ?", reply_markup=AMOUNTS)


@router.callback_query(Asked.amount, F.data.startswith("a"))
async def amount(query: CallbackQuery, state: FSMContext) -> None:
    await state.update_data(amount=int(query.data[1:]))
    await state.set_state(Asked.method)
    await query.answer()
    await query.message.edit_text(f"{query.data[1:]} F CFA, avec quoi ?", reply_markup=METHODS)


@router.message(Asked.method, F.text == "Retour")
async def back(message: Message, state: FSMContext) -> None:
    await state.set_state(Asked.amount)
    await message.answer("Combien ?", reply_markup=AMOUNTS)


async def main(where: str) -> None:
    storage: BaseStorage = MemoryStorage()
    if where != "memory":
        storage = OrmStorage(where)
        await storage.create()
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    dispatcher = Dispatcher(storage=storage)
    dispatcher.include_router(router)
    dispatcher.startup.register(say_ready)
    await dispatcher.start_polling(Bot(os.environ["TELEGRAM_BOT_TOKEN"], session=session))


async def say_ready() -> None:
    sys.stdout.write("ready on polling\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
