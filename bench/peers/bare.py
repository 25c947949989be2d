"""The same aiohttp server that only checks the HMAC: what HTTP alone costs here.

python -m bench.peers.bare PORT
"""

import hashlib
import hmac
import os
import sys

from aiohttp import web

SECRET = os.environ["BENCH_SECRET"].encode()


async def hear(request: web.Request) -> web.Response:
    """200 for what is signed well."""
    body = await request.read()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
        return web.json_response({"outcome": "bad_signature"}, status=401)
    return web.json_response({"outcome": "applied"})


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/webhook/getmipay/", hear)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
