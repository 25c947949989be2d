"""The demo: the whole thing on this machine, with a sandbox for the outside world and made-up money."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from core import schema
from core.settings import Settings
from operations.readiness import NotReady, opened
from operations.serve import serve, stop_on_signals
from operations.whatsapp import templates
from operators import Role, add_operator, operator_named

# Demo values, known to everybody; the sandbox is started with the same ones.
_API_KEY = "demo-api-key"
_SECRET_KEY = "demo-secret-key"  # noqa: S105
_WEBHOOK_SECRET = "demo-webhook-secret"  # noqa: S105
_BOT_TOKEN = "100000001:demo-token-for-the-sandbox-only"  # noqa: S105
_WHATSAPP_TOKEN = "demo-whatsapp-token-for-the-sandbox-only"  # noqa: S105
_WHATSAPP_APP_SECRET = "demo-whatsapp-app-secret"  # noqa: S105
_WHATSAPP_VERIFY_TOKEN = "demo-whatsapp-verify-token"  # noqa: S105
_DOCUMENTS_KEY = "demo-documents-key-known-to-everybody"
_PIN_SECRET = "demo-pin-secret"  # noqa: S105
# The first two of the sandbox's people, by their made-up ids at Telegram.
_OPERATORS = (("Awa", Role.ADMIN, "5100000001"), ("Moussa", Role.FINANCE, "5100000002"))
_SANDBOX_PORT = 8100
_APP_PORT = 8000
_START_S = 30


async def demo(folder: Path, announce: Callable[[str], None]) -> None:
    """Start the sandbox and the service, tell the page's address, stop both at Ctrl-C. The data stays in `folder`."""
    stop = stop_on_signals()
    port = _free_port(_APP_PORT)
    async with _sandbox(folder, port, stop) as sandbox:
        settings = demo_settings(folder, sandbox, port)
        async with opened(settings.database_url) as database:
            await schema.migrate(database)
            await database.run(_take_on_operators)
        async with asyncio.TaskGroup() as beside:
            beside.create_task(_ask_for_templates(settings))
            await serve(settings, lambda _: announce(sandbox), stop)


async def _take_on_operators(session: AsyncSession) -> None:
    """Two of the page's people work behind the counter as well: what takes two can be tried."""
    for name, role, telegram in _OPERATORS:
        if await operator_named(session, name) is None:
            await add_operator(session, name, role, channel="telegram", external_id=telegram)


async def _ask_for_templates(settings: Settings) -> None:
    """What an operator does once by hand, and Meta takes a day for: without it nobody is told anything overnight."""
    async for _ in templates(settings, submit=True):
        pass


def demo_settings(folder: Path, sandbox: str, port: int) -> Settings:
    """Settings that need no account, no key and no server; whatever `.env` says is left alone."""
    values: dict[str, object] = {
        "database_url": f"sqlite:///{folder / 'cauri.sqlite3'}",
        "port": port,
        "getmipay_api_url": f"{sandbox}/getmipay",
        "getmipay_api_key": _API_KEY,
        "getmipay_secret_key": _SECRET_KEY,
        "getmipay_webhook_secret": _WEBHOOK_SECRET,
        "telegram_bot_token": _BOT_TOKEN,
        "telegram_api_url": f"{sandbox}/telegram",
        "whatsapp_token": _WHATSAPP_TOKEN,
        "whatsapp_phone_id": "100000000000001",
        "whatsapp_business_id": "200000000000002",
        "whatsapp_app_secret": _WHATSAPP_APP_SECRET,
        "whatsapp_verify_token": _WHATSAPP_VERIFY_TOKEN,
        "whatsapp_number": "22625000001",
        "whatsapp_api_url": f"{sandbox}/whatsapp",
        "documents_key": _DOCUMENTS_KEY,
        "chat_url": sandbox,
        "pin_secret": _PIN_SECRET,
        "public_url": "",
        "log_format": "console",
    }
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]  # pydantic-settings checks them


@asynccontextmanager
async def _sandbox(folder: Path, app_port: int, stop: asyncio.Event) -> AsyncIterator[str]:
    """The sandbox in a process of its own, which ends with this one however this one ends; gives its address."""
    arguments = [
        "--port", str(_free_port(_SANDBOX_PORT)), "--data", str(folder / "sandbox.sqlite3"),
        "--whatsapp-webhook-url", f"http://127.0.0.1:{app_port}/webhook/whatsapp",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, "--until-stdin-closes",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    watch = asyncio.create_task(_stop_with(process, stop))
    try:
        yield await _address(process)
    finally:
        watch.cancel()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - asked for above
    line = (await asyncio.wait_for(process.stdout.readline(), _START_S)).decode()
    if not line.startswith("sandbox ready on "):
        raise NotReady("The sandbox did not start; its own message above says why.")
    return line.removeprefix("sandbox ready on ").strip()


async def _stop_with(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    await process.wait()
    stop.set()


def _free_port(wanted: int) -> int:
    """The wanted port, or any free one where somebody has it: a newcomer's other work must not stop the demo."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise NotReady("No free port on 127.0.0.1.")
