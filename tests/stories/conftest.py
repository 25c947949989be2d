from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from core.db import Database
from tests.conftest import ENGINES
from tests.stories.town import Town, running_town

# For stories in which the engine cannot matter: `@ON_SQLITE`.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"])
# For stories that need what Telegram alone has: groups, edits, a contact button.
ON_TELEGRAM = pytest.mark.parametrize("channel", ["telegram"])
# For those about messages that stay as they are.
ON_WHATSAPP = pytest.mark.parametrize("channel", ["whatsapp"])
# For the few that are told on each channel and each engine.
EVERYWHERE = pytest.mark.parametrize(
    ("engine", "channel"), [(engine, channel) for channel in ("telegram", "whatsapp") for engine in ENGINES]
)
# WhatsApp's stories end in the same rows as Telegram's: one engine will do for most of them.
_HERE_AND_THERE = [*((engine, "telegram") for engine in ENGINES), ("sqlite", "whatsapp")]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A story that does not say where it happens happens on both channels; a group's, where there are groups."""
    said = {name.strip() for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark.args[0])}
    if "channel" not in metafunc.fixturenames or "channel" in said:
        return
    if _speaks_of_groups(metafunc.module):
        metafunc.definition.add_marker(ON_TELEGRAM)
        return
    # As a mark: pytest would else take the engines from the fixture's own list as well.
    if "engine" in said:
        metafunc.definition.add_marker(pytest.mark.parametrize("channel", ["telegram", "whatsapp"]))
    else:
        metafunc.definition.add_marker(pytest.mark.parametrize(("engine", "channel"), _HERE_AND_THERE))


def _speaks_of_groups(module: ModuleType) -> bool:
    kits = {getattr(each, "__module__", "") for each in vars(module).values()}
    return bool(kits & {"tests.stories.group", "tests.stories.tontine"}) or hasattr(module, "HAPPENS_ON")


def _names(argument: str | Sequence[str]) -> Sequence[str]:
    return argument.split(",") if isinstance(argument, str) else argument


@pytest.fixture
def channel() -> str:
    """The channel on which a story happens."""
    return "telegram"


@pytest.fixture(scope="session", autouse=True)
def _plain_tracebacks() -> Iterator[None]:
    """The default one draws every local of every frame: where faults are the rule it takes longer than the story."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture
async def town(database: Database, tmp_path: Path, channel: str) -> AsyncIterator[Town]:
    """The whole house and its world, on each engine and channel."""
    async with running_town(database, tmp_path, channel=channel) as town:
        yield town
