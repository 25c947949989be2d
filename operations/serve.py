"""Serving: the doors, the worker and, without a public address, Telegram's polling, in one process."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import stamina
import structlog
from aiohttp import web
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter

from app import App, build
from bot.channels.telegram import seconds
from core.db import is_database_away
from core.pacing import Duty
from core.settings import Settings
from operations.readiness import NotReady, refuse_old_tables, refuse_unsaid_pgbouncer, wait_for_database

_ASK_AGAIN_S = 2
_LONGEST_WAIT_S = 30
_LOOK_EVERY_S = 1
# What is under way when a process is asked to stop may take so long; others take up what is then left.
_FINISH_S = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """What a process does of the whole: open the doors to the outside, do the work behind them, or both."""

    opens_doors: bool = True
    works: bool = True


EVERYTHING = Serving()


async def serve(
    settings: Settings,
    announce: Callable[[str], None],
    stop: asyncio.Event | None = None,
    serving: Serving = EVERYTHING,
) -> None:
    """Serve until SIGTERM or SIGINT (or until `stop` is set); `announce` is told the address once it answers.

    Raises NotReady, and OSError where the port is taken.
    """
    stop = stop or stop_on_signals()
    try:
        async with build(settings) as app:
            await keep_open(app, announce, stop, serving)
    except InvalidToken:
        raise NotReady("Telegram does not know TELEGRAM_BOT_TOKEN: copy it again from @BotFather.") from None
    except NetworkError as error:
        raise NotReady(f"Telegram does not answer at {settings.telegram_api_url}: {error}") from None


async def keep_open(
    app: App, announce: Callable[[str], None], stop: asyncio.Event, serving: Serving = EVERYTHING
) -> None:
    """Serve a house that is built, until `stop` is set; then take nothing up any more, and end what was begun."""
    await wait_for_database(app.database)
    await refuse_unsaid_pgbouncer(app.database)
    await refuse_old_tables(app.database)
    doors = app.doors.application(inside_only=not serving.opens_doors)
    # No access log: the structured one says what matters, without addresses of people.
    runner = web.AppRunner(doors, access_log=None, shutdown_timeout=_FINISH_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, app.settings.host, app.settings.port).start()
        announce(f"http://{app.settings.host}:{runner.addresses[0][1]}")
        await _work_until(stop, app, serving)
    finally:
        app.doors.leave()
        await runner.cleanup()


def stop_on_signals() -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _work_until(stop: asyncio.Event, app: App, serving: Serving) -> None:
    """Work until asked to stop and done with it, or until a part fails for good, which is then raised."""
    work = [asyncio.create_task(each) for each in _work(stop, app, serving)]
    beside = [asyncio.create_task(each) for each in _beside(app, serving)]
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stopping.done():
            parts = [part for part in (*work, *beside) if not part.done()]
            done, _ = await asyncio.wait([stopping, *parts], return_when=asyncio.FIRST_COMPLETED)
            for part in done - {stopping}:
                part.result()
        app.doors.leave()
        app.worker.rest()
        # The doors stay open until those who send have seen that we are leaving.
        await asyncio.sleep(app.settings.drain_seconds)
        if work:
            await asyncio.wait(work, timeout=_FINISH_S)
    finally:
        await _cancel(stopping, *work, *beside)


def _work(stop: asyncio.Event, app: App, serving: Serving) -> list[Coroutine[Any, Any, None]]:
    """What ends by itself, when it is asked to."""
    if not serving.works:
        return []
    return [app.worker.run()] if app.settings.uses_telegram_webhook else [app.worker.run(), _poll(stop, app)]


def _beside(app: App, serving: Serving) -> list[Coroutine[Any, Any, None]]:
    """What may be left off at any moment."""
    beside = [app.database.bells.carry()]
    if serving.works:
        beside.append(_introduce(app))
    if serving.opens_doors and app.settings.uses_telegram_webhook:
        beside.append(_be_called(app))
    return beside


async def _introduce(app: App) -> None:
    """Members can wait for it, and so it can for a database that has just gone away."""
    async for attempt in stamina.retry_context(
        on=is_database_away, attempts=None, timeout=None, wait_initial=1, wait_max=_LONGEST_WAIT_S
    ):
        with attempt:
            await app.introduce()


async def _be_called(app: App) -> None:
    """Have Telegram call us; nobody is heard before, so it is asked for as long as the network may come back."""
    secret = app.settings.telegram_webhook_secret.get_secret_value()
    again = stamina.retry_context(on=_passes, attempts=None, timeout=None, wait_initial=1, wait_max=_LONGEST_WAIT_S)
    async for attempt in again:
        with attempt:
            await app.telegram.use_webhook(f"{app.settings.webhook_base}/webhook/telegram", secret)


def _passes(error: Exception) -> bool | timedelta:
    """Whether Telegram may say yes another time, and when where it says so itself.

    Several processes that start together may ask too often for its liking.
    """
    if isinstance(error, RetryAfter):
        return seconds(error.retry_after)
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)


async def _poll(stop: asyncio.Event, app: App) -> None:
    """Ask Telegram for what is new whenever no other process does: it answers one."""
    duty = Duty(app.database, "telegram.poll")
    stopping = asyncio.create_task(stop.wait())
    polling: asyncio.Task[None] | None = None
    try:
        while not stopping.done():
            is_ours = await _is_ours(duty)
            if is_ours and polling is None:
                polling = asyncio.create_task(app.telegram.poll(app.intake.take))
            elif not is_ours and polling is not None:
                await _cancel(polling)
                polling = None
            await asyncio.wait([stopping], timeout=duty.RENEW_EVERY_S if is_ours else _LOOK_EVERY_S)
    finally:
        await _cancel(stopping, *([polling] if polling else []))
        if polling:
            await duty.leave()


async def _is_ours(duty: Duty) -> bool:
    """Without the database nothing that was asked for could be kept: then nobody asks."""
    try:
        return await duty.take()
    except Exception as error:  # noqa: BLE001 - the database comes back; polling must go on
        log.warning("telegram.poll_failed", reason=repr(error))
        return False


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    """End the tasks, asking again where a library in between has lost the first cancellation."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_ASK_AGAIN_S)
