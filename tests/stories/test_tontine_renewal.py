"""Between cycles and in the middle of one: nobody is renewed in silence, and nobody comes in without a vote."""

from tests.stories.conftest import ON_SQLITE
from tests.stories.test_tontine_group import chooses
from tests.stories.tontine import circle, touch
from tests.stories.town import Town


@ON_SQLITE
async def test_after_a_cycle_each_says_whether_they_go_on_and_under_which_rules(town: Town) -> None:
    names = ("Binta", "Chantal", "Djeneba")
    ring = await circle(town, *names, francs=30_000)
    async with ring.clock:
        await ring.start(*names)
        binta, chantal, djeneba = (ring.alone(name) for name in names)
        await binta.says("/bureau")
        await binta.hears("Votre charge : présidence.")
        await chooses(binta, "Changer les règles")
        await binta.says("10 000")
        await binta.says("mensuel")
        await binta.says("1er mars 2027")
        await binta.taps("Garder les autres règles")
        await binta.taps("Confirmer")
        await binta.hears("ces règles valent pour le prochain cycle")
        for number, (asker, approver) in enumerate(
            (("Chantal", "Djeneba"), ("Binta", "Djeneba"), ("Binta", "Chantal")), 1
        ):
            await ring.opens(number)
            await ring.all_tap(*names)
            await ring.pays_out(number, asker, approver)

        await chantal.hears("Le cycle de Les Amies est fini. Continuez-vous au prochain ?")
        await touch(chantal, "Répondre")
        await chantal.taps("Oui")
        await chantal.hears("Règlement de Les Amies (version 2)", "Chaque part cotise 10 000 F CFA")
        await chantal.taps("J’ai lu")
        await chantal.taps("J’accepte le règlement")
        await chantal.hears("vous êtes du prochain cycle de Les Amies, avec 1 part")
        await djeneba.hears("Continuez-vous au prochain ?")
        await touch(djeneba, "Répondre")
        await djeneba.taps("Non")
        await djeneba.hears("vous n’êtes pas du prochain cycle")

        await chooses(binta, "Démarrer le cycle")
        await binta.hears("Avant de démarrer Les Amies, il manque", "au moins 2 parts")
        await binta.says("/tontine")
        await binta.hears("Le cycle est fini.")


@ON_SQLITE
async def test_somebody_comes_in_during_a_cycle_when_the_members_vote_so(town: Town) -> None:
    names = ("Binta", "Chantal", "Djeneba")
    ring = await circle(town, *names, "Karim", francs=30_000)
    async with ring.clock:
        await ring.start(*names)
        await ring.joins("Karim")
        binta, chantal, karim = (ring.alone(name) for name in ("Binta", "Chantal", "Karim"))
        await karim.hears("Bienvenue dans Les Amies", "Un cycle est en cours", "sauf si le groupe vote")
        await karim.says("/tontine")
        await karim.hears("rien à payer pour l’instant", "Vous n’avez pas de part dans ce cycle")
        await ring.opens(1)
        await chooses(binta, "Faire entrer en cours", "Karim", "Proposer au vote")
        await binta.hears("Le vote est ouvert : Karim")
        await chantal.hears("on propose que Karim rejoigne le cycle en cours")
        await touch(chantal, "Pour")
        await chantal.hears("c’est décidé, Karim rejoint le cycle")
        await karim.says("/tontine")
        await karim.hears("À payer maintenant : 5 000 F CFA", "Votre tour : n° 4 sur 4")
