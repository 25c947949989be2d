"""A tontine's chat is only an address: it moves, it goes away and comes back, and nobody speaks there for nobody."""

from tests.stories.conftest import ON_SQLITE
from tests.stories.group import Neighbour, migrate, set_bot
from tests.stories.test_tontine_group import gathers, joins, lets_in, makes_in_the_group
from tests.stories.town import Town
from tontines import place_in_chat, tontines_in

GROUP = -4_100_000_001


async def test_a_tontine_follows_its_group_to_the_supergroup(town: Town) -> None:
    awa = await town.member("awa")
    link = await makes_in_the_group(town, awa)
    await Neighbour.of(awa).hears("Les Amies se prépare")
    above = Neighbour.of(awa, chat=str(await migrate(town, GROUP, awa)))

    moussa = await town.member("moussa")
    await joins(moussa, link)
    await lets_in(awa, "Moussa Traoré")
    await above.says("/tontine")
    await above.hears("Les Amies se prépare", "2. Moussa Traoré")
    await above.says("/membres")
    await above.hears("Les Amies", "Moussa Traoré")


@ON_SQLITE
async def test_a_move_of_which_only_a_refusal_tells_is_heard_too(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    await joins(moussa, await makes_in_the_group(town, awa))
    await lets_in(awa, "Moussa Traoré")
    await Neighbour.of(awa).hears("Les Amies se prépare", "2. Moussa Traoré")
    above = Neighbour.of(awa, chat=str(await migrate(town, GROUP, awa)))
    await above.says("/tontine")
    await above.hears("Les Amies se prépare")
    # As if the service message had been lost: the tontine still has the old address.
    async with town.database.transaction() as session:
        (tontine,) = await tontines_in(session, "telegram", above.chat)
        await place_in_chat(session, tontine.id, "telegram", str(GROUP))

    await moussa.says("/bureau")
    for label in ("Changer la présidence", "Moussa", "Proposer au vote"):
        await moussa.taps(label)
    await above.hears("on propose Moussa Traoré")
    await above.says("/membres")
    await above.hears("Les Amies", "Moussa Traoré")


async def test_without_its_group_a_tontine_goes_on_in_private_and_is_at_home_again_when_added_back(town: Town) -> None:
    awa, moussa, koffi = await gathers(town)
    together = Neighbour.of(awa)
    await set_bot(town, GROUP, awa, "left")
    await koffi.hears("Je ne suis plus dans le groupe de Les Amies", "tout continue ici, en privé")
    await moussa.hears("Je ne suis plus dans le groupe")

    await awa.says("/bureau")
    await awa.taps("Démarrer le cycle")
    await awa.says("1")
    await awa.taps("Démarrer le cycle")
    await koffi.hears("tiré au sort", "L’empreinte du tirage m’engage", "écrivez votre mot")

    await set_bot(town, GROUP, awa, "member")
    await together.hears("Les Amies est en route")
    await together.says("/membres")
    await together.hears("Koffi Mensah")


@ON_SQLITE
async def test_a_hidden_administrator_cannot_act_for_a_tontine(town: Town) -> None:
    awa = await town.member("awa")
    await makes_in_the_group(town, awa)
    together = Neighbour.of(awa)
    await together.hears("Les Amies se prépare")
    await together.says("/tontine", anonymous=True)
    await together.hears("administrateur anonyme", "sous votre nom")


@ON_SQLITE
async def test_added_to_a_new_group_the_assistant_offers_to_make_its_tontine(town: Town) -> None:
    awa = await town.member("awa")
    await set_bot(town, GROUP, awa, "left")
    await set_bot(town, GROUP, awa, "member")
    together = Neighbour.of(awa)
    await together.hears_button("Créer une tontine pour ce groupe")
    alone = await together.follows("Créer une tontine pour ce groupe")
    await alone.hears("Quel est son nom ?")


@ON_SQLITE
async def test_a_link_that_binds_a_group_is_only_its_tappers(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    together = Neighbour.of(awa)
    await together.says("/tontine")
    answer = await together.taps_in_group("Créer une tontine pour ce groupe")
    # Moussa got hold of Awa's link: he makes a tontine of his own, and the group hears nothing of it.
    await Neighbour.of(moussa).follows_link(answer["url"])
    for said in ("Ailleurs", "1000"):
        await moussa.says(said)
    await moussa.taps("Chaque mois")
    await moussa.says("demain")
    await moussa.taps("Réglages habituels")
    await moussa.taps("Créer et accepter ces règles")
    await moussa.hears("Ailleurs est créée, et vous la présidez. Faites suivre l’invitation")
    await together.says("/tontine")
    await together.hears("Ce groupe n’a pas encore de tontine ici")
