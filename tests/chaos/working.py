"""A worker of the house in a process of its own, beside `cauri run`: it says what waits and does what is due."""

import asyncio

import app
from core import logs, settings


def main() -> None:
    logs.configure()
    asyncio.run(_work())


async def _work() -> None:
    async with app.build(settings.load()) as house:
        await house.worker.run()
