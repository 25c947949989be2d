"""A round as its members live it: the card, the tap, the top-up that pays, cash, and the pot."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.tontine import Circle, circle
from tests.stories.town import Town

PEOPLE = ("Binta", "Chantal", "Djeneba", "Esther", "Habiba")


@pytest.fixture
async def ring(town: Town) -> AsyncIterator[Circle]:
    """Five friends with 50 000 F each, whose first round collects: 5 000 F each, for Binta."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE)
        await ring.opens(1)
        yield ring


async def test_a_round_from_its_opening_to_its_minutes(ring: Circle) -> None:
    card = await ring.card_says("Les Amies · Tour 1 sur 5", "Bénéficiaire : Binta", "0 F CFA sur 25 000 F CFA")
    assert all(f"▫️ {name} : pas encore" in card for name in PEOPLE)

    # A tap pays at once, and only the tapper reads it.
    paid = await ring["Binta"].taps_in_group("Payer ma cotisation")
    assert "5 000 F CFA pour Les Amies, tour 1" in paid["text"]
    await ring.card_says("✅ Binta", "5 000 F CFA sur 25 000 F CFA")
    again = await ring["Binta"].taps_in_group("Payer ma cotisation")
    assert "Vous avez tout payé" in again["text"]
    assert await ring.wallet("Binta") == 45_000
    stands = await ring["Chantal"].taps_in_group("Où j’en suis")
    assert "Vous devez 5 000 F CFA" in stands["text"]
    assert "numéro 2" in stands["text"]
