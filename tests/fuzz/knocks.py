"""What might be sent to our doors: well signed and badly, well formed and not, and everything in between."""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from core.settings import Settings
from payments import sign

_PYWA = json.loads((Path(__file__).parent.parent / "channels" / "data" / "pywa_updates.json").read_text("utf-8"))
_WORDS = [
    "/start", "/solde", "menu", "recharger 5000 wave 70 12 34 56", "retirer 2000 orange 70 12 34 56", "/envoyer 500",
    "oui", "annuler", "/tontine", "/lier", "12345678", "/historique", "1234", "/reclamation", "/identite", "9" * 200,
    "<b>&", "\u202e",
]  # fmt: skip
_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@dataclass(frozen=True)
class Knock:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Door:
    """A method and a path with its blanks, as the house has it."""

    method: str
    path: str


def knocks(doors: Sequence[Door], settings: Settings) -> st.SearchStrategy[Knock]:
    """Requests to all of the doors: most as strangers send them, some signed by those who may."""
    strangers = [*[_anybodys(doors)] * 4, *[_forms(doors)] * 2]
    return st.one_of(*strangers, _telegram(settings), _whatsapp(settings), *[_getmipay(settings)] * 2)


@st.composite
def _anybodys(draw: st.DrawFn, doors: Sequence[Door]) -> Knock:
    door = draw(st.sampled_from(doors))
    method = draw(st.just(door.method) | st.sampled_from(_METHODS))
    body = draw(st.just(b"") | st.binary(max_size=300) | values.map(_json) | st.just(b"[" * 50_000))
    return Knock(method, _path(draw, door), _headers(draw), b"" if method == "GET" else body)


@st.composite
def _forms(draw: st.DrawFn, doors: Sequence[Door]) -> Knock:
    door = draw(st.sampled_from([each for each in doors if each.method == "POST"]))
    names = st.sampled_from(["pin", "again", "token", "csrf", "reason", "file", "q", "lang"]) | st.text(max_size=8)
    fields = draw(st.dictionaries(names, st.text(max_size=40) | st.sampled_from(_WORDS), max_size=5))
    body = urlencode(fields, errors="replace").encode()
    return Knock("POST", _path(draw, door), {**_headers(draw), **_FORM}, body)


@st.composite
def _telegram(draw: st.DrawFn, settings: Settings) -> Knock:
    person = draw(st.integers(5_100_000_001, 5_100_000_020))
    me = {"id": person, "is_bot": False, "first_name": draw(st.text(min_size=1, max_size=20)), "language_code": "fr"}
    kind = draw(st.sampled_from(["private", "private", "group", "supergroup", "channel"]))
    chat = {"id": person if kind == "private" else -draw(st.integers(1, 50)), "type": kind, "title": "T"}
    message = {
        "message_id": draw(st.integers(1, 10_000)), "date": 1_795_000_000, "chat": chat, "from": me,
        "text": draw(st.sampled_from(_WORDS) | st.text(max_size=60)),
    }  # fmt: skip
    tap = {"id": "1", "from": me, "chat_instance": "1", "data": draw(st.text(max_size=64)), "message": message}
    update = draw(st.sampled_from([{"message": message}, {"callback_query": tap}, {"edited_message": message}]))
    update = {"update_id": draw(st.integers(1, 10**9)), **_bent(draw, update)}
    headers = {**_headers(draw), "X-Telegram-Bot-Api-Secret-Token": settings.telegram_webhook_secret.get_secret_value()}
    return Knock("POST", "/webhook/telegram", headers, _json(update))


@st.composite
def _whatsapp(draw: st.DrawFn, settings: Settings) -> Knock:
    body = _json(_bent(draw, draw(st.sampled_from(sorted(_PYWA.items())))[1]))
    secret = settings.whatsapp_app_secret.get_secret_value()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Knock("POST", "/webhook/whatsapp", {**_headers(draw), "X-Hub-Signature-256": f"sha256={signature}"}, body)


@st.composite
def _getmipay(draw: st.DrawFn, settings: Settings) -> Knock:
    fields = {
        "transaction_id": draw(st.text(max_size=30)), "reference": draw(st.text(max_size=20)), "currency": "XOF",
        "event": draw(st.sampled_from(["payment.completed", "payment.failed", "payout.completed", "payout.failed"])),
        "status": draw(st.sampled_from(["success", "failed", "pending"])), "amount": draw(st.integers(0, 10**7)),
    }  # fmt: skip
    fields = _bent(draw, fields)
    try:
        signature = sign(fields, settings.getmipay_webhook_secret.get_secret_value())
    except (ValueError, TypeError):
        signature = "0" * 64
    return Knock("POST", "/webhook/getmipay/", {**_headers(draw), "X-Signature": signature}, _json(fields))


def _bent(draw: st.DrawFn, value: Any) -> Any:
    """The same, with now and then one of its inner values replaced by anything at all."""
    if draw(st.integers(0, 2)) == 0:
        return value
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: draw(values) if draw(st.booleans()) else _bent(draw, value[name])}
    if isinstance(value, list) and value:
        return [_bent(draw, value[0]), *value[1:]]
    return draw(values)


def _path(draw: st.DrawFn, door: Door) -> str:
    blank = st.uuids().map(str) | st.text(max_size=20) | st.sampled_from(["..", "%00", "' OR 1=1", "../../etc/passwd"])
    path = re.sub(r"\{[^}]*\}", lambda _: quote(draw(blank), safe="", errors="replace"), door.path)
    query = draw(
        st.dictionaries(st.sampled_from(["lang", "q", "token", "before", "x"]), st.text(max_size=20), max_size=2)
    )
    return f"{path}?{urlencode(query, errors='replace')}" if query else path


def _headers(draw: st.DrawFn) -> dict[str, str]:
    """Each comes from an address of its own, since the gate would turn most of them away otherwise."""
    address = ".".join(str(draw(st.integers(1, 250))) for _ in range(4))
    odd = draw(st.dictionaries(
        st.sampled_from(["X-Signature", "X-Hub-Signature-256", "Cookie", "Accept-Language", "Origin", "Content-Type"]),
        st.text("abc;=/\"'<>,:.é0123456789", max_size=30), max_size=2,
    ))  # fmt: skip
    return {
        **{name: value.encode("ascii", "replace").decode() for name, value in odd.items()},
        "X-Forwarded-For": address,
    }


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
