"""Our own doors as processes of their own, without worker, bot and GetMiPay: what hears webhooks and settles.

python -m bench.peers.cauri PORT [PROCESSES]
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
    url, processes = os.environ["BENCH_DATABASE_URL"], int([*sys.argv, "1"][2])
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    nobody = cast("Any", None)  # no chat is heard here
    door = WebhookDoor(WebhookSecrets(os.environ["BENCH_SECRET"]))
    app = Doors(Settings(database_url=url), Database(url), door, nobody, nobody, ways=nobody).application()
    port, shared = int(sys.argv[1]), processes > 1
    web.run_app(app, host="127.0.0.1", port=port, reuse_port=shared, access_log=None, print=None)
