"""Serving: the doors, the worker and, without a public address, Telegram's polling, in one process."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from telegram.error import InvalidToken, NetworkError

from app import App, build
from core.settings import Settings
from operations.readiness import NotReady, refuse_old_tables

_ASK_AGAIN_S = 2

log = structlog.get_logger(__name__)


async def serve(settings: Settings, announce: Callable[[str], None], stop: asyncio.Event | None = None) -> None:
    """Serve until SIGTERM or SIGINT (or until `stop` is set); `announce` is told the address once it answers.

    Raises NotReady, and OSError where the port is taken.
    """
    stop = stop or stop_on_signals()
    try:
        async with build(settings) as app:
            await keep_open(app, announce, stop)
    except InvalidToken:
        raise NotReady("Telegram does not know TELEGRAM_BOT_TOKEN: copy it again from @BotFather.") from None
    except NetworkError as error:
        raise NotReady(f"Telegram does not answer at {settings.telegram_api_url}: {error}") from None


async def keep_open(app: App, announce: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve a house that is built, until `stop` is set."""
    await refuse_old_tables(app.database)
    # No access log: the structured one says what matters, without addresses of people.
    runner = web.AppRunner(app.doors.application(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, app.settings.host, app.settings.port).start()
        announce(f"http://{app.settings.host}:{runner.addresses[0][1]}")
        await _work_until(stop, app)
    finally:
        app.doors.leave()
        await runner.cleanup()


def stop_on_signals() -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _work_until(stop: asyncio.Event, app: App) -> None:
    """Work until asked to stop, or until a part fails for good, which is then raised."""
    parts = [asyncio.create_task(app.worker.run()), asyncio.create_task(app.introduce())]
    if app.settings.uses_telegram_webhook:
        secret = app.settings.telegram_webhook_secret.get_secret_value()
        await app.telegram.use_webhook(f"{app.settings.webhook_base}/webhook/telegram", secret)
    else:
        parts.append(asyncio.create_task(app.telegram.poll(app.intake.take)))
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stopping.done():
            done, _ = await asyncio.wait([stopping, *parts], return_when=asyncio.FIRST_COMPLETED)
            parts = [part for part in parts if part not in done]
            for part in done - {stopping}:
                part.result()
    finally:
        await _cancel(stopping, *parts)


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    """End the tasks, asking again where a library in between has lost the first cancellation."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_ASK_AGAIN_S)
