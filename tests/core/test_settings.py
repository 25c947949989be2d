from pathlib import Path

import pytest

from core.settings import Settings, SettingsError, is_loopback, load

SECRET = "sk_live_4f9a17c2"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment and a folder in which an operator has set nothing yet."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def mistakes(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load()
    assert str(raised.value) == "\n".join(raised.value.problems)
    return raised.value.problems


def test_nothing_needs_to_be_set_to_try_things_out():
    settings = load()
    assert settings.database_url == "sqlite:///var/cauri.sqlite3"
    assert settings.port == 8000
    assert settings.webhook_base == "http://127.0.0.1:8000"
    assert not settings.uses_telegram_webhook


def test_settings_come_from_the_environment_and_from_a_file(monkeypatch: pytest.MonkeyPatch):
    Path(".env").write_text("PORT=8100\nGETMIPAY_API_KEY=from_file\nSOMEBODY_ELSES=1\n", "utf-8")
    monkeypatch.setenv("PORT", "8200")
    settings = load()
    assert settings.port == 8200
    assert settings.getmipay_api_key.get_secret_value() == "from_file"


def test_what_is_left_empty_keeps_its_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("PAYMENT_METHODS", "")
    assert load().port == 8000
    assert load().payment_methods == {}


def test_payment_methods_are_read_as_json(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAYMENT_METHODS", '{"wave": {"name": "Wave"}, "visa": {"enabled": false}}')
    methods = load().payment_methods
    assert methods["wave"].name == "Wave"
    assert methods["wave"].enabled
    assert not methods["visa"].enabled


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (f'{{"wave": {SECRET}', "PAYMENT_METHODS: this is not JSON"),
        ("[1]", "PAYMENT_METHODS: Input should be a valid dictionary"),
        ('{"wave": {"enabled": "peut-être"}}', "PAYMENT_METHODS.WAVE.ENABLED: Input should be a valid boolean"),
    ],
)
def test_payment_methods_that_cannot_be_read_are_a_sentence(monkeypatch: pytest.MonkeyPatch, value: str, sentence: str):
    [problem] = mistakes(monkeypatch, PAYMENT_METHODS=value)
    assert problem.startswith(sentence)
    assert SECRET not in problem


@pytest.mark.parametrize(
    "url",
    ["", "cauri.sqlite3", "sqlite://", "sqlite:///:memory:", f"mysql://cauri:{SECRET}@db/cauri", "postgresql://db:x/a"],
)
def test_a_database_that_cannot_be_kept_is_a_sentence_that_repeats_no_password(
    monkeypatch: pytest.MonkeyPatch, url: str
):
    monkeypatch.setenv("PORT", "8000")
    with pytest.raises(SettingsError) as raised:
        load(database_url=url)
    [problem] = raised.value.problems
    assert problem.startswith("DATABASE_URL must be one of sqlite:///")
    assert SECRET not in problem


@pytest.mark.parametrize("name", ["PUBLIC_URL", "GETMIPAY_API_URL", "TELEGRAM_API_URL", "WHATSAPP_API_URL"])
@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@example.com",
        "http://10.0.0.7",
        "ftp://localhost",
        "example.com",
        "https://",
        "https://[::1",
    ],
)
def test_an_address_without_https_is_a_sentence_that_repeats_no_password(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
):
    [problem] = mistakes(monkeypatch, **{name: url})
    assert problem == f"{name} must start with https:// and name a host (http:// is for loopback only)"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000", "https://example.com"]
)
def test_https_and_loopback_are_safe_addresses(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("GETMIPAY_API_URL", url)
    assert load().getmipay_api_url == url


def test_telegram_calls_a_public_address_only_with_a_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIN_SECRET", SECRET)
    [problem] = mistakes(monkeypatch, PUBLIC_URL="https://example.com/", TELEGRAM_BOT_TOKEN=SECRET)
    assert problem.startswith("TELEGRAM_WEBHOOK_SECRET is missing")
    assert SECRET not in problem

    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", SECRET)
    settings = load()
    assert settings.uses_telegram_webhook
    assert settings.webhook_base == "https://example.com"
    assert SECRET not in repr(settings)


def test_members_come_only_where_pins_are_kept_with_a_secret(monkeypatch: pytest.MonkeyPatch):
    [problem] = mistakes(
        monkeypatch, PUBLIC_URL="https://example.com", TELEGRAM_BOT_TOKEN=SECRET, TELEGRAM_WEBHOOK_SECRET=SECRET
    )
    assert problem.startswith("PIN_SECRET is missing")
    monkeypatch.setenv("PIN_SECRET", SECRET)
    assert SECRET not in repr(load())


def test_a_public_address_without_a_bot_needs_no_telegram_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_URL", "https://example.com")
    assert not load().uses_telegram_webhook


WHATSAPP = {
    "WHATSAPP_TOKEN": SECRET, "WHATSAPP_PHONE_ID": "1001", "WHATSAPP_BUSINESS_ID": "2002",
    "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": SECRET, "WHATSAPP_NUMBER": "22625000001",
}  # fmt: skip


def test_whatsapp_is_set_up_with_all_of_its_settings(monkeypatch: pytest.MonkeyPatch):
    assert not load().uses_whatsapp
    for name, value in WHATSAPP.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.uses_whatsapp
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("left_out", WHATSAPP)
def test_half_a_whatsapp_is_a_sentence_that_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, left_out: str):
    some = {name: value for name, value in WHATSAPP.items() if name != left_out}
    [problem] = mistakes(monkeypatch, **some)
    assert problem.startswith(f"{left_out} is missing: WhatsApp needs all of its settings")
    assert SECRET not in problem


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("WHATSAPP_NUMBER", "+226 25 00 00 01", "match pattern"),
        ("WHATSAPP_PHONE_ID", "my phone", "match pattern"),
        ("PORT", "eighty", "valid integer"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("PORT", "-1", "greater than or equal to 0"),
        ("LINK_MINUTES", "0", "greater than or equal to 1"),
        ("DEFAULT_COUNTRY", "bf", "match pattern"),
        ("LOG_FORMAT", "xml", "match pattern"),
    ],
)
def test_a_value_out_of_range_is_a_sentence_with_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
):
    [problem] = mistakes(monkeypatch, **{name: value})
    assert problem.startswith(f"{name}: ")
    assert why in problem


def test_every_mistake_is_told_at_once(monkeypatch: pytest.MonkeyPatch):
    found = mistakes(monkeypatch, PORT="eighty", LOG_FORMAT="xml", GETMIPAY_SECRET_KEY=SECRET)
    assert [problem.partition(":")[0] for problem in found] == ["PORT", "LOG_FORMAT"]

    monkeypatch.setenv("PORT", "8000")
    found = mistakes(
        monkeypatch, LOG_FORMAT="json", PUBLIC_URL="https://example.com", TELEGRAM_BOT_TOKEN=SECRET,
        TELEGRAM_API_URL="http://example.com", GETMIPAY_API_URL="http://example.com",
    )  # fmt: skip
    assert [problem.split()[0] for problem in found] == [
        "GETMIPAY_API_URL", "TELEGRAM_API_URL", "TELEGRAM_WEBHOOK_SECRET", "PIN_SECRET",
    ]  # fmt: skip
    assert SECRET not in "".join(found)


def test_settings_given_in_code_come_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "8200")
    assert load(port=8300).port == 8300


def test_loopback_is_this_machine_alone():
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.9", "::1"))
    assert not any(is_loopback(host) for host in ("10.0.0.1", "example.com", ""))
