"""A tontine that speaks English, from its making to its first pot, and one member of it who reads French."""

from sqlalchemy import select

import tontines
from tests.stories.group import Neighbour, group_of
from tests.stories.test_tontine_group import link_in
from tests.stories.tontine import Circle, touch
from tests.stories.town import Person, Town


async def test_an_english_tontine_speaks_french_to_the_one_who_reads_french(town: Town) -> None:
    grace = await arrives(await town.person("grace"), "Your balance")
    kwame = await arrives(await town.newcomer("Kwame", "+22670100051", language_code="en"), "Your balance")
    binta = await arrives(await town.newcomer("Binta", "+22670100052", language_code="fr"), "Votre solde")
    chat = await group_of(town, "The Friends", grace, kwame, binta)
    together = Neighbour.of(grace, str(chat))

    link = await makes_in_english(together)
    await together.hears("The Friends", "Grace Addo", "president")
    await together.follows_link(link)
    for person, read, share, accept, sent in (
        (kwame, "I have read", "1 share", "I accept the charter", "request"),
        (binta, "J’ai lu", "1 part", "J’accepte le règlement", "Votre demande est partie"),
    ):
        await Neighbour.of(person, str(chat)).follows_link(link)
        for label in (read, share, accept):
            await touch(person, label)
        await person.hears(sent)
        await grace.hears(f"{person.full_name} asks to", "1 share")
        await touch(grace, "Let in")
    await kwame.hears("Welcome to The Friends! It is to start on Friday 1 January 2027")
    await binta.hears("Bienvenue dans The Friends", "vendredi 1er janvier 2027")

    for label in ("Appoint a treasurer", "Kwame", "Confirm"):
        await touch(grace, label)
    await kwame.hears("treasurer")
    await grace.says("/office")
    await touch(grace, "Start the cycle")
    await grace.hears("In which order", "The Friends")
    await grace.says("3 1 2")
    await grace.taps("Start the cycle")

    # The same beginning, for each in their own words.
    await together.hears("the cycle begins! First round on Friday 1 January 2027", "1. Binta · 1 Jan")
    await kwame.hears("the cycle begins! First round on Friday 1 January 2027", "2. Grace Addo · 8 Jan")
    await binta.hears("le cycle commence ! Premier tour le vendredi 1er janvier 2027", "1. Binta · 1er janv.")

    ring = await circle_of(town, chat, grace, kwame, binta)
    async with ring.clock:
        await ring.opens(1, "Round {} of")
        await ring.card_says("The Friends · Round 1 of 3", "Binta", "0 F CFA of 15 000 F CFA")
        await binta.hears("tour 1 est le vôtre")
        for name in ring.people:
            await ring.has(name, 20_000)
        paid = await ring.taps("Binta", "Pay my contribution")
        assert "5 000 F CFA pour The Friends, tour 1" in paid["text"]
        paid = await ring.taps("Kwame", "Pay my contribution")
        assert "5 000 F CFA for The Friends, round 1" in paid["text"]
        await ring.taps("Grace", "Pay my contribution")
        await ring.card_says("15 000 F CFA of 15 000 F CFA")
        await kwame.hears("The pot is ready", "15 000 F CFA for Binta")
        await touch(kwame, "Pay out the pot")
        await grace.hears("Kwame asks for the pot to be paid out")
        await touch(grace, "Approve")
        await binta.hears("Votre cagnotte est arrivée : 15 000 F CFA")
        await together.hears("Minutes · The Friends, round 1")
        assert await ring.wallet("Binta") == 30_000
        await ring.audit()
    french = [said for said in await together.said_to_me() if "tour" in said or "cagnotte" in said]
    assert french == []


async def makes_in_english(together: Neighbour) -> str:
    """Make a tontine with an order of one's own from its group; gives the invitation."""
    await together.says("/tontine")
    alone = await together.follows("Create a tontine for this group")
    await alone.hears("name")
    for said in ("The Friends", "5000", "weekly", "1 January"):
        await alone.says(said)
    for label in ("Choose rule by rule", "Fixed in advance", "No", "Yes"):
        await alone.taps(label)
    await alone.says("3")
    await alone.says("no fine")
    await alone.taps("Pay what is there")
    await alone.taps("No")
    await alone.hears("Each share contributes 5 000 F CFA", "Is everything right?")
    await alone.taps("Create and accept")
    return link_in(await alone.hears("You are invited to our tontine The Friends"))


async def circle_of(town: Town, chat: int, *people: Person) -> Circle:
    """The tontine that these people made, at work."""
    async with town.database.reading() as session:
        made = await session.scalar(select(tontines.Tontine.id))
    assert made is not None
    return Circle(town, chat, {each.full_name.split()[0]: Neighbour.of(each, str(chat)) for each in people}, id=made)


async def arrives(person: Person, greeting: str) -> Person:
    await person.starts()
    await person.hears(greeting)
    return person
