"""Random stories by chat: people who top up, withdraw, send and look, each one thing after the other."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx

from tests.chaos.stories import random_amount
from tests.stories.person import PIN, labels_of, plain
from tests.stories.town import Person, Town

_HOW_OFTEN = {"top_up": 35, "send": 30, "withdraw": 20, "look": 15}
_TAPS_TWICE = 0.1
_BAD_CALLS = ("server_error", "bad_gateway", "too_many_requests", "cut_before", "cut_after")
_WEATHER_CHANGES_S = 1.5
_OF_NOBODY = {"something_new": {}}
_PAGE = "Ouvrez la page"
_SENT_AGAIN = 100
_SOON_S = 0.3
_REFUSALS = (
    "plus que ce que vous avez", "il faut au moins", "ne suffit pas", "sont suspendues", "à couvrir", "ne répond pas",
    "momentanément indisponibles", "c’est trop", "plus grand que zéro", "hors limites", "peut contenir", "par mois",
    "Le maximum", "Par sécurité",
)  # fmt: skip


class Talks:
    """Everybody's stories; `told` counts them, by what came of them."""

    def __init__(self, town: Town, people: list[Person], chance: Random) -> None:
        self._town = town
        self._people = people
        self._chance = chance
        self.told: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        """What somebody began that was refused, by the words that said so."""
        self.unheard: list[str] = []
        """Who waited for an answer, and never got it."""
        self._until = 0.0

    async def tell(self, how_many: int, within_s: float) -> None:
        """Tell so many stories, or as many as the time allows, everybody at once."""
        self._until = time.monotonic() + within_s
        kinds = iter(self._chance.choices(list(_HOW_OFTEN), list(_HOW_OFTEN.values()), k=how_many))
        async with asyncio.TaskGroup() as group:
            for number, person in enumerate(self._people):
                whims = Random(self._chance.random() + number)  # noqa: S311 - no secret of anybody's
                group.create_task(self._live(person, kinds, whims))

    async def _live(self, person: Person, kinds: Iterator[str], whims: Random) -> None:
        await person.starts()
        await person.hears("Votre solde")
        kind = "top_up"
        while kind and time.monotonic() < self._until:
            story = getattr(self, f"_{kind}")
            try:
                self.told[await story(person, whims)] += 1
            except AssertionError as error:
                self.unheard.append(f"{kind}: {error}")
                self.told[f"{kind} unanswered"] += 1
            kind = next(kinds, "")

    async def _top_up(self, person: Person, whims: Random) -> str:
        amount = random_amount(whims, 2, 20)
        await person.says(f"recharger {amount} wave 70 12 34 56")
        if not await self._confirms(person, whims, "Recevoir le lien"):
            return "top-up refused"
        await person.hears_either("est prêt", "Recharge", "recharge de", "indisponible")
        return "top-up asked for"

    async def _withdraw(self, person: Person, whims: Random) -> str:
        await person.says(f"retirer {random_amount(whims, 0, 2)} wave 70 12 34 56")
        if not await self._confirms(person, whims, "Confirmer"):
            return "withdrawal refused"
        await self._agrees(person, "Retrait", "retrait de", "indisponible", "Par sécurité")
        return "withdrawal asked for"

    async def _send(self, person: Person, whims: Random) -> str:
        other = whims.choice([each for each in self._people if each is not person])
        await person.says(f"/envoyer {whims.randrange(100, 1500)}")
        if not await self._is_asked(person, "À qui ?"):
            return "send refused"
        await person.shares_contact_of(other.name)
        if not await self._confirms(person, whims, "Confirmer"):
            return "send refused"
        await self._agrees(person, "envoyés à", "indisponible", "Par sécurité")
        return "send done"

    async def _look(self, person: Person, whims: Random) -> str:
        await person.says(whims.choice(["/solde", "/historique"]))
        await person.hears_either("Disponible", "Historique", "historique", "Rien", "F CFA")
        return "looked"

    async def _is_asked(self, person: Person, question: str) -> bool:
        """Whether the assistant goes on with this question; else it refuses, and one gives up."""
        await person._wait(lambda message: question in plain(message["text"]) or _refusal(message) != "", question)
        if any(question in plain(message["text"]) for message in person.heard.values()):
            return True
        await self._gives_up(person)
        return False

    async def _confirms(self, person: Person, whims: Random, label: str) -> bool:
        """Tap the confirmation, now and then twice; False where there was none to tap."""
        await person._wait(lambda message: _offers(message, label) or _refusal(message) != "", f"{label} or a no")
        if not any(_offers(message, label) for message in person.heard.values()):
            await self._gives_up(person)
            return False
        await (person.taps_twice(label) if whims.random() < _TAPS_TWICE else person.taps(label))
        return True

    async def _agrees(self, person: Person, *ends: str) -> None:
        """Hear how it ends, after typing the PIN where it is asked for; its form is sent until somebody answers it."""
        if _PAGE not in await person.hears_either(_PAGE, *ends):
            return
        for _ in range(_SENT_AGAIN):
            try:
                # The newest link: after a detour the one before is worth nothing.
                answered = await (await person.pin_page()).sends(PIN)
            except httpx.TransportError:
                await asyncio.sleep(_SOON_S)
                continue
            if answered.status == httpx.codes.OK:
                break
            await asyncio.sleep(_SOON_S)
        await person.hears_either(*ends)

    async def _gives_up(self, person: Person) -> None:
        self.again.update({words for message in person.heard.values() if (words := _refusal(message))})
        await person.says("/annuler")
        await person.hears_either("j’annule", "rien en cours")


def _offers(message: dict[str, Any], label: str) -> bool:
    return any(label in text for text in labels_of(message))


def _refusal(message: dict[str, Any]) -> str:
    """The words by which a message says no; empty where it does not."""
    return next((words for words in _REFUSALS if words in plain(message["text"])), "")


@asynccontextmanager
async def bad_weather(town: Town, chance: Random) -> AsyncIterator[None]:
    """While it lasts Telegram answers some calls badly or not at all, and brings updates twice and out of order."""

    async def blow() -> None:
        while True:
            fault = {
                "kind": chance.choice(_BAD_CALLS),
                "method": chance.choice(["send*", "edit*"]),
                "times": 2,
                "seconds": 1,
            }
            # What is held until another one has passed would wait for ever once everybody else has gone home.
            await town.push_update(_OF_NOBODY)
            await town.knobs("telegram", duplicate_updates=2, reorder_updates=1, faults=[fault])
            await asyncio.sleep(_WEATHER_CHANGES_S)

    blowing = asyncio.create_task(blow())
    try:
        yield
    finally:
        blowing.cancel()
        await asyncio.wait([blowing])
        await town.knobs("telegram", duplicate_updates=0, reorder_updates=0, faults=[])
