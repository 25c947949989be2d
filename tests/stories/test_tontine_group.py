"""The life of a group: a tontine is made, people join it, its cycle starts, its chat moves, and it goes on."""

from datetime import timedelta

from core import clock
from members import find_by_address, register
from tests.stories.group import Neighbour
from tests.stories.tontine import touch
from tests.stories.town import Person, Town, labels_of
from tontines import ask_to_join, tontines_of


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
    return link_in(await person.hears("Je vous invite dans notre tontine"))


def link_in(invitation: str) -> str:
    """Telegram's link in what is passed on."""
    return next(word for word in invitation.split() if "t.me/" in word)


async def chooses_rules(person: Person, order: str) -> None:
    await person.taps("Choisir règle par règle")
    await person.taps(order)
    await person.hears("Acceptez-vous des demi-parts ?")
    await person.taps("Oui")
    await person.hears("La personne qui reçoit la cagnotte cotise-t-elle aussi")
    await person.taps("Oui")
    await person.hears("Combien de jours pour payer")
    await person.taps("3 j")
    await person.hears("Quelle amende")
    await person.says("sans amende")
    await person.hears("Si la cagnotte est incomplète")
    await person.taps("Remettre ce qu’il y a")
    await person.hears("La même personne peut-elle tenir la présidence et la trésorerie ?")
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
    await awa.hears(
        "Demande acceptée : Moussa Traoré entre dans Les Amies.", "il manque", "une personne pour la trésorerie"
    )
    await moussa.hears("Bienvenue dans Les Amies !")

    await moussa.says("/membres")
    said = await moussa.hears("1. Awa Ouédraogo · 1 part · présidence · ✅", "2. Moussa Traoré · 1 part · ✅")
    assert "+226" not in said
    await moussa.says("/tontine")
    await moussa.hears("Les Amies", "5 000 F CFA par part, chaque semaine.", "Le groupe se réunit. Membres : 2.")


async def makes_in_the_group(town: Town, awa: Person, name: str = "Les Amies", *, order: str | None = None) -> str:
    """Awa makes a tontine for the group, from the group; gives its invitation."""
    together = Neighbour.of(awa)
    await together.says("/tontine")
    alone = await together.follows("Créer une tontine pour ce groupe")
    return await answers_for(alone, name, order=order)


async def lets_in(president: Person, name: str) -> None:
    await president.hears(f"{name} demande à entrer")
    await president.taps("Accepter")
    await president.hears(f"Demande acceptée : {name} entre dans")


# Where an act stands once the office has too many of them to be read at once.
PART_OF = {
    "Nommer": "Membres", "Demandes": "Membres", "Changer la présidence": "Membres", "Mes parts": "Règles et parts",
    "Changer les règles": "Règles et parts", "Clore": "Règles et parts", "Échanger mon tour": "Tours",
    "Faire entrer en cours": "Tours",
}  # fmt: skip


async def chooses(person: Person, *labels: str) -> None:
    """Open the office of the only tontine there is, and tap these one after the other."""
    await person.says("/bureau")
    await person.hears("🗂")
    if not any(labels[0] in offered for menu in person.heard.values() for offered in labels_of(menu)):
        await person.taps(PART_OF[labels[0]])
    for label in labels:
        await person.taps(label)


async def gathers(town: Town, *, order: str | None = None) -> tuple[Person, Person, Person]:
    """Awa's tontine lives in the group; Moussa, the treasurer, and Koffi, who is not in the group, are in."""
    awa, moussa, koffi = [await town.member(name) for name in ("awa", "moussa", "koffi")]
    link = await makes_in_the_group(town, awa, order=order)
    for person, name in ((moussa, "Moussa Traoré"), (koffi, "Koffi Mensah")):
        await joins(person, link)
        await lets_in(awa, name)
        await person.hears("Bienvenue dans Les Amies")
    await chooses(awa, "Nommer", "trésorerie", "Moussa", "Confirmer")
    await awa.hears("C’est fait : la charge de trésorerie revient à Moussa Traoré.")
    await moussa.hears("votre charge : trésorerie")
    return awa, moussa, koffi


async def test_a_group_makes_its_own_tontine_and_who_was_never_seen_is_shown_as_not_started(town: Town) -> None:
    awa = await town.member("awa")
    fatou = await town.person("fatou")
    await makes_in_the_group(town, awa)
    together, unknown = Neighbour.of(awa), Neighbour.of(fatou)
    await together.hears("Les Amies se prépare", "Membres : 1", "1. Awa Ouédraogo · 1 part · présidence · ✅")

    # She never wrote to us: her tap puts her down as asking, and leads her to the private chat.
    answer = await unknown.taps_in_group("Participer")
    await together.hears("2. Fatou Diop · 1 part · ⏳ demande · 💤 pas encore activé")
    await awa.hears("Fatou Diop demande à entrer dans Les Amies : 1 part.")
    await together.says("/membres")
    await together.hears("Les Amies", "Fatou Diop", "pas encore activé")

    alone = await unknown.follows_link(answer["url"])
    await reads_and_accepts(alone, "2 parts")
    await awa.hears("Fatou Diop demande à entrer dans Les Amies : 2 parts.")
    await awa.taps("Accepter")
    await alone.hears("Bienvenue dans Les Amies")
    await together.hears("Membres : 2", "2. Fatou Diop · 2 parts · ✅")
    toast = await unknown.taps_in_group("Participer")
    assert "Vous êtes déjà membre de Les Amies" in toast["text"]
    for said in await together.said_to_me():
        assert "+2" not in said


async def test_somebody_is_refused_and_may_ask_again(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    link = await creates(awa)
    await joins(moussa, link)
    await awa.hears("Moussa Traoré demande à entrer")
    await awa.taps("Refuser")
    await awa.hears("Demande refusée : Moussa Traoré n’entre pas dans Les Amies.")
    await moussa.hears("n’a pas été retenue")
    await joins(moussa, link)
    await lets_in(awa, "Moussa Traoré")
    await moussa.hears("Bienvenue")


async def test_two_tontines_of_one_name_in_one_group_are_asked_about(town: Town) -> None:
    awa = await town.member("awa")
    await makes_in_the_group(town, awa)
    together = Neighbour.of(awa)
    # The offer that led to the first one is spent; the way to a second stands under its card.
    await together.hears("Les Amies est créée. Touchez « Participer » sous sa carte")
    await answers_for(await together.follows("Autre tontine"), "Les Amies")
    await together.says("/tontine nouvelle")
    await together.hears("Une autre tontine pour ce groupe ?")
    await together.hears_button("Créer une tontine pour ce groupe")

    await together.says("/membres")
    await together.hears("De quelle tontine s’agit-il ?")
    await together.taps_in_group("Les Amies · 5 000 F CFA (2)")
    await together.hears("Les Amies", "1. Awa Ouédraogo")
    await awa.says("/tontine")
    await awa.hears("Vos tontines", "Les Amies · 5 000 F CFA", "Les Amies · 5 000 F CFA (2)")
    await awa.says("/bureau")
    await awa.hears("De quelle tontine s’agit-il ?")
    await awa.says("2")
    await awa.hears("Les Amies", "Votre charge : présidence.")


async def test_a_draw_is_announced_stirred_revealed_and_verified(town: Town) -> None:
    awa, moussa, koffi = await gathers(town)
    together, beside = Neighbour.of(awa), Neighbour.of(moussa)
    await chooses(awa, "Démarrer le cycle")
    await awa.hears("Quand tirer au sort l’ordre de Les Amies ?")
    await awa.taps("Dans une heure")
    await awa.hears(
        "Les Amies : 3 parts", "cagnotte de 15 000 F CFA", "tirage au sort dans une heure", "Premier tour : le lundi",
        "• Awa Ouédraogo\n• Moussa Traoré\n• Koffi Mensah",
    )  # fmt: skip
    await awa.taps("Démarrer le cycle")
    await awa.hears("Le cycle de Les Amies est lancé")
    await together.hears("le cycle commence", "tiré au sort", "Ont mélangé : 0 sur 3")
    # Koffi is not in the group: he is told all of it, and stirs, in private.
    await koffi.hears("le cycle commence", "tiré au sort", "0 sur 3")
    await koffi.hears_button("Mélanger")

    await together.says("/verifier")
    await together.hears("le tirage se fait le", "Ont déjà mélangé : 0", "ne peut plus changer")
    toast = await beside.taps_in_group("Mélanger")
    assert "votre part de hasard est ajoutée" in toast["text"]
    toast = await beside.taps_in_group("Mélanger")
    assert "une fois suffit" in toast["text"]
    word = (await page_behind(together, "Mon mot")).rpartition("=")[2]
    await moussa.starts(word)
    await moussa.hears("Vous avez déjà mélangé")
    await koffi.taps("Mon mot")
    await koffi.hears("Quel mot ajoutez-vous au tirage de Les Amies ?")
    await koffi.says("baobab")
    await koffi.hears("« baobab » est dans le tirage")
    await together.hears("Ont mélangé : 2 sur 3")

    with clock.ahead(timedelta(hours=1, minutes=1)):
        await together.hears("voici l’ordre des tours !", "1. ", "2. ", "3. ")
        await koffi.hears("l’ordre des tours est tiré au sort !", "Votre tour : n°", "1. ", "2. ", "3. ")
        await together.hears("le tirage au sort est fait", "Ont mélangé : 2 sur 3")
        await koffi.starts(word)
        await koffi.hears("Le tirage est fait")
        await together.says("/verifier")
        await together.hears("le tirage est honnête", "membres qui ont mélangé (2)")
        await moussa.says("/verifier")
        await moussa.hears("le tirage est honnête")
        page = await town.sandbox.get(await page_behind(together, "Vérifier soi-même"))
        assert page.status_code == 200
        assert "baobab" in page.text
        await moussa.says("/tontine")
        await moussa.hears("n°", "sur 3", "15 000 F CFA")


async def page_behind(person: Person, label: str) -> str:
    """The address behind the newest button of that label."""
    for message in reversed(await person.messages()):
        for button in [button for row in message.get("inline_keyboard") or [] for button in row]:
            if label in button["text"]:
                return str(button["url"])
    raise AssertionError(f"no button {label!r}")


async def starts_in_order(awa: Person) -> None:
    """The cycle of a tontine with a fixed order starts, Koffi first."""
    await chooses(awa, "Démarrer le cycle")
    await awa.hears("Dans quel ordre passent les tours de Les Amies ?", "1. Awa Ouédraogo", "3. Koffi Mensah")
    await awa.says("3 1 2")
    await awa.hears("1. Koffi Mensah\n2. Awa Ouédraogo\n3. Moussa Traoré")
    await awa.taps("Démarrer le cycle")
    await awa.hears("Le cycle de Les Amies est lancé")


async def test_a_start_says_what_is_missing_and_two_turns_are_swapped_when_both_agree(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    link = await makes_in_the_group(town, awa, order="Fixé d’avance")
    await joins(moussa, link, "½ part")
    await lets_in(awa, "Moussa Traoré")
    await chooses(awa, "Démarrer le cycle")
    await awa.hears(
        "Avant de démarrer Les Amies, il manque", "une personne pour la trésorerie",
        "une autre demi-part pour faire la paire avec celle de Moussa",
    )  # fmt: skip
    await chooses(moussa, "Mes parts", "1 part")
    await moussa.hears("C’est noté pour le prochain cycle de Les Amies : 1 part.")

    koffi = await town.member("koffi")
    await joins(koffi, link)
    await lets_in(awa, "Koffi Mensah")
    # Who presides is not offered the treasury: the charter says two people.
    await awa.taps("Confier la trésorerie")
    await awa.hears("À qui confier la charge de trésorerie ?")
    assert "Awa" not in " ".join(await labels_of_last(awa))
    await awa.taps("Moussa")
    await awa.taps("Confirmer")
    await awa.hears("C’est fait : la charge de trésorerie revient à Moussa Traoré.", "tout est prêt")
    await awa.hears_button("Démarrer le cycle")
    await starts_in_order(awa)
    together = Neighbour.of(awa)
    await together.hears("Les Amies : le cycle commence", "1. Koffi Mensah", "2. Awa Ouédraogo", "3. Moussa Traoré")
    await awa.says("/tontine")
    await awa.hears("Votre tour : n° 2 sur 3. Vous recevez environ 15 000 F CFA")

    await chooses(moussa, "Échanger mon tour", "n° 2 · Awa", "Proposer l’échange")
    await moussa.hears("Votre proposition est partie")
    await awa.hears("Les Amies : Moussa Traoré propose d’échanger son tour avec celui de Awa Ouédraogo.")
    await awa.taps("Non merci")
    await awa.hears("les tours restent comme ils sont")
    await moussa.hears("Awa Ouédraogo préfère garder son tour")
    await chooses(moussa, "Échanger mon tour", "n° 2 · Awa", "Proposer l’échange")
    await awa.hears("propose d’échanger son tour")
    await awa.taps("D’accord")
    await together.hears("ont échangé leurs tours", "2. Moussa Traoré", "3. Awa Ouédraogo")
    await moussa.says("/tontine")
    await moussa.hears("Votre tour : n° 2 sur 3")


async def test_the_members_vote_another_organiser_in(town: Town) -> None:
    awa, moussa, koffi = await gathers(town)
    together, beside = Neighbour.of(awa), Neighbour.of(moussa)
    await chooses(koffi, "Changer la présidence")
    await koffi.hears("Qui proposez-vous pour organiser Les Amies ?")
    await koffi.says("Fatou")
    await koffi.hears("Qui proposez-vous pour organiser Les Amies ?")
    await koffi.taps("Koffi Mensah")
    await koffi.taps("Proposer au vote")
    await koffi.hears("Le vote est ouvert : Koffi Mensah")
    await together.hears("on propose Koffi Mensah pour organiser la tontine")
    toast = await together.taps_in_group("Contre")
    assert "Votre voix est comptée" in toast["text"]
    toast = await beside.taps_in_group("Pour")
    assert "Votre voix est comptée" in toast["text"]
    await together.hears("c’est décidé, Koffi Mensah préside")
    await koffi.hears("c’est décidé, Koffi Mensah préside")
    await koffi.says("/bureau")
    await koffi.hears("Votre charge : présidence.")
    await awa.says("/bureau")
    await awa.hears("Que voulez-vous faire ?")


async def test_new_rules_are_accepted_again_by_everybody_and_while_a_cycle_runs_they_wait(town: Town) -> None:
    awa, moussa, _ = await gathers(town, order="Fixé d’avance")
    await chooses(awa, "Changer les règles")
    await changes_to_ten_thousand(awa)
    await awa.hears("passe à la version 2")
    await moussa.hears("Le règlement de Les Amies a changé (version 2)")
    await chooses(awa, "Démarrer le cycle")
    await awa.hears("l’accord sur le règlement de : Moussa Traoré, Koffi Mensah")
    await moussa.taps("Lire et accepter le règlement")
    await moussa.hears("Règlement de Les Amies (version 2)", "Chaque part cotise 10 000 F CFA")
    await moussa.taps("J’ai lu")
    await moussa.hears("Acceptez-vous ce règlement de Les Amies ?")
    await moussa.taps("J’accepte le règlement")
    await moussa.hears("Règlement de Les Amies accepté (version 2).")
    await chooses(awa, "Démarrer le cycle")
    await awa.hears("l’accord sur le règlement de : Koffi Mensah")


async def changes_to_ten_thousand(awa: Person) -> None:
    await awa.says("10 000")
    await awa.says("mensuel")
    await awa.taps("1er")
    await awa.taps("Garder les autres règles")
    await awa.hears("Chaque part cotise 10 000 F CFA à chaque tour.", "Il y a un tour par mois.")
    await awa.taps("Confirmer")


async def test_rules_changed_while_a_cycle_runs_are_kept_for_the_next(town: Town) -> None:
    awa, moussa, _ = await gathers(town, order="Fixé d’avance")
    await starts_in_order(awa)
    await chooses(awa, "Changer les règles")
    await changes_to_ten_thousand(awa)
    await awa.hears("ces règles valent pour le prochain cycle de Les Amies")
    await moussa.says("/tontine")
    await moussa.hears("5 000 F CFA par part, chaque semaine.")


async def test_two_officers_close_a_tontine(town: Town) -> None:
    awa, moussa, koffi = await gathers(town)
    await chooses(awa, "Clore", "Confirmer")
    await awa.hears("J’ai demandé l’accord d’une autre personne du bureau")
    await moussa.hears("Awa Ouédraogo propose de clore Les Amies")
    await moussa.taps("Oui, clore la tontine")
    await koffi.hears("Les Amies est close")
    await Neighbour.of(awa).hears("Les Amies est close")
    await koffi.says("/tontine")
    await koffi.hears("Vous n’êtes encore dans aucune tontine")


async def test_an_offer_of_before_makes_no_second_tontine_by_mistake(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    together, beside = Neighbour.of(awa), Neighbour.of(moussa)
    await together.says("/tontine")
    await together.hears_button("Créer une tontine pour ce groupe")
    await beside.says("/tontine")
    await answers_for(await together.follows("Créer une tontine pour ce groupe"), "Les Amies")
    await together.hears("Les Amies est créée. Touchez « Participer »")
    toast = await beside.toast(await touch(beside, "Créer une tontine pour ce groupe"))
    assert "Les Amies existe déjà dans ce groupe" in toast["text"]


async def test_a_long_charter_is_read_page_after_page(town: Town) -> None:
    awa, moussa = await town.member("awa"), await town.member("moussa")
    await awa.says("/tontine")
    await awa.taps("Créer une tontine")
    for said in ("Les Amies", "5 000", "hebdomadaire", "demain"):
        await awa.says(said)
    await awa.taps("Choisir règle par règle")
    for said in ("enchère", "oui", "oui", "3", "500", "2", "remettre", "non", "oui"):
        await awa.says(said)
    link = link_in(await awa.hears("Je vous invite dans notre tontine"))

    await Neighbour.of(moussa).follows_link(link)
    await moussa.hears("Règlement de Les Amies (version 1)", "Page 1 sur 2", "1. Chaque part cotise")
    await moussa.taps("Lire la suite")
    await moussa.hears("Page 2 sur 2", "Un franc qui ne se partage pas")
    await moussa.taps("J’ai lu")
    await moussa.hears("Combien de parts prenez-vous")


async def test_a_long_list_of_members_is_read_page_after_page_and_all_are_let_in_at_once(town: Town) -> None:
    awa = await town.member("awa")
    await creates(awa)
    async with town.database.transaction() as session:
        found = await find_by_address(session, "telegram", str(awa.id))
        assert found is not None
        (tontine,) = await tontines_of(session, found.id)
        for number in range(24):
            member = await register(session, "telegram", f"9{number}", f"Voisine {number}", "fr")
            await ask_to_join(session, tontine.id, member.id)

    await awa.says("/membres")
    await awa.hears("Les Amies (page 1 sur 2)", "1. Awa Ouédraogo", "20. Voisine 18")
    await awa.taps("Suite")
    await awa.hears("Les Amies (page 2 sur 2)", "21. Voisine 19", "25. Voisine 23")
    await awa.taps("Avant")
    await awa.hears("Les Amies (page 1 sur 2)")

    await chooses(awa, "Demandes", "Tout le monde (24)")
    await awa.hears("Faire entrer dans Les Amies toutes ces personnes", "Voisine 9", "et 14 autres")
    await awa.taps("Confirmer")
    await awa.hears("Entrées acceptées dans Les Amies : 24.", "il manque", "l’accord sur le règlement de : Voisine 0")
