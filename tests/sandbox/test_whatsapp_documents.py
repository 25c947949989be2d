"""docs/sandbox-whatsapp.md forgets no knob, no fault, no address and no refusal."""

import json
from pathlib import Path

from sandbox.settings import Settings
from sandbox.whatsapp import control, people_api
from sandbox.whatsapp.business import APP_ID
from sandbox.whatsapp.contents import TYPES
from sandbox.whatsapp.knobs import FaultKind, Knobs

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sandbox-whatsapp.md").read_text()


def test_every_knob_is_documented_with_its_resting_position():
    resting = Knobs().model_dump(mode="json")
    missing = [name for name, value in resting.items() if f"| `{name}` | `{json.dumps(value)}` |" not in DOCUMENT]

    assert missing == []


def test_every_kind_of_fault_is_documented():
    assert [kind for kind in FaultKind if f"| `{kind}` |" not in DOCUMENT] == []


def test_every_address_is_documented():
    routes = [*control.routes(), *people_api.routes()]
    missing = [f"{route.method} {route.path}" for route in routes if _shown(route.path) not in DOCUMENT]

    assert missing == []


def test_every_type_of_message_is_documented():
    assert [kind for kind in TYPES if f"`{kind}`" not in DOCUMENT] == []


def test_every_demo_value_is_documented():
    settings = Settings()
    values = (
        settings.whatsapp_phone_id,
        settings.whatsapp_business_id,
        settings.whatsapp_token,
        settings.whatsapp_app_secret,
        settings.whatsapp_verify_token,
        APP_ID,
    )
    assert [value for value in values if f"`{value}`" not in DOCUMENT] == []


def _shown(path: str) -> str:
    """The document shortens what a person does to `…/say`."""
    return path.replace("/whatsapp/api/people/{person}/", "…/")
