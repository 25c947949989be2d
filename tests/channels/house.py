"""The door to which Meta posts, with everything behind it but the way back: nobody answers as the Graph API."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from aiohttp import web
from sqlalchemy import func, select, update

from bot.channels.telegram import TelegramChannel
from bot.channels.whatsapp import WhatsAppChannel
from bot.groups import GroupActs, GroupDesk
from bot.intake import Intake
from bot.receipts import register_receipts
from bot.reception import Reception
from bot.views import View
from bot.ways import Ways
from bot.whatsapp_intake import WhatsAppIntake
from core import clock, outbox
from core.db import Database, Model
from core.inbox import InboundMessage
from core.jobs import JobRow, Jobs
from core.outbox import Destination, OutboxAddress, OutboxMessage
from core.settings import Settings
from core.tls import trusted
from handlers.commands import commands
from handlers.tontine import Links
from payments import Methods, Seal, WebhookDoor, WebhookSecrets
from tests.sandbox.whatsapp_town import DEMO
from webhook_server import Doors

APP_SECRET, VERIFY_TOKEN = DEMO.whatsapp_app_secret, DEMO.whatsapp_verify_token
NOBODY = "http://127.0.0.1:9"


@dataclass
class House:
    """`http` speaks to the door; the rest looks into the database behind it."""

    http: httpx.AsyncClient
    database: Database
    jobs: Jobs
    whatsapp: WhatsAppChannel

    async def post(self, body: Any, *, signature: str | None = None) -> httpx.Response:
        """Post a webhook, signed unless the signature says otherwise."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = signed(content) if signature is None else signature
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature.encode()}
        return await self.http.post("/webhook/whatsapp", content=content, headers=headers)

    async def hears(self, body: Any) -> None:
        """Post a webhook that is taken."""
        answer = await self.post(body)
        assert answer.status_code == httpx.codes.OK, answer.text

    async def count(self, table: type[Model]) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def claimed(self) -> dict[str, str | None]:
        """The ids of what came in, and the error of what was kept aside."""
        async with self.database.reading() as session:
            return {row.external_id: row.error for row in await session.scalars(select(InboundMessage))}

    async def said(self, chat: str) -> list[OutboxMessage]:
        """What is or was to be said there, in its order."""
        async with self.database.reading() as session:
            there = select(OutboxMessage).where(OutboxMessage.chat == chat).order_by(OutboxMessage.seq)
            return list(await session.scalars(there))

    async def address(self, chat: str) -> OutboxAddress:
        async with self.database.reading() as session:
            return await outbox.address_at(session, Destination("whatsapp", chat))

    async def says(self, chat: str, view: View) -> OutboxMessage:
        """Have something said there; it is not sent yet."""
        to = Destination("whatsapp", chat)
        await self.database.run(lambda session: outbox.say(session, to, view.dump()))
        return (await self.said(chat))[-1]

    async def sent(self, message: OutboxMessage, external_id: str) -> None:
        """Write down that it went out, as the sender does."""
        await self.database.run(lambda session: outbox.mark(session, message.id, "sent", external_id=external_id))

    async def do_what_waits(self) -> int:
        """Do the jobs as if their time had come; tells how many there were."""
        due = update(JobRow).values(run_at=clock.now())
        await self.database.run(lambda session: session.execute(due))
        number = await self.count(JobRow)
        for _ in range(number):
            assert await self.jobs.do_one(self.database)
        return number


@asynccontextmanager
async def opened(database: Database, *, with_whatsapp: bool = True, api_url: str = NOBODY) -> AsyncIterator[House]:
    """The door, open, over this database."""
    token, number, phone_id = DEMO.whatsapp_token, DEMO.whatsapp_number, DEMO.whatsapp_phone_id
    settings = Settings(
        _env_file=None, whatsapp_token=token, whatsapp_phone_id=phone_id, whatsapp_number=number,
        whatsapp_business_id=DEMO.whatsapp_business_id, whatsapp_app_secret=APP_SECRET,
        whatsapp_verify_token=VERIFY_TOKEN, whatsapp_api_url=api_url,
    )  # fmt: skip
    business = DEMO.whatsapp_business_id
    whatsapp = WhatsAppChannel(phone_id, token, api_url, number=number, business_id=business)
    telegram = TelegramChannel("1:token", NOBODY)
    ways = Ways({"whatsapp": whatsapp.deep_link})
    known = commands(Methods({}), timedelta(minutes=30), Links(ways, NOBODY), "BF", Seal(""))
    reception = Reception(database, known, GroupDesk(known, GroupActs(), whatsapp.deep_link))
    intake = WhatsAppIntake(database, whatsapp, reception) if with_whatsapp else None
    doors = Doors(
        settings, database, WebhookDoor(WebhookSecrets("", "")), telegram, Intake(database, telegram, reception),
        ways=ways, whatsapp=intake,
    )  # fmt: skip
    jobs = Jobs()
    register_receipts(jobs)
    runner = web.AppRunner(doors.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with httpx.AsyncClient(
        verify=trusted(), base_url=f"http://127.0.0.1:{runner.addresses[0][1]}", timeout=30
    ) as http:
        yield House(http, database, jobs, whatsapp)
    await runner.cleanup()
    await whatsapp.close()
    await telegram.close()


def signed(body: bytes, secret: str = APP_SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
