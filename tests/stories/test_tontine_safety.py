"""What keeps a tontine safe: cautions, defaults and their end, set-off, and who leaves; and two tontines at once."""

from collections.abc import AsyncIterator

import pytest

import tontines
from core.money import Money
from tests.stories.conftest import ON_SQLITE
from tests.stories.tontine import Circle, circle, touch
from tests.stories.town import Town
from tests.tontines.kit import rules_of

PEOPLE = ("Binta", "Chantal", "Djeneba", "Esther")


@pytest.fixture
async def ring(town: Town) -> AsyncIterator[Circle]:
    """Four friends with 50 000 F each; what is missing in a pot is carried."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        yield ring


@ON_SQLITE
async def test_a_caution_is_paid_and_comes_back_to_who_takes_no_part(ring: Circle) -> None:
    async with ring.town.database.transaction() as session:
        binta = (await ring.member(session, "Binta")).id
        rules = rules_of(caution=2_000)
        ring.id = (await tontines.create_tontine(session, binta, "Les Amies", rules, key="caution")).id
    alone = ring.alone("Binta")
    await alone.says("caution")
    await alone.says("5000")
    await alone.hears("2 000 F CFA")
    await alone.says("2000")
    await alone.hears("2 000 F CFA", "Disponible : 48 000 F CFA")
    await alone.says("reprendre-caution")
    await alone.hears("Votre caution de Les Amies, 2 000 F CFA, est revenue")
    assert await ring.wallet("Binta") == 50_000
    await alone.says("reprendre-caution")
    await alone.hears("ne garde aucune caution de vous")
    await ring.audit()


@ON_SQLITE
async def test_a_default_ends_once_all_that_was_late_is_paid_and_an_officer_says_so(ring: Circle) -> None:
    await ring.start(*PEOPLE, short_pot="carry")
    await ring.opens(1)
    await ring.deadline_passes(1)
    esther, chantal = ring.alone("Esther"), ring.alone("Chantal")
    await chantal.says("defaut")
    await touch(chantal, "Esther")
    await touch(chantal, "Confirmer")
    await chantal.hears("Esther est en défaut")
    await esther.hears("le bureau vous déclare en défaut de paiement", "Votre dette reste")
    await esther.says("/cotiser")
    await touch(esther, "Tout ce qui est dû")
    await touch(esther, "✅ Payer")
    await esther.hears("Cotisation payée : 5 000 F CFA")
    await chantal.says("defaut")
    await touch(chantal, "Esther ✅")
    await chantal.hears("Esther a payé tout ce qui était en retard")
    await chantal.taps("Confirmer")
    await chantal.hears("Esther n’est plus en défaut")
    await esther.hears("vous n’êtes plus en défaut. Merci")
    await ring.audit()


@ON_SQLITE
async def test_who_agreed_to_set_off_pays_what_is_late_from_their_own_pot(ring: Circle) -> None:
    await ring.start(*PEOPLE, short_pot="carry")
    await ring.opens(1)
    chantal = ring.alone("Chantal")
    await chantal.says("compensation")
    await chantal.hears("retenus sur les cagnottes que vous recevrez")
    await touch(chantal, "Je suis d’accord")
    await chantal.hears("C’est convenu pour Les Amies")
    await ring.all_tap("Binta", "Djeneba", "Esther")
    await ring.deadline_passes(1)
    await ring.alone("Djeneba").hears("La cagnotte est incomplète")
    await ring.pays_out(1, "Djeneba", "Chantal")
    await ring.alone("Binta").hears("Votre cagnotte est arrivée : 15 000 F CFA")

    await ring.opens(2)
    await ring.all_tap("Binta", "Djeneba", "Esther")
    await ring.deadline_passes(2)
    await ring.pays_out(2, "Binta", "Djeneba")
    await chantal.hears("de votre cagnotte ont réglé vos retards, comme convenu")
    await ring.alone("Binta").hears("Un reste de votre cagnotte est arrivé : 5 000 F CFA")
    # What is left is her own contribution to the round that was hers.
    assert await ring.owes("Chantal") == 5_000
    await ring.audit()


@ON_SQLITE
async def test_who_leaves_before_their_turn_owes_nothing_more_and_everybody_reads_it(ring: Circle) -> None:
    await ring.start(*PEOPLE)
    await ring.opens(1)
    await ring.all_tap(*PEOPLE)
    esther = ring.alone("Esther")
    await esther.says("quitter")
    await esther.hears("Quitter Les Amies ?", "ce que vous avez payé vous revient à la fin du cycle")
    await touch(esther, "Quitter")
    await esther.hears("Vous avez quitté Les Amies")
    await ring["Binta"].hears("Esther a quitté la tontine")
    await ring.pays_out(1, "Chantal", "Djeneba")
    await ring.opens(2)
    assert await ring.owes("Esther") == 0
    assert "Esther" not in await ring.card()
    await ring.audit()


@ON_SQLITE
async def test_who_leaves_to_a_successor_is_paid_back_and_the_successor_takes_the_turn(ring: Circle) -> None:
    await ring.start(*PEOPLE[:3])
    await ring.joins("Esther")
    await ring.opens(1)
    await ring.all_tap(*PEOPLE[:3])
    djeneba, esther = ring.alone("Djeneba"), ring.alone("Esther")
    await djeneba.says("remplacement")
    await touch(djeneba, "Esther")
    await touch(djeneba, "Confirmer")
    await esther.hears("Djeneba vous propose", "pour 5 000 F CFA")
    await touch(esther, "Reprendre pour 5 000 F CFA")
    await djeneba.hears("Esther a repris votre place")
    assert await ring.wallet("Djeneba") == 50_000
    await esther.says("/tontine")
    await esther.hears("Votre tour : n° 3 sur 3")
    await ring.audit()


@ON_SQLITE
async def test_who_is_in_two_tontines_is_asked_which_round_they_mean(ring: Circle) -> None:
    await ring.start(*PEOPLE)
    async with ring.town.database.transaction() as session:
        members = {name: (await ring.member(session, name)).id for name in PEOPLE[:2]}
        rules = rules_of(contribution=1_000)
        second = await tontines.create_tontine(
            session, members["Binta"], "Les Voisines", rules, key="second", channel="telegram", chat=str(ring.chat)
        )
        await tontines.accept_charter(session, second.id, members["Binta"], 1)
        asked = await tontines.ask_to_join(session, second.id, members["Chantal"])
        await tontines.decide_asking(session, asked.id, by=members["Binta"], approve=True)
        await tontines.accept_charter(session, second.id, members["Chantal"], 1)
        await tontines.appoint(session, second.id, tontines.Role.TREASURER, members["Chantal"], by=members["Binta"])
        await tontines.start_cycle(session, second.id, by=members["Binta"])
    await ring.opens(1)
    binta = ring.alone("Binta")
    await binta.says("/tour")
    await binta.taps("Les Voisines · 1 000 F CFA")
    await binta.hears("Les Voisines · Tour 1 sur 2", "0 F CFA sur 2 000 F CFA")
    await binta.says("/cotiser 1000")
    await binta.taps("Les Voisines")
    await binta.taps("✅ Payer")
    await binta.hears("Cotisation payée : 1 000 F CFA")
    await ring["Binta"].says("/tour")
    await ring["Binta"].hears("Quelle tontine")
    await ring.taps("Binta", "Les Voisines · 1 000 F CFA")
    await ring.card_says("Les Voisines · Tour 1 sur 2", "✅ Binta")
    assert Money(await ring.wallet("Binta")) == Money(49_000)
