"""What an operator is told about WhatsApp: by the check, and by the list of templates."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.whatsapp_templates import approvals
from core.settings import Settings
from operations.check import Finding, Level, check
from operations.readiness import NotReady
from operations.whatsapp import Standing, templates
from tests.sandbox.whatsapp_town import DEMO, Town, opened_town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened_town(tmp_path) as town:
        yield town


def settings_of(town: Town, **changes: Any) -> Settings:
    values = {
        "database_url": f"sqlite:///{town.data.parent / 'cauri.sqlite3'}", "getmipay_api_url": "http://127.0.0.1:9",
        "telegram_api_url": "http://127.0.0.1:9", "whatsapp_token": DEMO.whatsapp_token,
        "whatsapp_phone_id": DEMO.whatsapp_phone_id, "whatsapp_business_id": DEMO.whatsapp_business_id,
        "whatsapp_app_secret": DEMO.whatsapp_app_secret, "whatsapp_verify_token": DEMO.whatsapp_verify_token,
        "whatsapp_number": DEMO.whatsapp_number, "whatsapp_api_url": f"{town.base}/whatsapp",
    }  # fmt: skip
    return Settings(_env_file=None, **{**values, **changes})


async def found(settings: Settings) -> list[Finding]:
    return [finding async for finding in check(settings) if finding.about == "WhatsApp"]


async def listed(settings: Settings, *, submit: bool = False) -> list[Standing]:
    return [standing async for standing in templates(settings, submit=submit)]


async def test_templates_are_listed_submitted_once_and_then_approved(town: Town):
    settings = settings_of(town)
    await town.turn(template_review="wait")
    assert {each.says for each in await listed(settings)} == {"missing"}
    submitted = await listed(settings, submit=True)
    assert len(submitted) == len(list(approvals()))
    assert {each.says for each in submitted} == {"submitted, pending"}
    assert {each.says for each in await listed(settings, submit=True)} == {"pending"}

    first = submitted[0]
    await town.do(f"templates/{first.name}", language=first.language, status="APPROVED")
    [approved] = [each for each in await listed(settings) if each.is_approved]
    assert (approved.name, approved.language, approved.says) == (first.name, first.language, "approved")


async def test_the_check_says_what_is_missing_and_is_content_once_nothing_is(town: Town):
    settings = settings_of(town)
    answers, reach, missing = await found(settings)
    assert (answers.level, answers.says) == (Level.GOOD, f"Cauri answers at +{DEMO.whatsapp_number}")
    assert (reach.level, "PUBLIC_URL" in reach.says) == (Level.DOUBT, True)
    assert (missing.level, "templates are not approved" in missing.says) == (Level.DOUBT, True)
    await listed(settings, submit=True)
    assert len(await found(settings)) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"whatsapp_token": "expired"}, "Meta refuses (190)"),
        ({"whatsapp_phone_id": "999"}, "Meta refuses (100)"),
        ({"whatsapp_business_id": "999"}, "Meta refuses (100)"),
        ({"whatsapp_number": "22670000000"}, "WHATSAPP_NUMBER is not the number Meta knows"),
        ({"whatsapp_api_url": "http://127.0.0.1:9"}, "Meta does not answer"),
    ],
)
async def test_a_wrong_setting_is_said_in_a_sentence_without_the_token(town: Town, wrong: dict[str, str], says: str):
    first = (await found(settings_of(town, **wrong)))[0]
    assert first.level is Level.BAD
    assert first.says.startswith(says)
    assert DEMO.whatsapp_token not in first.says


async def test_without_whatsapp_the_check_is_content_and_there_is_nothing_to_list(tmp_path: Path):
    settings = Settings(
        _env_file=None, database_url=f"sqlite:///{tmp_path / 'a'}", telegram_api_url="http://127.0.0.1:9"
    )
    [finding] = await found(settings)
    assert (finding.level, "not set up" in finding.says) == (Level.GOOD, True)
    with pytest.raises(NotReady, match=r"docs/whatsapp\.md"):
        await listed(settings)


async def test_what_meta_refuses_of_the_account_is_a_sentence(town: Town):
    with pytest.raises(NotReady, match=r"Meta refuses \(190\)"):
        await listed(settings_of(town, whatsapp_token="expired"))
