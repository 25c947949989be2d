"""A process that receives webhooks from its standard input, some at a time, until it is killed; run by test_kills."""

import asyncio
import sys

from core.db import Database
from payments import WebhookDoor, WebhookSecrets
from tests.payments.kit import SECRET, signature_of


async def receive_all(url: str, at_once: int) -> None:
    database, door, room = Database(url), WebhookDoor(WebhookSecrets(SECRET)), asyncio.Semaphore(at_once)

    async def receive(text: str) -> None:
        async with room:
            answer = await door.receive(database, text.encode(), signature_of(text))
            sys.stdout.write(f"{answer.status.value} {text}\n")
            sys.stdout.flush()

    # Until the empty line: the other side holds this end open, to see whether we live.
    await asyncio.gather(*(receive(line.strip()) for line in iter(sys.stdin.readline, "\n")))


asyncio.run(receive_all(sys.argv[1], int(sys.argv[2])))
