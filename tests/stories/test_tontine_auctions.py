"""Turns that are auctioned, or go where the need is: who may have their say, who reads what, and who is next."""

from collections.abc import AsyncIterator

import pytest

from core import clock
from tests.stories.conftest import ON_SQLITE
from tests.stories.group import set_bot
from tests.stories.tontine import Circle, circle, touch
from tests.stories.town import Town
from tontines import RoundState

PEOPLE = ("Binta", "Chantal", "Djeneba", "Esther")
# Who asks for the pot of whom, and who approves: the office without the one who gains.
DECIDERS = {"Binta": ("Chantal", "Djeneba"), "Djeneba": ("Binta", "Chantal")}


@pytest.fixture
async def bidding(town: Town) -> AsyncIterator[Circle]:
    """Four friends, 5 000 F each; whoever leaves most of a pot to the fund has its turn."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE, order="auction")
        await ring.settles()
        yield ring


@pytest.fixture
async def needing(town: Town) -> AsyncIterator[Circle]:
    """Four friends, 5 000 F each, who serve the most pressing need first."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE, order="need")
        await ring.settles()
        yield ring


async def test_the_highest_bid_has_the_turn_and_its_price_goes_to_the_fund(bidding: Circle) -> None:
    ring = bidding
    binta, chantal, djeneba = (ring.alone(name) for name in ("Binta", "Chantal", "Djeneba"))
    group = ring["Binta"]

    # The group is told before the round opens, and each in private.
    card = await group.hears("Enchères pour le tour 1", "Cagnotte attendue : 20 000 F CFA")
    assert "Sans offre, le tour va à Binta" in card
    await chantal.hears("les enchères du tour 1 sont ouvertes jusqu’au", "cagnotte de 20 000 F CFA")

    # From the group's button to the private chat; what cannot be bid is explained.
    answer = await ring.taps("Chantal", "Enchérir")
    await ring["Chantal"].follows_link(answer["url"])
    await chantal.hears("Les Amies, tour 1 : combien laissez-vous", "Au plus 15 000 F CFA")
    await chantal.says("15001")
    await chantal.hears("Une offre va de 1 F CFA à 15 000 F CFA")
    await touch(chantal, "1 000 F CFA")
    await chantal.hears("tour 1 : vous proposez 1 000 F CFA", "vous recevrez environ 19 000 F CFA")
    await touch(chantal, "Proposer ce montant")
    await chantal.hears("votre offre est de 1 000 F CFA", "Meilleure offre : 1 000 F CFA, Chantal")
    await group.hears("Enchères pour le tour 1", "Meilleure offre : 1 000 F CFA, Chantal")

    # Somebody bids less and is told so, then more; who was outbid hears of it, and may only go up.
    await djeneba.says("/encherir 500")
    await djeneba.hears("vous proposez 500 F CFA", "Une autre offre est à 1 000 F CFA")
    await djeneba.says("retour")
    await djeneba.hears("Meilleure offre : 1 000 F CFA, Chantal")
    await djeneba.says("1500")
    await touch(djeneba, "Proposer ce montant")
    await djeneba.hears("votre offre est de 1 500 F CFA")
    await chantal.hears("Djeneba propose 1 500 F CFA, plus que vos 1 000 F CFA")
    await touch(chantal, "Monter mon offre")
    await chantal.hears("Votre offre jusqu’ici : 1 000 F CFA")
    await chantal.says("900")
    await chantal.hears("Vous avez déjà proposé 1 000 F CFA : une offre ne fait que monter")
    await chantal.says("2000")
    await touch(chantal, "Proposer ce montant")
    await chantal.hears("votre offre est de 2 000 F CFA")
    await djeneba.hears("Chantal propose 2 000 F CFA, plus que vos 1 500 F CFA")

    # Both commands show how it stands; nobody's wallet was touched.
    await djeneba.says("/tontine")
    await djeneba.hears("Votre offre : 1 500 F CFA. Meilleure offre : 2 000 F CFA")
    await binta.says("/tour")
    await binta.hears("Enchères pour le tour 1", "Meilleure offre : 2 000 F CFA, Chantal")
    await group.says("/tour")
    await group.hears("Enchères pour le tour 1", "Meilleure offre : 2 000 F CFA, Chantal")
    assert [await ring.wallet(name) for name in PEOPLE] == [50_000] * 4

    # The round opens: who won, for how much, and where it goes.
    await ring.opens(1)
    await group.hears("le tour 1 va à Chantal, pour 2 000 F CFA", "ira à la caisse de solidarité", "18 000 F CFA")
    await chantal.hears("le tour 1 est à vous, pour 2 000 F CFA", "18 000 F CFA, vous revient")
    await djeneba.hears("Votre offre ne vous engage plus ; rien ne vous a été pris")
    await ring.card_says("Bénéficiaire : Chantal", "Enchère : 2 000 F CFA pour la caisse de solidarité")
    await chantal.says("/tontine")
    await chantal.hears("C’est votre tour, n° 1 sur 4 ! La cagnotte attendue est de 18 000 F CFA")

    # Everybody pays: the pot keeps the price back for the fund.
    await ring.all_tap(*PEOPLE)
    await ring.pays_out(1, "Binta", "Djeneba")
    await chantal.hears("Votre cagnotte est arrivée : 18 000 F CFA")
    await group.hears("Procès-verbal", "dont 2 000 F CFA à la caisse de solidarité (enchère)")
    assert await ring.wallet("Chantal") == 63_000
    await binta.says("/solidarite")
    await binta.hears("a 2 000 F CFA")
    await binta.says("/annuler")
    await chantal.says("/encherir")
    await chantal.hears("Votre tour est déjà décidé")
    await ring.audit()


@ON_SQLITE
async def test_without_a_bid_the_first_of_the_list_has_the_turn_and_the_last_turn_is_nobodys_auction(
    bidding: Circle,
) -> None:
    ring = bidding
    for number, name in enumerate(PEOPLE, 1):
        await ring.opens(number)
        if number < len(PEOPLE):
            await ring["Binta"].hears(f"Le tour {number} va à {name}, en tête de liste, sans rien laisser")
        await ring.card_says(f"Tour {number} sur 4", f"Bénéficiaire : {name}")
        await ring.all_tap(*PEOPLE)
        await ring.pays_out(number, *DECIDERS.get(name, ("Binta", "Djeneba")))
    told = [said for said in await ring["Binta"].said_to_me() if "Enchères pour le tour 4" in said]
    assert told == []
    assert [await ring.wallet(name) for name in PEOPLE] == [50_000] * 4
    await ring.audit()


@ON_SQLITE
async def test_two_halves_bid_as_one_and_the_lower_bid_counts(town: Town) -> None:
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE, order="auction", half_shares=True, halves={"Djeneba": 1, "Esther": 1})
        await ring.settles()
        djeneba, esther = ring.alone("Djeneba"), ring.alone("Esther")
        await ring["Binta"].hears("Enchères pour le tour 1", "Deux demi-parts enchérissent ensemble")
        await djeneba.says("/encherir")
        await djeneba.hears("Vous partagez cette part avec Esther", "la plus petite compte")
        await djeneba.says("3000")
        await djeneba.hears("vous recevrez environ 6 000 F CFA")
        await touch(djeneba, "Proposer ce montant")
        # Alone it counts for nothing: the other half is asked for hers.
        await djeneba.hears("votre offre est de 3 000 F CFA", "Pas encore d’offre")
        await esther.hears("Djeneba propose 3 000 F CFA pour la part que vous partagez")
        await touch(esther, "Enchérir")
        await esther.says("2000")
        await touch(esther, "Proposer ce montant")
        await esther.hears("Meilleure offre : 2 000 F CFA, Djeneba + Esther")
        await ring.opens(1)
        await ring["Binta"].hears("le tour 1 va à Djeneba + Esther, pour 2 000 F CFA")
        await ring.all_tap(*PEOPLE)
        await ring.pays_out(1, "Binta", "Chantal")
        assert [await ring.wallet(name) for name in ("Djeneba", "Esther")] == [47_500 + 6_500] * 2
        await ring.audit()


async def test_who_needs_the_pot_says_so_in_private_and_the_group_reads_only_who_is_next(needing: Circle) -> None:
    ring = needing
    binta, djeneba, esther = (ring.alone(name) for name in ("Binta", "Djeneba", "Esther"))
    group = ring["Binta"]
    await group.hears("Le tour 1 ouvre le", "Dites-le-moi en privé avant")

    # From the group into the private chat; the reason is for the officers.
    answer = await ring.taps("Esther", "J’ai besoin de passer tôt")
    await ring["Esther"].follows_link(answer["url"])
    await esther.hears("Seul le bureau lira votre raison")
    await esther.says("Les frais de l’hôpital")
    await esther.hears("c’est noté. Le bureau le sait")
    for name in ("Binta", "Chantal", "Djeneba"):
        await ring.alone(name).hears("Esther a besoin de passer tôt", "Les frais de l’hôpital")
    await djeneba.says("/tontine")
    await touch(djeneba, "J’ai besoin de passer tôt")
    await touch(djeneba, "Sans donner de raison")
    await djeneba.hears("c’est noté. Le bureau le sait")
    await binta.hears("Djeneba a besoin de passer tôt. Prochain tour")

    # Without a decision the need that was said first is served.
    await ring.opens(1)
    await ring.card_says("Bénéficiaire : Esther")

    # An officer puts somebody first, not herself; everybody reads who, nobody why.
    await djeneba.says("/tontine")
    await touch(djeneba, "Voir les besoins et décider")
    await djeneba.hears("Djeneba, depuis le", "Qui passe d’abord ?")
    assert not any("Djeneba" in each for each in await labels(ring, "Djeneba"))
    await touch(djeneba, "Chantal")
    await djeneba.hears("le tour 2, qui ouvre le", "va à Chantal ?")
    await touch(djeneba, "Faire passer d’abord")
    await djeneba.hears("le tour 2 va à Chantal")
    await group.hears("le tour 2, le prochain, va à Chantal")
    await ring.alone("Chantal").hears("le tour 2, le prochain, va à Chantal")
    await group.says("/tour")
    await group.hears("le tour 2, le prochain, va à Chantal")

    # A need that has passed is withdrawn.
    await djeneba.says("/tontine")
    await djeneba.hears("Le bureau sait que vous avez besoin de passer tôt", "Prochain tour à décider : 3")
    await touch(djeneba, "J’ai besoin de passer tôt")
    await touch(djeneba, "Je n’en ai plus besoin")
    await djeneba.hears("vous n’êtes plus parmi les besoins")

    said = [*await group.said_to_me(), await ring.card()]
    assert not any("hôpital" in each for each in said)
    await ring.all_tap(*PEOPLE)
    await ring.pays_out(1, "Binta", "Djeneba")
    await ring.opens(2)
    await ring.card_says("Tour 2 sur 4", "Bénéficiaire : Chantal")
    assert (await ring.round(1)).state is RoundState.CLOSED
    await ring.audit()


@ON_SQLITE
async def test_without_a_group_bids_are_told_to_each_in_private_and_a_late_yes_bids_for_no_other_round(
    town: Town,
) -> None:
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await set_bot(town, ring.chat, ring["Binta"], "kicked")
        await ring.start(*PEOPLE, order="auction")
        await ring.settles()
        chantal, djeneba = ring.alone("Chantal"), ring.alone("Djeneba")
        await chantal.hears("les enchères du tour 1 sont ouvertes")
        await djeneba.says("/encherir 700")
        await touch(djeneba, "Proposer ce montant")
        await djeneba.hears("votre offre est de 700 F CFA")
        await chantal.says("/encherir 900")
        await chantal.hears("tour 1 : vous proposez 900 F CFA")
        await ring._forward((await ring.round(1)).opens_at - clock.now())
        await ring.settles()
        await djeneba.hears("le tour 1 est à vous, pour 700 F CFA")
        for name in ("Binta", "Chantal", "Esther"):
            await ring.alone(name).hears("le tour 1 va à Djeneba, pour 700 F CFA")
        await touch(chantal, "Proposer ce montant")
        await chantal.hears("Ce tour est déjà décidé")
        assert await ring.bids(2) == {}


@ON_SQLITE
async def test_without_a_group_each_reads_in_private_until_when_a_need_may_be_said_and_who_is_next(town: Town) -> None:
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await set_bot(town, ring.chat, ring["Binta"], "kicked")
        await ring.start(*PEOPLE, order="need")
        await ring.settles()
        binta, esther = ring.alone("Binta"), ring.alone("Esther")
        await esther.hears("Le tour 1 ouvre le", "Seul le bureau lit pourquoi")
        await touch(esther, "J’ai besoin de passer tôt")
        await touch(esther, "Sans donner de raison")
        await esther.hears("c’est noté. Le bureau le sait")
        await binta.hears("Esther a besoin de passer tôt. Prochain tour à décider : 1")
        await touch(binta, "Voir les besoins et décider")
        await touch(binta, "Esther")
        await touch(binta, "Faire passer d’abord")
        for name in PEOPLE:
            await ring.alone(name).hears("le tour 1, le prochain, va à Esther")


async def labels(ring: Circle, name: str) -> list[str]:
    """The labels of the buttons under the newest message that has any."""
    for message in reversed(await ring.alone(name).messages()):
        if message.get("inline_keyboard"):
            return [button["text"] for row in message["inline_keyboard"] for button in row]
    return []
