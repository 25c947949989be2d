"""A round as its members live it: the card, the tap, the top-up that pays, cash, and the pot."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.group import Neighbour, group_of
from tests.stories.tontine import Circle, circle, spend, touch
from tests.stories.town import Person, Town

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
    paid = await ring.taps("Binta", "Payer ma cotisation")
    assert "5 000 F CFA pour Les Amies, tour 1" in paid["text"]
    await ring.card_says("✅ Binta", "5 000 F CFA sur 25 000 F CFA")
    again = await ring.taps("Binta", "Payer ma cotisation")
    assert "Vous avez tout payé" in again["text"]
    assert await ring.wallet("Binta") == 45_000
    stands = await ring.taps("Chantal", "Où j’en suis")
    assert "Vous devez 5 000 F CFA" in stands["text"]
    assert "numéro 2" in stands["text"]

    # For somebody else, and a part of one's own, from the private chat.
    chantal = ring.alone("Chantal")
    await chantal.says("/cotiser")
    await chantal.hears("vous devez 5 000 F CFA")
    await touch(chantal, "Payer pour quelqu’un d’autre")
    await touch(chantal, "Djeneba")
    await chantal.hears("Djeneba doit 5 000 F CFA")
    await touch(chantal, "Tout ce qui est dû")
    await chantal.hears("Vous payez 5 000 F CFA à Les Amies, pour Djeneba", "tour 1 : 5 000 F CFA")
    await touch(chantal, "Payer")
    await chantal.hears("Cotisation payée : 5 000 F CFA", "Disponible : 45 000 F CFA")
    await ring.alone("Djeneba").hears("Chantal a payé 5 000 F CFA pour vous")
    await chantal.says("/cotiser 2000")
    await touch(chantal, "Payer")
    await chantal.hears("Cotisation payée : 2 000 F CFA")
    await ring.card_says("✅ Djeneba", "◐ Chantal : 2 000 F CFA sur 5 000 F CFA", "12 000 F CFA sur 25 000 F CFA")

    # Cash: the treasurer cannot declare her own; the member confirms before it counts.
    await chantal.says("/especes")
    await chantal.hears("qui vous a donné des espèces")
    await touch(chantal, "Habiba")
    await chantal.says("5000")
    await touch(chantal, "Confirmer")
    await chantal.hears("Noté : 5 000 F CFA de Habiba")
    await ring.card_says("💵 Habiba : espèces à confirmer", "12 000 F CFA sur")
    habiba = ring.alone("Habiba")
    await habiba.hears("Avez-vous donné 5 000 F CFA en espèces")
    await touch(habiba, "Oui, j’ai donné 5 000 F CFA")
    await habiba.hears("5 000 F CFA en espèces sont comptés")
    await ring.card_says("✅ Habiba", "17 000 F CFA sur 25 000 F CFA")
    assert await ring.wallet("Habiba") == 50_000

    # The rest comes in, the pot is full: one officer asks, another approves, the beneficiary has it.
    await ring.taps("Chantal", "Payer ma cotisation")
    await ring.taps("Esther", "Payer ma cotisation")
    await ring.card_says("Tout le monde a payé", "25 000 F CFA sur 25 000 F CFA")
    await chantal.hears("La cagnotte est prête", "25 000 F CFA pour Binta")
    await touch(chantal, "Remettre la cagnotte")
    await chantal.hears("Une deuxième personne doit approuver")
    djeneba = ring.alone("Djeneba")
    await djeneba.hears("Chantal demande la remise de la cagnotte")
    await ring.card_says("attend une deuxième approbation")
    await touch(djeneba, "Approuver la remise")
    await djeneba.hears("la cagnotte est remise")
    binta = ring.alone("Binta")
    await binta.hears("Votre cagnotte est arrivée : 20 000 F CFA")
    await binta.hears("la trésorerie vous remet 5 000 F CFA en espèces")
    await touch(binta, "J’ai bien reçu 5 000 F CFA")
    await binta.hears("Vous avez 5 000 F CFA en main")
    assert await ring.wallet("Binta") == 65_000
    await ring["Esther"].hears("Procès-verbal", "Collecté : 25 000 F CFA sur 25 000 F CFA", "Approuvé par : Djeneba")
    await ring.card_says("Cagnotte remise. Ce tour est terminé")

    # What she received goes on to mobile money with one tap and a number.
    await touch(binta, "Retirer vers mobile money")
    await binta.hears("numéro")
    await binta.says("70 12 34 56")
    await touch(binta, "Orange Money")
    await binta.hears("Vous recevez : 20 000 F CFA", "+226 70 12 34 56")
    await touch(binta, "Confirmer")
    assert "C’est fait" in await binta.proves()
    await binta.hears("Retrait effectué : 20 000 F CFA")
    assert await ring.wallet("Binta") == 45_000
    await binta.says("/historique")
    await binta.hears(
        "− 20 000 F CFA · Retrait Orange Money", "✅ + 20 000 F CFA · Cagnotte reçue · Les Amies",
        "✅ − 5 000 F CFA · Cotisation · Les Amies",
    )  # fmt: skip

    # An old card's button is answered kindly, and moves nothing.
    late = await ring.taps("Esther", "Où j’en suis")
    assert "Vous avez tout payé" in late["text"]
    await ring.audit()


async def test_too_little_money_leads_to_a_top_up_that_pays_by_itself(ring: Circle, town: Town) -> None:
    esther = ring.alone("Esther")
    async with town.database.transaction() as session:
        await spend(session, (await ring.member(session, "Esther")).id, 47_000)
    answer = await ring.taps("Esther", "Payer ma cotisation")
    assert answer["url"]
    await ring["Esther"].follows_link(answer["url"])
    await esther.hears("Votre cotisation de 5 000 F CFA attend", "Disponible : 3 000 F CFA")
    # A second tap does not make it wait twice.
    assert (await ring.taps("Esther", "Payer ma cotisation"))["url"]
    await touch(esther, "Recharger 2 000 F CFA")
    await esther.says("70 12 34 59")
    await touch(esther, "Wave")
    await touch(esther, "Recevoir le lien")
    await esther.pays()
    await esther.hears("Cotisation payée : 5 000 F CFA", "Disponible : 0 F CFA")
    await ring.card_says("✅ Esther", "5 000 F CFA sur 25 000 F CFA")
    assert await ring.wallet("Esther") == 0
    assert await ring.owes("Esther") == 0
    await ring.audit()


@ON_SQLITE
async def test_above_ones_own_limit_a_tap_asks_in_private_first(ring: Circle) -> None:
    binta = ring.alone("Binta")
    await binta.says("/plafond")
    await binta.hears("10 000 F CFA")
    await binta.says("1000")
    await binta.hears("un bouton paie jusqu’à 1 000 F CFA")
    answer = await ring.taps("Binta", "Payer ma cotisation")
    assert not answer["text"]
    await ring["Binta"].follows_link(answer["url"])
    await binta.hears("Vous payez 5 000 F CFA à Les Amies, pour Binta")
    assert await ring.owes("Binta") == 5_000
    await touch(binta, "✅ Payer")
    await binta.hears("Cotisation payée : 5 000 F CFA")
    assert await ring.owes("Binta") == 0


@ON_SQLITE
async def test_a_stranger_a_forwarded_card_and_a_made_up_button_pay_nothing(ring: Circle, town: Town) -> None:
    # Somebody in the group who never wrote to the assistant is led there; one who takes no part is told so.
    awa = Neighbour.of(await town.person("awa"), str(ring.chat))
    add = {"by": ring["Binta"].id, "person": awa.id, "status": "member"}
    assert (await town.sandbox.post(f"/chat/api/groups/{ring.chat}/members", json=add)).is_success
    assert "start=contribute" in (await awa.toast(await touch(awa, "Payer ma cotisation")))["url"]
    await town.member("awa")
    assert "Vous ne participez pas" in (await awa.toast(await touch(awa, "Payer ma cotisation")))["text"]

    # The card's button, in a group that is not its own.
    data = await data_of(ring["Binta"], "Payer ma cotisation")
    there = Neighbour.of(ring.alone("Binta"), str(await group_of(town, "Ailleurs", ring["Binta"], ring["Esther"])))
    buttons = [{"text": "Payer", "callback_data": data}, {"text": "Rien", "callback_data": "pay:nothing"}]
    keyboard = {"inline_keyboard": [buttons]}
    await town.as_the_bot("sendMessage", chat_id=int(there.chat), text="🪙", reply_markup=keyboard)
    assert "un autre groupe" in (await there.toast(await touch(there, "Payer")))["text"]
    assert "plus valable" in (await there.toast(await touch(there, "Rien")))["text"]

    # The card passed on to the private chat is words like any others.
    card = next(each for each in await ring["Binta"].messages() if each["text"].startswith("🪙"))
    passed_on = {"message_id": card["message_id"], "to": ring["Binta"].id}
    await town.sandbox.post(f"/chat/api/people/{ring['Binta'].name}/chats/{ring.chat}/forward", json=passed_on)
    await ring.alone("Binta").hears("Je n’ai pas compris")
    assert await ring.wallet("Binta") == 50_000
    assert await ring.owes("Binta") == 5_000


@ON_SQLITE
async def test_the_card_is_posted_again_and_the_old_one_says_so(ring: Circle) -> None:
    await ring["Binta"].says("/tour")
    await ring["Binta"].hears("La carte du tour est plus bas")
    await ring.taps("Binta", "Payer ma cotisation")
    await ring.card_says("✅ Binta")
    cards = [said for said in await ring["Binta"].said_to_me() if said.startswith("🪙")]
    assert len(cards) == 1
    await ring.alone("Binta").says("/tour")
    await ring.alone("Binta").hears("Tour 1 sur 5", "✅ Binta")


@ON_SQLITE
async def test_nobody_pays_more_than_there_will_ever_be_to_pay(ring: Circle) -> None:
    binta = ring.alone("Binta")
    await binta.says("/cotiser 26000")
    await binta.hears("25 000 F CFA au plus")
    await binta.says("beaucoup")
    await binta.hears("vous devez 5 000 F CFA")
    await binta.says("7000")
    await binta.hears("tour 1 : 5 000 F CFA", "d’avance : 2 000 F CFA")
    await touch(binta, "✅ Payer")
    await binta.hears("Cotisation payée : 7 000 F CFA")
    assert await ring.wallet("Binta") == 43_000


async def data_of(person: Person, label: str) -> str:
    """What a button says to the assistant when it is tapped."""
    buttons = [
        button for each in await person.messages() for row in each.get("inline_keyboard") or [] for button in row
    ]
    return next(str(button["callback_data"]) for button in buttons if label in button["text"])


@ON_SQLITE
async def test_an_old_reminders_button_does_not_pay_ahead_of_time(ring: Circle) -> None:
    await ring.forward_to((await ring.round(1)).deadline)
    binta = ring.alone("Binta")
    await binta.hears("il vous reste 5 000 F CFA à payer")
    await ring.taps("Binta", "Payer ma cotisation")
    await touch(binta, "Cotiser")
    await binta.hears("Vous ne devez rien en ce moment")
    assert await ring.wallet("Binta") == 45_000


@ON_SQLITE
async def test_who_holds_two_shares_reads_each_round_once(town: Town) -> None:
    ring = await circle(town, "Binta", "Chantal", "Djeneba", francs=50_000)
    async with ring.clock:
        await ring.start("Binta", "Chantal", "Djeneba", halves={"Chantal": 4})
        await ring.opens(1)
        chantal = ring.alone("Chantal")
        await chantal.says("/cotiser 12000")
        said = await chantal.hears("tour 1 : 10 000 F CFA", "d’avance : 2 000 F CFA")
        assert said.count("tour 1") == 1
        await chantal.says("/annuler")
        await ring.deadline_passes(1)
        await chantal.hears("l’échéance est passée", "10 000 F CFA")
        paid = await ring.taps("Chantal", "Payer ma cotisation")
        assert "10 000 F CFA pour Les Amies, tour 1." in paid["text"]


@ON_SQLITE
async def test_a_pot_goes_on_to_a_known_number_with_one_tap_and_a_confirmation(ring: Circle) -> None:
    binta = ring.alone("Binta")
    await binta.says("retirer 1000 orange 70 12 34 56")
    await touch(binta, "Confirmer")
    await binta.proves()
    await binta.hears("Retrait effectué : 1 000 F CFA")
    await ring.all_tap(*PEOPLE)
    await ring.pays_out(1, "Chantal", "Djeneba")
    await binta.hears("Votre cagnotte est arrivée : 25 000 F CFA")
    await binta.taps("Retirer vers mobile money")
    await binta.hears("Vous recevez : 25 000 F CFA", "Orange Money", "+226 70 12 34 56")
    await binta.confirms()
    await binta.hears("Retrait effectué : 25 000 F CFA")
    assert await ring.wallet("Binta") == 50_000 - 1_000 - 5_000
    await ring.audit()


@ON_SQLITE
async def test_a_pot_above_what_the_approver_lets_go_is_approved_with_the_pin(ring: Circle) -> None:
    for name in PEOPLE:
        await ring.taps(name, "Payer ma cotisation")
    chantal, djeneba = ring.alone("Chantal"), ring.alone("Djeneba")
    await djeneba.says("/pin")
    await touch(djeneba, "Quand il est demandé")
    await touch(djeneba, "À chaque fois")
    await djeneba.hears("votre code sera demandé à chaque fois")
    await chantal.hears("La cagnotte est prête")
    await touch(chantal, "Remettre la cagnotte")
    await djeneba.hears("Chantal demande la remise de la cagnotte")
    await touch(djeneba, "Approuver la remise")
    await djeneba.hears("Remettre la cagnotte de 25 000 F CFA du tour 1, tontine Les Amies")
    await ring.card_says("attend une deuxième approbation")
    assert "C’est fait" in await djeneba.proves()
    await djeneba.hears("la cagnotte est remise")
    await ring.card_says("Cagnotte remise. Ce tour est terminé")
