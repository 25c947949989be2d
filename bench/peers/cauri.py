"""Our own doors as a process of their own, without worker, bot and GetMiPay: what hears webhooks and settles.

python -m bench.peers.cauri PORT
"""

import os
import sys
from typing import Any, cast

from aiohttp import web

from core import logs
from core.db import Database
from core.settings import Settings
from payments import WebhookDoor, WebhookSecrets
from webhook_server import Doors

if __name__ == "__main__":
    logs.configure()
    url = os.environ["BENCH_DATABASE_URL"]
    nobody = cast("Any", None)  # no chat is heard here
    door = WebhookDoor(WebhookSecrets(os.environ["BENCH_SECRET"]))
    app = Doors(Settings(database_url=url), Database(url), door, nobody, nobody).application()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
