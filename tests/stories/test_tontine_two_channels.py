"""One tontine on two channels: some in the Telegram group, some on WhatsApp, and everybody sees the same."""

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.group import Neighbour
from tests.stories.test_tontine_first_day import makes_for_today
from tests.stories.test_tontine_group import joins, lets_in, reads_and_accepts
from tests.stories.tontine import circle, touch
from tests.stories.town import Person, Town

FIVE_HERE = ("Binta", "Chantal", "Djeneba", "Esther", "Fanta")
FIVE_THERE = ("Gnima", "Habiba", "Issa", "Jean", "Lamine")


async def wa_link_from(organiser: Person) -> str:
    """WhatsApp's line of the invitation that the organiser has to pass on."""
    said = next(each for each in await organiser.said_to_me() if "Je vous invite dans notre tontine" in each)
    return next(word for word in said.split() if word.startswith("https://wa.me/"))


async def test_who_is_on_whatsapp_pays_in_private_and_stands_on_the_groups_card(town: Town) -> None:
    ring = await circle(town, "Binta", "Chantal", francs=20_000, on_whatsapp=("Gnima", "Habiba"))
    async with ring.clock:
        await ring.start("Binta", "Chantal", "Gnima", "Habiba")
        gnima, habiba = ring.alone("Gnima"), ring.alone("Habiba")
        await gnima.hears("Les Amies")

        await ring.opens(1)
        # They have not written for a day: the opening comes as a sentence that Meta knows.
        await gnima.hears("Les Amies", "le tour 1 est ouvert, pour Binta", "5 000 F CFA")
        await ring.pays_elsewhere("Gnima")
        await ring.all_tap("Binta", "Chantal")

        # The card is no flood where it cannot be edited: what changed meanwhile comes in one message.
        before = len(await gnima.said_to_me())
        await ring.forward(minutes=21)
        await gnima.hears("🪙 Les Amies", "Tour 1 sur 4", "Vous avez payé", "✅ Gnima", "✅ Binta", "▫️ Habiba")
        assert len(await gnima.said_to_me()) == before + 1
        # Who is not there is not disturbed for it, and finds it once they are.
        assert not any("✅ Binta" in said for said in await habiba.said_to_me())
        await ring.pays_elsewhere("Habiba")
        await habiba.hears("🪙 Les Amies", "✅ Binta", "▫️ Habiba")

        await ring.pays_out(1, "Chantal", "Gnima")
        await habiba.hears("Tour 1 sur 4", "20 000 F CFA")
        assert [await ring.wallet(name) for name in ("Binta", "Chantal", "Gnima", "Habiba")] == [
            35_000, 15_000, 15_000, 15_000
        ]  # fmt: skip
        await ring.audit()


@ON_SQLITE
async def test_an_officer_on_whatsapp_asks_for_the_pot_and_receives_it_there(town: Town) -> None:
    ring = await circle(town, "Binta", francs=20_000, on_whatsapp=("Chantal", "Djeneba"))
    async with ring.clock:
        await ring.start("Chantal", "Djeneba", "Binta")
        await ring.opens(1)
        await ring.pays_elsewhere("Chantal", "Djeneba")
        await ring.all_tap("Binta")
        await ring.pays_out(1, "Djeneba", "Binta")
        await ring.alone("Chantal").hears("Votre cagnotte est arrivée : 15 000 F CFA")
        assert await ring.wallet("Chantal") == 30_000


@ON_SQLITE
@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_five_on_telegram_and_five_on_whatsapp_complete_a_cycle(town: Town) -> None:
    everybody = (*FIVE_HERE, *FIVE_THERE)
    ring = await circle(town, *FIVE_HERE, francs=60_000, on_whatsapp=FIVE_THERE)
    async with ring.clock:
        await ring.start(*everybody)
        for number in range(1, 11):
            await ring.opens(number)
            await ring.pays_elsewhere(*FIVE_THERE)
            await ring.all_tap(*FIVE_HERE)
            asker, approver = [name for name in everybody[:3] if name != everybody[number - 1]][:2]
            await ring.pays_out(number, asker, approver)
        await ring["Binta"].hears("le cycle 1 est terminé")
        await ring.alone("Lamine").hears("le cycle 1 est terminé")
        summary = (await ring.cycle()).summary
        assert summary is not None
        assert [(share["paid"], share["received"]) for share in summary["shares"]] == [(50_000, 50_000)] * 10
        assert {await ring.wallet(name) for name in everybody} == {60_000}
        await ring.audit()


@ON_SQLITE
async def test_a_tontine_wholly_on_whatsapp_is_lived_in_private(town: Town) -> None:
    ring = await circle(town, on_whatsapp=("Gnima", "Habiba", "Issa"), francs=20_000)
    async with ring.clock:
        await ring.start("Gnima", "Habiba", "Issa")
        await ring.opens(1)
        await ring.pays_elsewhere("Gnima", "Habiba", "Issa")
        await ring.pays_out(1, "Habiba", "Issa")
        await ring.alone("Gnima").hears("Votre cagnotte est arrivée : 15 000 F CFA")
        await ring.alone("Issa").says("/tontine")
        await ring.alone("Issa").hears("Les Amies", "5 000 F CFA par part")
        assert await ring.wallet("Gnima") == 30_000
        await ring.audit()


@ON_SQLITE
async def test_who_comes_by_the_invitations_link_joins_stirs_and_pays_on_whatsapp(town: Town) -> None:
    awa, moussa = await town.member("awa", 6_000), await town.member("moussa", 6_000)
    fatou = await town.member("fatou", 6_000, channel="whatsapp")
    link = await makes_for_today(awa)
    await joins(moussa, link)
    await lets_in(awa, "Moussa Traoré")
    await fatou.follows_link(await wa_link_from(awa))
    await reads_and_accepts(fatou)
    await lets_in(awa, "Fatou Diop")
    await fatou.hears("Bienvenue dans Les Amies")
    await awa.taps("Confier la trésorerie")
    await awa.taps("Moussa")
    await awa.taps("Confirmer")
    await awa.taps("Démarrer le cycle")
    await awa.taps("Dans 10 minutes")
    await awa.taps("Démarrer le cycle")

    together = Neighbour.of(awa)
    await together.hears("le cycle commence", "Ont mélangé : 0 sur 3")
    await together.taps_in_group("Mélanger")
    await Neighbour.of(moussa).taps_in_group("Mélanger")
    await together.hears("Ont mélangé : 2 sur 3")
    await fatou.taps("Mélanger")
    await fatou.hears("l’ordre des tours est tiré au sort !", "Votre tour : n°")
    await together.hears("Tour 1 sur 3")
    await touch(fatou, "Cotiser")
    await touch(fatou, "✅ Payer")
    await fatou.hears("payée")
    await together.hears("✅ Fatou Diop")
    assert await fatou.balance() == 1_000
    await town.audit()


@ON_SQLITE
async def test_a_tontine_is_made_and_begun_by_three_who_are_all_on_whatsapp(town: Town) -> None:
    awa, moussa, fatou = [await town.member(name, 6_000, channel="whatsapp") for name in ("awa", "moussa", "fatou")]
    await awa.says("/tontine")
    await awa.taps("Créer une tontine")
    await awa.says("Les Amies")
    for label in ("5 000 F CFA", "Chaque jour", "Aujourd’hui", "Réglages habituels", "Créer et accepter ces règles"):
        await awa.taps(label)
    await awa.hears("Je vous invite dans notre tontine")
    for person, name in ((moussa, "Moussa Traoré"), (fatou, "Fatou Diop")):
        await person.follows_link(await wa_link_from(awa))
        await reads_and_accepts(person)
        await lets_in(awa, name)
        await person.hears("Bienvenue dans Les Amies")
    await awa.taps("Confier la trésorerie")
    await awa.taps("Moussa")
    await awa.taps("Confirmer")
    await awa.hears("tout est prêt")
    await awa.taps("Démarrer le cycle")
    await awa.taps("Dans 10 minutes")
    await awa.taps("Démarrer le cycle")

    for person in (awa, moussa, fatou):
        await person.hears("le cycle commence")
    for person in (awa, moussa, fatou):
        await touch(person, "Mélanger")
    for person in (awa, moussa, fatou):
        await person.hears("l’ordre des tours est tiré au sort !", "Votre tour : n°")
    for person in (awa, moussa, fatou):
        await person.hears("Tour 1 sur 3")
        await touch(person, "Cotiser")
        await touch(person, "✅ Payer")
        await person.hears("payée")
    assert [await person.balance() for person in (awa, moussa, fatou)] == [1_000] * 3
    await town.audit()
