"""The sandbox as one web application: GetMiPay, Telegram, WhatsApp and the chat page behind one address."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable

from aiohttp import web

import sandbox.chat
import sandbox.getmipay
import sandbox.telegram
import sandbox.whatsapp
from sandbox.keys import SETTINGS, STORE
from sandbox.settings import Settings
from sandbox.store import Store

# A long poll or a deliberately hung answer must not hold up a Ctrl-C.
SHUTDOWN_TIMEOUT_S = 0.5


def build(settings: Settings) -> web.Application:
    """Open the store and furnish every room."""
    app = web.Application()
    app[SETTINGS] = settings
    app[STORE] = Store(settings.data)
    app.cleanup_ctx.append(_close_store)
    sandbox.getmipay.add_routes(app)
    sandbox.telegram.add_routes(app)
    sandbox.whatsapp.add_routes(app)
    sandbox.chat.add_routes(app)
    return app


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is told the address once it answers."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.until_stdin_closes:
        # A daemon thread: a read that never ends must not hold up a Ctrl-C.
        threading.Thread(target=_stop_after_stdin, args=(asyncio.get_running_loop(), stop), daemon=True).start()
    # No access log: Telegram's addresses carry the bot's token.
    runner = web.AppRunner(build(settings), access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        await site.start()
        announce(_address(settings.host, runner.addresses[0]))
        await stop.wait()
    finally:
        await runner.cleanup()


def _stop_after_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not sys.stdin: a thread that holds its lock would break the interpreter's own end.
    while os.read(0, 1024):
        pass
    loop.call_soon_threadsafe(stop.set)


async def _close_store(app: web.Application) -> AsyncIterator[None]:
    # Registered first, hence closed last: the rooms may still write while they shut down.
    yield
    app[STORE].close()


def _address(host: str, bound: tuple[str, int] | tuple[str, int, int, int]) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound[1]}"
