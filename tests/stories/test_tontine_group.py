"""The life of a group: a tontine is made, people join it, its cycle starts, its chat moves, and it goes on."""

from tests.stories.group import Neighbour
from tests.stories.town import Person, Town


async def creates(person: Person, name: str = "Les Amies", *, order: str | None = None) -> str:
    """Make a tontine in private, with the usual rules, or an order of turns of one's own; gives the invitation."""
    await person.says("/tontine")
    await person.taps("Créer une tontine")
    return await answers_for(person, name, order=order)


async def answers_for(person: Person, name: str, *, order: str | None = None) -> str:
    await person.hears("Quel est son nom ?")
    await person.says(name)
    await person.hears("Combien cotise-t-on par part")
    await person.taps("5 000 F CFA")
    await person.hears("À quel rythme ?")
    await person.taps("Chaque semaine")
    await person.hears("Quel jour commence le premier tour ?")
    await person.taps("lundi")
    if order is None:
        await person.taps("Réglages habituels")
    else:
        await chooses_rules(person, order)
    await person.hears(name, "Chaque part cotise 5 000 F CFA à chaque tour.", "Tout est juste ?")
    await person.taps("Créer et accepter ces règles")
    await person.hears(f"{name} est créée, et vous la présidez")
    invitation = await person.hears("Je vous invite dans notre tontine")
    return invitation.split()[-1]


async def chooses_rules(person: Person, order: str) -> None:
    await person.taps("Choisir règle par règle")
    await person.taps(order)
    await person.hears("Acceptez-vous des demi-parts ?")
    await person.taps("Oui")
    await person.hears("Le bénéficiaire d’un tour cotise-t-il aussi")
    await person.taps("Oui")
    await person.hears("Combien de jours pour payer")
    await person.taps("3 j")
    await person.hears("Quelle amende")
    await person.says("sans amende")
    await person.hears("Si la cagnotte est incomplète")
    await person.taps("Remettre ce qu’il y a")
    await person.hears("Le président peut-il aussi être trésorier ?")
    await person.taps("Non")


async def joins(person: Person, link: str, shares: str = "1 part") -> None:
    """Follow an invitation, read the charter, and accept it."""
    neighbour = Neighbour.of(person)
    await neighbour.follows_link(link)
    await reads_and_accepts(person, shares)


async def reads_and_accepts(person: Person, shares: str = "1 part") -> None:
    while True:
        seen = await person.hears("Règlement de")
        if "J’ai lu" in " ".join(await labels_of_last(person)):
            await person.taps("J’ai lu")
            break
        assert seen
        await person.taps("Lire la suite")
    await person.taps(shares)
    await person.taps("J’accepte le règlement")
    await person.hears("Votre demande est partie")


async def labels_of_last(person: Person) -> list[str]:
    last = (await person.messages())[-1]
    return [button["text"] for row in last.get("inline_keyboard") or [] for button in row]


async def test_a_tontine_is_made_with_four_answers_and_people_join_it_by_its_link(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    link = await creates(awa)

    await joins(moussa, link)
    await awa.hears("Moussa Traoré demande à entrer dans Les Amies : 1 part.")
    await awa.taps("Accepter")
    await awa.hears("Moussa Traoré est accepté(e).")
    await moussa.hears("Bienvenue dans Les Amies !")

    await moussa.says("/membres")
    said = await moussa.hears("1. Awa Ouédraogo · 1 part · président · ✅", "2. Moussa Traoré · 1 part · ✅")
    assert "+226" not in said
    await moussa.says("/tontine")
    await moussa.hears("Les Amies", "5 000 F CFA par part, chaque semaine.", "Le groupe se réunit : 2 membres")
