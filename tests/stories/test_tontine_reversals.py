"""A mistaken contribution is taken back by two people, before everybody; what somebody received stays theirs."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.group import set_bot
from tests.stories.tontine import Circle, circle, touch
from tests.stories.town import Town

PEOPLE = ("Binta", "Chantal", "Djeneba", "Esther")


@pytest.fixture
async def ring(town: Town) -> AsyncIterator[Circle]:
    """Four friends with 50 000 F each, whose first round collects: 5 000 F each, for Binta."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE)
        await ring.opens(1)
        yield ring


async def asks_to_cancel(ring: Circle, officer: str, whom: str, reason: str) -> None:
    """From the office's menu to « une deuxième personne décide »."""
    alone = ring.alone(officer)
    await opens(ring, officer)
    await alone.hears("de qui faut-il annuler une cotisation")
    await alone.says(whom)
    await alone.hears("Pourquoi annuler les")
    await alone.says(reason)
    await alone.hears(f"Raison : {reason}", "Une deuxième personne doit confirmer")
    await touch(alone, "Demander l’annulation")
    await alone.hears("Une deuxième personne décide, vous le saurez aussitôt")


async def opens(ring: Circle, officer: str) -> None:
    """In the office's menu, among what is about money."""
    alone = ring.alone(officer)
    await alone.says("/bureau")
    await alone.hears("Votre charge")
    await touch(alone, "Argent")
    await touch(alone, "Annuler une cotisation")


async def gives_cash(ring: Circle, name: str) -> None:
    """The treasurer declares banknotes, and the member confirms."""
    chantal = ring.alone("Chantal")
    await chantal.says("/especes")
    await touch(chantal, name)
    await chantal.says("5000")
    await touch(chantal, "Confirmer")
    await touch(ring.alone(name), "Oui, j’ai donné 5 000 F CFA")
    await ring.alone(name).hears("5 000 F CFA en espèces sont comptés")


async def test_a_mistake_is_taken_back_by_two_people_and_everybody_sees_it(ring: Circle) -> None:
    binta, chantal, djeneba, esther = (ring.alone(name) for name in PEOPLE)
    await chantal.says("/cotiser")
    await touch(chantal, "Payer pour quelqu’un d’autre")
    await touch(chantal, "Esther")
    await touch(chantal, "Tout ce qui est dû")
    await touch(chantal, "✅ Payer")
    await ring.card_says("✅ Esther", "5 000 F CFA sur 20 000 F CFA")

    await asks_to_cancel(ring, "Chantal", "Esther", "Je voulais payer pour Djeneba")
    for officer in (binta, djeneba):
        await officer.hears(
            "Chantal demande d’annuler une cotisation de Esther", "5 000 F CFA (tour 1)",
            "Raison : Je voulais payer pour Djeneba", "L’argent retourne dans le portefeuille de Chantal",
        )  # fmt: skip
    assert not any("annuler" in said for said in await esther.said_to_me())
    assert await ring.wallet("Chantal") == 45_000

    # A second person confirms: once, however often it is touched.
    await djeneba.taps_twice("Annuler cette cotisation")
    await djeneba.hears("La cotisation de Esther à Les Amies est annulée : 5 000 F CFA (tour 1)")
    await ring.card_says("▫️ Esther : pas encore", "0 F CFA sur 20 000 F CFA")
    line = await ring["Binta"].hears("la cotisation de Esther, 5 000 F CFA (tour 1), est annulée")
    assert "Raison : Je voulais payer pour Djeneba (demandé par Chantal, confirmé par Djeneba)" in line
    await esther.hears("Votre cotisation de 5 000 F CFA à Les Amies est annulée, Esther", "Vous devez maintenant 5 000")
    await chantal.hears("Vos 5 000 F CFA payés à Les Amies pour Esther (tour 1) sont revenus dans votre portefeuille")
    # The other officer's buttons are gone with it.
    await binta.hears("La cotisation de Esther à Les Amies est annulée")
    assert await ring.wallet("Chantal") == 50_000
    assert await ring.owes("Esther") == 5_000

    # She pays what she owes again; the pot is right in the end.
    await touch(esther, "Cotiser")
    await touch(esther, "✅ Payer")
    await ring.card_says("✅ Esther")
    assert [await ring.wallet(name) for name in PEOPLE] == [50_000, 50_000, 50_000, 45_000]
    await ring.audit()


async def test_of_a_closed_round_only_what_was_promised_is_taken_back_and_owed_to_the_beneficiary(ring: Circle) -> None:
    binta, esther = ring.alone("Binta"), ring.alone("Esther")
    await gives_cash(ring, "Esther")
    for name in ("Binta", "Chantal", "Djeneba"):
        await ring.taps(name, "Payer ma cotisation")
    await ring.card_says("Tout le monde a payé")
    await ring.pays_out(1, "Chantal", "Djeneba")
    await binta.hears("la trésorerie vous remet 5 000 F CFA en espèces")
    await ring.card_says("Ce tour est terminé")

    # The money of the wallets is with its beneficiary.
    await opens(ring, "Chantal")
    await ring.alone("Chantal").hears("de qui faut-il annuler")
    await ring.alone("Chantal").says("Djeneba")
    await ring.alone("Chantal").hears("rien de ce qu’a payé Djeneba ne peut s’annuler")

    # The banknotes that nobody can find are not.
    await asks_to_cancel(ring, "Chantal", "Esther", "Les billets ne sont pas dans la caisse")
    await touch(ring.alone("Djeneba"), "Annuler cette cotisation")
    await ring["Binta"].hears("la cotisation de Esther, 5 000 F CFA (tour 1), est annulée", "Les billets ne sont pas")
    await ring.card_says("Ce tour est terminé", "Annulé depuis : 5 000 F CFA en espèces")
    await binta.hears("5 000 F CFA en espèces promis pour Esther ne vous seront pas remis", "Esther vous les doit")
    await esther.hears("Votre cotisation de 5 000 F CFA à Les Amies est annulée", "Vous devez maintenant 5 000 F CFA")
    assert await ring.wallet("Binta") == 45_000 + 15_000

    # An old button promises nothing any more; what she pays goes on to the beneficiary by itself.
    await touch(binta, "J’ai bien reçu 5 000 F CFA")
    await binta.hears("Ces 5 000 F CFA en espèces ne vous sont plus promis")
    await touch(esther, "Cotiser")
    await touch(esther, "✅ Payer")
    await binta.hears("Un reste de votre cagnotte est arrivé : 5 000 F CFA")
    assert await ring.wallet("Binta") == 65_000
    await ring.audit()


@ON_SQLITE
async def test_who_is_asked_may_say_no_and_without_a_group_everybody_reads_it_in_private(
    ring: Circle, town: Town
) -> None:
    binta, chantal, djeneba, esther = (ring.alone(name) for name in PEOPLE)
    await ring.taps("Esther", "Payer ma cotisation")
    await ring.card_says("✅ Esther")
    await asks_to_cancel(ring, "Binta", "Esther", "Comptée deux fois")
    await touch(chantal, "La laisser comme elle est")
    await chantal.hears("La cotisation de Esther à Les Amies reste comme elle est")
    await binta.hears("Chantal laisse la cotisation de Esther", "Rien n’est annulé : parlez-vous")
    assert await ring.owes("Esther") == 0

    await set_bot(town, ring.chat, ring["Binta"], "kicked")
    await binta.hears("Je ne suis plus dans le groupe")
    await asks_to_cancel(ring, "Binta", "Esther", "Elle a payé en espèces")
    await touch(djeneba, "Annuler cette cotisation")
    for person in (binta, chantal, djeneba, esther):
        await person.hears("la cotisation de Esther, 5 000 F CFA (tour 1), est annulée", "Elle a payé en espèces")
    assert await ring.wallet("Esther") == 50_000
    await ring.audit()
