"""What an operator is told about Telegram's ways with our pages, by the check."""

from pathlib import Path
from typing import Any

from core.settings import Settings
from operations.check import Finding, Level, check

THEIRS, NOBODY = "https://api.telegram.org", "127.0.0.1:9"


async def pin_page(folder: Path, **values: Any) -> Finding:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder / 'cauri.sqlite3'}", **values)
    [found] = [finding async for finding in check(settings) if finding.about == "PIN page"]
    return found


async def test_the_check_says_that_telegram_opens_no_pin_page_without_https(tmp_path: Path):
    for public_url in ("", f"http://{NOBODY}"):
        found = await pin_page(tmp_path, telegram_api_url=THEIRS, public_url=public_url)
        assert (found.level, "PUBLIC_URL=https://" in found.says) == (Level.BAD, True)
    public = {"public_url": f"https://{NOBODY}", "telegram_webhook_secret": "known-to-telegram", "pin_secret": "x" * 32}
    assert (await pin_page(tmp_path, telegram_api_url=THEIRS, **public)).level is Level.GOOD


async def test_the_sandboxs_telegram_opens_it_on_this_machine(tmp_path: Path):
    assert (await pin_page(tmp_path, telegram_api_url=f"http://{NOBODY}")).level is Level.GOOD
