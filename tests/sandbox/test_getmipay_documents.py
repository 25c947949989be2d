"""docs/sandbox-getmipay.md forgets no fault, no magic code, no knob and no address."""

import json
import re
from pathlib import Path

from sandbox.getmipay import api, control, sdk, v1
from sandbox.getmipay.faults import MAGIC_CODES
from sandbox.getmipay.knobs import Knobs

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sandbox-getmipay.md").read_text()


def test_every_fault_is_documented_beside_its_magic_code():
    missing = [fault for code, fault in MAGIC_CODES.items() if f"| {code} | `{fault}` |" not in DOCUMENT]

    assert missing == []


def test_no_fault_is_documented_that_does_not_exist():
    assert set(re.findall(r"^\| \d{3} \| `(\w+)` \|", DOCUMENT, re.MULTILINE)) == set(MAGIC_CODES.values())


def test_every_knob_is_documented_with_its_resting_position():
    resting = Knobs().model_dump(mode="json")
    missing = [name for name, value in resting.items() if f"| `{name}` | `{json.dumps(value)}` |" not in DOCUMENT]

    assert missing == []


def test_every_address_is_documented():
    routes = [f"`{route.method} {route.path}`" for route in (*api.routes, *v1.routes, *sdk.routes, *control.routes)]
    missing = [route for route in routes if route not in DOCUMENT]

    assert missing == []
