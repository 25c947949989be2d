"""docs/sandbox-telegram.md forgets no method, no knob, no fault and no address."""

import json
import re
from pathlib import Path

from sandbox.chat import STATIC, api, events, group_api
from sandbox.telegram import endpoints
from sandbox.telegram.knobs import FaultKind, Knobs
from sandbox.telegram.methods import METHODS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sandbox-telegram.md").read_text()


def test_every_method_is_documented():
    assert [method for method in METHODS if f"`{method}`" not in DOCUMENT.lower()] == []


def test_every_knob_is_documented_with_its_resting_position():
    resting = Knobs().model_dump(mode="json")
    missing = [name for name, value in resting.items() if f"| `{name}` | `{json.dumps(value)}` |" not in DOCUMENT]

    assert missing == []


def test_every_kind_of_fault_is_documented():
    assert [kind for kind in FaultKind if f"| `{kind}` |" not in DOCUMENT] == []


def test_every_address_is_documented():
    routes = [*api.routes(), *group_api.routes(), *events.routes(), *endpoints.routes()]
    missing = [f"{route.method} {route.path}" for route in routes if _shown(route.path) not in DOCUMENT]

    assert missing == []


def test_every_hook_of_the_page_is_documented():
    scripts = "".join(script.read_text() for script in STATIC.glob("*.js"))
    hooks = set(
        re.findall(r'"data-testid": "([\w-]+)"|testid: "([\w-]+)"|"data-testid", .*?"([\w-]+)" : "([\w-]+)"', scripts)
    )
    names = {name for found in hooks for name in found if name}

    assert len(names) > 20
    assert [name for name in names if f"`{name}`" not in DOCUMENT] == []


def _shown(path: str) -> str:
    """The document calls what happens in a chat `…/chats/{chat}/say`, and tokens and paths by simpler names."""
    shortened = path.replace("/chat/api/people/{person}/chats/{chat}/", "…/chats/{chat}/")
    return shortened.replace("bot{token}/{method}", "bot<token>/<method>").replace(
        "{token}/files/{file_id}", "<token>/<path>"
    )
