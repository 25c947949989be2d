"""A process that receives webhooks from its standard input until it is killed; run by test_kills."""

import asyncio
import sys

from core.db import Database
from payments import WebhookDoor, WebhookSecrets
from tests.payments.kit import SECRET, signature_of


async def receive_all(url: str) -> None:
    database, door = Database(url), WebhookDoor(WebhookSecrets(SECRET))
    for line in sys.stdin:
        text = line.strip()
        answer = await door.receive(database, text.encode(), signature_of(text))
        sys.stdout.write(f"answered {answer.status.value}\n")
        sys.stdout.flush()


asyncio.run(receive_all(sys.argv[1]))
