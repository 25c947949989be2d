"""The doors: GetMiPay's webhooks, Telegram's and WhatsApp's, the pages that people open, health and metrics."""

import hmac
import json
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from pywa.utils import HUB_CH, HUB_SIG, HUB_VT, webhook_updates_validator
from sqlalchemy import text

from bot.channels.telegram import TelegramChannel
from bot.intake import Intake
from bot.reception import ComeAgain
from bot.ways import Ways
from bot.whatsapp_intake import WhatsAppIntake
from core import jobs, outbox
from core.db import Database, is_database_away
from core.settings import Settings
from members import Pins
from pages import Gate, page, pin_routes, tontine_routes
from payments import LARGEST_BODY, CallbackDoor, WebhookDoor, figures, show_figures

log = structlog.get_logger(__name__)

_TELEGRAM_BODY = 1024 * 1024
# What Meta says that one webhook may weigh.
_WHATSAPP_BODY = 3 * 1024 * 1024
# Where Telegram shows Mini Apps in a browser.
_TELEGRAM_WEB = "https://web.telegram.org"
_RETRY_AFTER = {"Retry-After": "5"}
_JOBS = Gauge("cauri_jobs_due", "Jobs that are due")
_JOBS_AGE = Gauge("cauri_jobs_oldest_seconds", "How long the most overdue job has been due")
_OUTBOX = Gauge("cauri_outbox_waiting", "Messages that wait to be said")
_OUTBOX_AGE = Gauge("cauri_outbox_oldest_seconds", "How long the oldest of them has waited")


class Doors:
    """The HTTP application, and what stands behind each door."""

    def __init__(
        self, settings: Settings, database: Database, getmipay: WebhookDoor, telegram: TelegramChannel, intake: Intake,
        *, ways: Ways, whatsapp: WhatsAppIntake | None = None, callbacks: CallbackDoor | None = None,
        console: Sequence[web.RouteDef] = (),
    ) -> None:  # fmt: skip
        self._settings = settings
        self._database = database
        self._getmipay = getmipay
        self._telegram = telegram
        self._intake = intake
        self._ways = ways
        self._whatsapp = whatsapp
        self._callbacks = callbacks
        self._console = console
        self._is_leaving = False

    def application(self, *, inside_only: bool = False) -> web.Application:
        """The aiohttp application with every door, or with those alone that an operator's tools knock at."""
        gate = Gate(self._settings.trusted_proxies)
        app = web.Application(client_max_size=_TELEGRAM_BODY, middlewares=[gate.middleware()])
        app.on_response_prepare.append(self._hang_up)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/ready", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        if inside_only:
            return app
        app.add_routes(
            [
                web.post("/webhook/getmipay/", self._hear_getmipay),
                web.post("/webhook/getmipay", self._hear_getmipay),
                web.post("/webhook/getmipay/v1", self._hear_callback),
                web.post("/webhook/telegram", self._hear_telegram),
                web.get("/webhook/whatsapp", self._meet_whatsapp),
                web.post("/webhook/whatsapp", self._hear_whatsapp),
                web.get("/payment/return", self._welcome_back),
                *tontine_routes(self._database),
                *pin_routes(
                    self._database,
                    Pins(self._settings.pin_secret.get_secret_value()),
                    self._settings.telegram_bot_token.get_secret_value(),
                    self._back_to_chat,
                    framed_by=[_TELEGRAM_WEB, *([self._settings.chat_url] if self._settings.chat_url else [])],
                ),
                *self._console,
            ]
        )
        return app

    async def _hear_getmipay(self, request: web.Request) -> web.Response:
        body = await _read(request, LARGEST_BODY)
        answer = await self._getmipay.receive(self._database, body, request.headers.get("X-Signature"))
        headers = {"Retry-After": str(answer.retry_after_s)} if answer.retry_after_s else {}
        return web.json_response({"outcome": answer.outcome}, status=answer.status, headers=headers)

    async def _hear_callback(self, request: web.Request) -> web.Response:
        """A callback that nobody signed: a hint. Only where GetMiPay is spoken to in the dialect that has them."""
        if self._callbacks is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        body, about = await _read(request, LARGEST_BODY), request.query
        answer = await self._callbacks.receive(self._database, body, about.get("reference", ""), about.get("token", ""))
        headers = {"Retry-After": str(answer.retry_after_s)} if answer.retry_after_s else {}
        return web.json_response({"outcome": answer.outcome}, status=answer.status, headers=headers)

    async def _hear_telegram(self, request: web.Request) -> web.Response:
        secret = self._settings.telegram_webhook_secret.get_secret_value()
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        return await _taken(await request.read(), self._intake)

    async def _meet_whatsapp(self, request: web.Request) -> web.Response:
        """Meta asks, when the webhook is registered, whether this is the door it was told of."""
        expected = self._settings.whatsapp_verify_token.get_secret_value()
        given = request.query.get(HUB_VT, "")
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        return web.Response(text=request.query.get(HUB_CH, ""))

    async def _hear_whatsapp(self, request: web.Request) -> web.Response:
        if self._whatsapp is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        body = await _read(request, _WHATSAPP_BODY)
        if len(body) > _WHATSAPP_BODY:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        # Over the bytes as they came: written anew, the same JSON would have another signature.
        signature = request.headers.get(HUB_SIG, "")
        secret = self._settings.whatsapp_app_secret.get_secret_value()
        if not signature.isascii() or not webhook_updates_validator(secret, body, signature):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        return await _taken(body, self._whatsapp)

    async def _welcome_back(self, request: web.Request) -> web.Response:
        """Where GetMiPay's page sends the payer: back to the chat. It shows nothing of the payment, the chat does."""
        return page(request, "return.html", link=self._back_to_chat(""))

    def _back_to_chat(self, channel: str) -> str:
        """The private chat on that channel; the main one's where it is not said."""
        return self._settings.chat_url or self._ways.on(channel, "menu")

    def leave(self) -> None:
        """Say from now on that nothing new should be sent here; what comes all the same is still taken."""
        self._is_leaving = True

    async def _hang_up(self, _: web.Request, response: web.StreamResponse) -> None:
        """Whoever leaves ends each connection with its answer: no request comes on one that is about to close."""
        if self._is_leaving:
            response.force_close()

    async def _health(self, _: web.Request) -> web.Response:
        """Alive: the loop turns. A database that is away is no reason to start this process anew."""
        return web.json_response({"status": "ok"})

    async def _ready(self, _: web.Request) -> web.Response:
        """Ready for work: the database answers, without which nothing can be taken on, and we are not about to stop."""
        if self._is_leaving:
            return web.json_response({"status": "stopping"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            async with self._database.reading() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:
            if not is_database_away(error):
                raise
            log.warning("ready.database_away", error=type(error).__name__)
            return web.json_response({"status": "database away"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return web.json_response({"status": "ready"})

    async def _metrics(self, _: web.Request) -> web.Response:
        async with self._database.reading() as session:
            due, overdue = await jobs.waiting(session)
            unsaid, unsaid_for = await outbox.waiting(session)
            show_figures(await figures(session))
        _JOBS.set(due)
        _JOBS_AGE.set(overdue.total_seconds())
        _OUTBOX.set(unsaid)
        _OUTBOX_AGE.set(unsaid_for.total_seconds())
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _taken(body: bytes, intake: Intake | WhatsAppIntake) -> web.Response:
    """Hand a channel's words to its intake; what is asked to come again does."""
    try:
        raw = json.loads(body.decode())
    except ValueError:
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    if not isinstance(raw, dict):
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    try:
        await intake.take(raw)
    except ComeAgain:
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=_RETRY_AFTER)
    return web.Response()


async def _read(request: web.Request, at_most: int) -> bytes:
    """The body, up to one byte more than allowed: enough to know that it is too much, never enough to hurt."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(at_most):
        body += chunk
        if len(body) > at_most:
            break
    return bytes(body)
