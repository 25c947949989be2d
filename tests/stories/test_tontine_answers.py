"""What people answer while they make a tontine: whatever cannot be read is explained, and the answers before stay."""

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.group import Neighbour
from tests.stories.test_tontine_group import creates, reads_and_accepts
from tests.stories.town import Person, Town


async def refused(person: Person, said: str, why: str, question: str) -> None:
    await person.says(said)
    await person.hears(why, question)


@ON_SQLITE
async def test_each_answer_that_cannot_be_read_is_explained_and_the_others_are_kept(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/tontine")
    await awa.taps("Créer une tontine")
    await awa.hears("Quel est son nom ?")
    await refused(awa, "x" * 65, "Un nom de 1 à 64 caractères", "Quel est son nom ?")
    await awa.says("Les  Amies <b>d’Awa</b>")
    for said, why in (
        ("beaucoup", "Je n’ai pas reconnu de montant"), ("50", "La cotisation va de 100 F CFA à 1 000 000 F CFA."),
        ("5 000 000", "La cotisation va de"), ("0", "plus grand que zéro"), ("5,5", "n’a pas de centimes"),
    ):  # fmt: skip
        await refused(awa, said, why, "Combien cotise-t-on par part")
    await awa.says("2 000 F")
    await refused(awa, "de temps en temps", "Choisissez parmi", "À quel rythme ?")
    await awa.taps("Autre rythme")
    for said in ("souvent", "0", "400", "-3"):
        await refused(awa, said, "Écrivez un nombre de 2 à 366.", "Tous les combien de jours ?")
    await awa.says("10 jours")
    await refused(awa, "bientôt", "Je ne reconnais pas ce jour", "Quel jour commence le premier tour ?")
    await refused(awa, "31/02", "Je ne reconnais pas ce jour", "Quel jour commence")
    await refused(awa, "1/1/2020", "Ce jour est passé. Choisissez aujourd’hui ou plus tard.", "Quel jour commence")
    await refused(awa, "1/1/2090", "à plus d’un an d’ici", "Quel jour commence")
    await awa.says("demain")
    await refused(awa, "peut-être", "Choisissez parmi", "Le reste se règle en un geste")
    await awa.taps("Choisir règle par règle")
    await refused(awa, "au plus fort", "Choisissez parmi", "Comment l’ordre des tours est-il décidé ?")
    await awa.says("enchère")
    await awa.says("non")
    await awa.says("oui")
    await refused(awa, "11", "Écrivez un nombre de 1 à 10.", "Combien de jours pour payer")
    await awa.says("4")
    await refused(awa, "2001", "Une amende ne dépasse pas la cotisation", "Quelle amende")
    await refused(awa, "un peu", "Je n’ai pas reconnu de montant", "Quelle amende")
    await awa.says("500")
    await refused(awa, "99", "Écrivez un nombre de 0 à 30.", "Combien de jours de grâce")
    await awa.says("2")
    await awa.says("attendre")
    await awa.says("oui")
    said = await awa.hears("Les Amies <b>d’Awa</b>", "Tout est juste ?")
    for article in (
        "Chaque part cotise 2 000 F CFA à chaque tour.", "Il y a un tour tous les 10 jours.", "on a 4 jours pour payer",
        "qui en laisse le plus", "On prend une ou plusieurs parts entières", "La personne qui reçoit la cagnotte",
        "attend que tout y soit", "il y a 2 jours de grâce", "Un retard coûte 500 F CFA",
        "La même personne peut tenir la présidence et la trésorerie",
    ):  # fmt: skip
        assert article in said, article
    await awa.says("mais oui")
    await awa.hears("Tout est juste ?")
    await awa.says("oui")
    await awa.hears("est créée, et vous la présidez")


@ON_SQLITE
async def test_one_goes_back_beside_and_forward_again_without_losing_an_answer(town: Town) -> None:
    awa = await town.member("awa")
    await Neighbour.of(awa).says("/tontine")
    await Neighbour.of(awa).follows("Créer une tontine pour ce groupe")
    for said in ("Les Amies", "5000", "hebdomadaire"):
        await awa.says(said)
    await awa.hears("Quel jour commence")
    await awa.says("/solde")
    await awa.hears("On reprend là où vous en étiez", "Quel jour commence")
    await awa.says("retour")
    await awa.hears("À quel rythme ?")
    await awa.says("quinzaine")
    await awa.says("1er")
    await awa.taps("Réglages habituels")
    await awa.hears("Les Amies", "toutes les deux semaines", "Chaque part cotise 5 000 F CFA")
    await awa.taps_twice("Créer et accepter ces règles")
    await awa.hears("Je l’annonce dans le groupe")
    await Neighbour.of(awa).hears("Les Amies se prépare")
    await awa.says("/tontine")
    said = await awa.hears("Le groupe se réunit")
    assert "Vos tontines" not in said


@ON_SQLITE
async def test_joining_explains_what_it_cannot_read_and_half_shares_only_where_there_are_any(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    link = await creates(awa)
    await Neighbour.of(moussa).follows_link(link)
    await moussa.taps("J’ai lu")
    for said in ("demi", "beaucoup", "0", "11", "-1"):
        await refused(moussa, said, "Écrivez un nombre de parts de 1 à 10.", "Combien de parts prenez-vous")
    await moussa.says("3 parts")
    await moussa.hears("3 parts : vous cotisez 15 000 F CFA chaque semaine")
    await moussa.says("non")
    await moussa.hears("vous n’avez pas accepté le règlement")
    await Neighbour.of(moussa).follows_link(link)
    await reads_and_accepts(moussa)
    await Neighbour.of(moussa).follows_link(link)
    await moussa.hears("C’est déjà fait : votre place est prise dans Les Amies.")


@ON_SQLITE
@pytest.mark.parametrize("payload", ["tj_", "tj_nothing", "tj_AAAAAAAAAAAAAAAAAAAAAA", "td_x", "to_x", "tn_x"])
async def test_a_link_that_leads_nowhere_is_answered_kindly(town: Town, payload: str) -> None:
    awa = await town.member("awa")
    await awa.starts(payload)
    await awa.hears("")
    said = (await awa.said_to_me())[-1]
    assert "imprévu" not in said
    assert "problème" not in said


@ON_SQLITE
async def test_a_tontine_is_made_in_english(town: Town) -> None:
    grace = await town.person("grace")
    await grace.starts()
    await grace.says("/tontine")
    await grace.taps("Create a tontine")
    for said in ("The Friends", "5000", "monthly", "1 January"):
        await grace.says(said)
    await grace.taps("Usual settings")
    await grace.hears("Each share contributes 5 000 F CFA at each turn.", "Is everything right?")
    await grace.taps("Create and accept")
    await grace.hears("You are invited to our tontine The Friends")
    await grace.says("/members")
    await grace.hears("Grace Addo · 1 share · president")
