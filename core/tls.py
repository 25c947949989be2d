"""Whom we trust on the wire."""

import ssl
from functools import cache

import httpx


@cache
def trusted(*, by_environment: bool = True) -> ssl.SSLContext:
    """The authorities that httpx trusts, read once: every client would read them again, for longer than a call lasts.

    `by_environment` lets `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    """
    return httpx.create_ssl_context(trust_env=by_environment)
