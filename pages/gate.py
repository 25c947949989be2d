"""The gate in front of every door: who knocks too often is turned away before anything is read or looked up."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from core.floods import Floods
from core.settings import is_loopback

# Behind one address of a mobile operator are thousands of telephones: these stop floods, not people.
_PAGES_A_MINUTE = 1_200
# Whoever signs well is never slowed down; a stranger who guesses signatures is heard so often and no more.
_REFUSALS_A_MINUTE = 120
_COME_AGAIN = {"Retry-After": "60"}
# Asked again and again by whoever runs us.
_UNCOUNTED = {"/health", "/ready", "/metrics"}
_REFUSED = {
    HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}  # fmt: skip

Network: TypeAlias = IPv4Network | IPv6Network


class Gate:
    """Counts what each address asks for, and what it was refused.

    `proxies` are the networks whose word is taken for who asks; this machine's own always is.
    """

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self._proxies = proxies
        self._pages = Floods(_PAGES_A_MINUTE)
        self._refusals = Floods(_REFUSALS_A_MINUTE)

    def middleware(self) -> Middleware:
        """What aiohttp puts around each door."""

        @web.middleware
        async def through_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path in _UNCOUNTED:
                return await handler(request)
            address = self._address_of(request)
            if self._refusals.is_over(address) or self._asks_too_often(request, address):
                return _turned_away()
            try:
                answer = await handler(request)
            except web.HTTPException as refusal:
                self._note(address, refusal.status)
                raise
            self._note(address, answer.status)
            return answer

        return through_the_gate

    def _asks_too_often(self, request: web.Request, address: str) -> bool:
        """Webhooks come as fast as members pay."""
        return not request.path.startswith("/webhook/") and self._pages.counts_over(address)

    def _note(self, address: str, status: int) -> None:
        if status in _REFUSED:
            self._refusals.counts_over(address)

    def _address_of(self, request: web.Request) -> str:
        """Who asks; where one of our proxies passes them on, the last address that it saw.

        What stands before the last one was written by whoever asks, and proves nothing.
        """
        address = request.remote or ""
        forwarded = request.headers.get("X-Forwarded-For")
        if forwarded and self._is_proxy(address):
            address = forwarded.rpartition(",")[2].strip()
        return _network_of(address)

    def _is_proxy(self, address: str) -> bool:
        return is_loopback(address) or any(ipaddress.ip_address(address) in network for network in self._proxies)


@lru_cache(4_096)
def _network_of(address: str) -> str:
    """An address as one counts it: those of IPv6 by the network, for whoever has one has them all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unreadable"
    return str(parsed) if parsed.version == 4 else str(ipaddress.IPv6Network((parsed, 64), strict=False))  # noqa: PLR2004


def _turned_away() -> web.Response:
    answer = web.Response(text="Trop de demandes : revenez dans une minute.\n", status=429, headers=_COME_AGAIN)
    # The body was not read: what comes of it must not be taken for the next request.
    answer.force_close()
    return answer
