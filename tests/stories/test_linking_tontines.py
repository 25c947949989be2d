"""Somebody in a tontine turns out to be one person on two channels: the tontine goes on with that one person in it."""

from tests.stories.conftest import ON_SQLITE
from tests.stories.person import Person
from tests.stories.test_linking import code_shown_to
from tests.stories.test_tontine_reversals import asks_to_cancel
from tests.stories.tontine import Circle, circle, touch
from tests.stories.town import Town

OFFICERS = ("Binta", "Chantal", "Djeneba")


async def gnima_on_telegram(town: Town) -> Person:
    """Gnima's first account, which is in no tontine; as the older one it is kept when the two become one."""
    gnima = await town.newcomer("Gnima", "+22670990001")
    await gnima.starts()
    await gnima.hears("Votre solde")
    return gnima


async def ring_with_gnima_on_whatsapp(town: Town) -> Circle:
    """Three in the group and Gnima on WhatsApp, each with 50 000 F."""
    return await circle(town, *OFFICERS, francs=50_000, on_whatsapp=("Gnima",))


async def links(here: Person, there: Person) -> None:
    """Type the code of `there` here, and agree."""
    await here.says(f"lier {await code_shown_to(there)}")
    await here.taps("Oui, relier")


async def test_a_membership_its_buttons_and_an_open_question_survive_linking(town: Town) -> None:
    here = await gnima_on_telegram(town)
    ring = await ring_with_gnima_on_whatsapp(town)
    async with ring.clock:
        await ring.start(*OFFICERS, "Gnima")
        await ring.opens(1)
        there = ring.alone("Gnima")
        await there.hears("le tour 1 est ouvert", "5 000 F CFA")
        await there.says("retirer 2000")
        await there.hears("Vers quel numéro ?")
        await links(here, there)
        await here.hears("C’est fait", "Votre solde : 50 000 F CFA")
        await there.hears("Une autre conversation est reliée à votre portefeuille")

        # The question from before is answered by who she is now, and what stood in a button is still hers.
        await there.says("70 12 34 56")
        await there.taps("Orange Money")
        await there.confirms()
        await there.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 48 000 F CFA")
        await touch(there, "Cotiser")
        await touch(there, "✅ Payer")
        card = await ring.card_says("✅ Gnima")
        assert card.count("Gnima") == 1

        await here.says("/membres")
        said = await here.hears("1. Binta", "Gnima · 1 part")
        assert said.count("Gnima") == 1
        assert (await here.balance(), await there.balance()) == (43_000, 43_000)
        await ring.audit()


@ON_SQLITE
async def test_two_members_of_one_tontine_stay_two_and_read_which(town: Town) -> None:
    ring = await ring_with_gnima_on_whatsapp(town)
    async with ring.clock:
        await ring.start(*OFFICERS, "Gnima")
        await links(ring.alone("Gnima"), ring.alone("Binta"))
        await ring.alone("Gnima").hears("Vos deux comptes sont membres de la tontine Les Amies", "Rien n’a changé")
        assert [await ring.wallet(name) for name in ("Binta", "Gnima")] == [50_000, 50_000]
        await ring.alone("Gnima").says("/membres")
        await ring.alone("Gnima").hears("1. Binta", "4. Gnima")


async def test_what_the_former_account_paid_comes_back_to_the_one_wallet(town: Town) -> None:
    here = await gnima_on_telegram(town)
    ring = await ring_with_gnima_on_whatsapp(town)
    async with ring.clock:
        await ring.start(*OFFICERS, "Gnima")
        await ring.opens(1)
        await ring.pays_elsewhere("Gnima")
        await links(here, ring.alone("Gnima"))
        await here.hears("C’est fait", "Votre solde : 45 000 F CFA")

        await asks_to_cancel(ring, "Chantal", "Gnima", "Comptée deux fois")
        await touch(ring.alone("Djeneba"), "Annuler cette cotisation")
        await here.hears("Votre cotisation de 5 000 F CFA à Les Amies est annulée")
        await ring.card_says("▫️ Gnima : pas encore")
        await ring.settles()
        assert await here.balance() == 50_000
        assert await ring.owes("Gnima") == 5_000
        await here.says("/solde")
        await here.hears("Disponible : 50 000 F CFA")
        await ring.audit()
