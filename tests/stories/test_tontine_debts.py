"""Who pays late is reminded, may ask for time, is fined once, and may be forgiven; a short pot is carried."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.tontine import Circle, circle, touch
from tests.stories.town import Person, Town, labels_of, until

PEOPLE = ("Binta", "Chantal", "Djeneba", "Esther")


@pytest.fixture
async def ring(town: Town) -> AsyncIterator[Circle]:
    """Four friends, 5 000 F each; a fine of 500 F after two days of grace; what is missing is carried."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE, short_pot="carry", fine=500, fine_after_turn=500, fine_cap=1_000, grace_days=2)
        await ring.opens(1)
        yield ring


async def test_a_late_payer_is_reminded_given_time_fined_and_forgiven(ring: Circle) -> None:
    for name in ("Binta", "Chantal", "Djeneba"):
        await ring.taps(name, "Payer ma cotisation")
    esther, chantal, djeneba, binta = (ring.alone(name) for name in ("Esther", "Chantal", "Djeneba", "Binta"))
    await ring.card_says("15 000 F CFA sur 20 000 F CFA")

    # The evening before: privately to who owes; the group reads no name.
    await ring.forward_to((await ring.round(1)).deadline)
    await esther.hears("il vous reste 5 000 F CFA à payer")
    reminders = [said for said in await ring["Binta"].said_to_me() if "il manque" in said]
    assert reminders
    assert not any("Esther" in said for said in reminders)
    assert not any("il vous reste" in said for said in await chantal.said_to_me())

    # One tap asks for time, one officer grants it: no lateness, no fine meanwhile.
    await touch(esther, "Demander 3 jours")
    await esther.hears("Le bureau décide")
    await chantal.hears("Esther demande un délai")
    await touch(chantal, "Accorder")
    await esther.hears("Délai accordé, Esther")
    await is_left_without("Accorder", djeneba, binta)
    await ring.deadline_passes(1, days=2)
    assert not any("Amende" in said for said in await esther.said_to_me())
    await ring.card_says("▫️ Esther : pas encore")

    # The time is over: late, then after the grace fined, once.
    await ring.deadline_passes(1, days=3)
    await esther.hears("l’échéance est passée", "l’amende est de 500 F CFA")
    await ring.card_says("⏰ Esther : en retard")
    await ring.deadline_passes(1, days=5)
    await esther.hears("Amende : 500 F CFA", "Cette amende ne sera pas répétée")

    # She asks for mercy; one officer gives a reason, another agrees, and everybody reads it.
    await touch(esther, "Demander la remise")
    await esther.hears("Deux personnes décident")
    await chantal.hears("Esther demande la remise d’une amende de 500 F CFA")
    await touch(chantal, "Proposer la remise")
    await chantal.says("Son enfant était malade")
    await chantal.hears("Une deuxième personne du bureau décide")
    await djeneba.hears("Chantal propose de remettre l’amende de Esther", "Son enfant était malade")
    await binta.hears_button("Remettre l’amende")
    await touch(djeneba, "Remettre l’amende")
    await esther.hears("Votre amende de 500 F CFA est remise")
    await is_left_without("Remettre l’amende", binta)
    await ring["Binta"].hears("l’amende de Esther", "Son enfant était malade")

    # The pot is short: the charter lets it be paid, and the rest follows by itself.
    await touch(chantal, "Remettre la cagnotte")
    await djeneba.hears("Chantal demande la remise de la cagnotte")
    await is_left_without("Remettre la cagnotte", chantal, binta)
    await touch(djeneba, "Approuver la remise")
    await binta.hears("Votre cagnotte est arrivée : 15 000 F CFA")
    await is_left_without("la remise", chantal, djeneba, binta)
    await ring["Binta"].hears("Procès-verbal", "Reste dû au bénéficiaire : 5 000 F CFA (Esther)")
    await esther.says("/cotiser 5000")
    await touch(esther, "✅ Payer")
    await esther.hears("Cotisation payée : 5 000 F CFA")
    await binta.hears("Un reste de votre cagnotte est arrivé : 5 000 F CFA")
    assert await ring.wallet("Binta") == 65_000
    await ring.audit()


async def is_left_without(label: str, *people: Person) -> None:
    """Wait until nobody of these has such a button any more."""

    async def nobody_has() -> bool:
        said = [message for person in people for message in await person.messages()]
        return not any(label in offered for message in said for offered in labels_of(message))

    await asyncio.wait_for(until(nobody_has), people[0].town.patience_s)


@ON_SQLITE
async def test_an_officer_who_waits_or_declines_leaves_the_pot_where_it_is(ring: Circle) -> None:
    for name in PEOPLE:
        await ring.taps(name, "Payer ma cotisation")
    chantal, djeneba = ring.alone("Chantal"), ring.alone("Djeneba")
    await chantal.hears("La cagnotte est prête")
    await touch(chantal, "Attendre")
    await chantal.hears("la cagnotte attend")
    await touch(chantal, "Remettre la cagnotte")
    await djeneba.hears("Chantal demande la remise")
    await touch(djeneba, "Ne pas approuver")
    await djeneba.hears("la demande est retirée")
    await chantal.hears("Djeneba n’approuve pas la remise")
    assert await ring.wallet("Binta") == 45_000

    # Asked again, and approved twice by the same thumb: paid once.
    await touch(chantal, "Remettre la cagnotte")
    await djeneba.hears("Chantal demande la remise")
    await touch(djeneba, "Approuver la remise")
    await ring.alone("Binta").hears("Votre cagnotte est arrivée : 20 000 F CFA")
    assert await ring.wallet("Binta") == 65_000
    await ring.audit()


@ON_SQLITE
async def test_a_fine_is_paid_with_one_tap_and_feeds_the_fund_that_helps(ring: Circle) -> None:
    await ring.deadline_passes(1, days=3)
    esther, chantal, djeneba = (ring.alone(name) for name in ("Esther", "Chantal", "Djeneba"))
    await touch(esther, "Payer l’amende : 500 F CFA")
    await esther.hears("Amende de 500 F CFA réglée")
    assert await ring.wallet("Esther") == 49_500
    await esther.says("/solidarite")
    await esther.hears("a 500 F CFA")
    await touch(esther, "Demander une aide")
    await esther.says("400")
    await esther.says("Mon toit a brûlé")
    await esther.hears("Deux personnes doivent l’accorder")
    for officer in (chantal, djeneba):
        await officer.hears("Esther demande 400 F CFA", "Mon toit a brûlé")
        await touch(officer, "Accorder")
    await esther.hears("vous aide : 400 F CFA")
    assert await ring.wallet("Esther") == 49_900
    await ring.audit()
