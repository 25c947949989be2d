"""The first hour of a tontine: made, joined, drawn and paid on one day, without anybody putting the clock forward."""

from tests.stories.group import Neighbour
from tests.stories.test_tontine_group import chooses, joins, lets_in, link_in
from tests.stories.town import Person, Town


async def makes_for_today(awa: Person, name: str = "Les Amies", *, period: str = "Chaque jour") -> str:
    """A tontine that begins today, with the usual rules, made from the group; gives its invitation."""
    together = Neighbour.of(awa)
    await together.says("/tontine")
    alone = await together.follows("Créer une tontine pour ce groupe")
    await alone.says(name)
    await alone.taps("5 000 F CFA")
    await alone.taps(period)
    await alone.hears("« Aujourd’hui » convient si tout le monde s’inscrit dans la journée")
    await alone.taps("Aujourd’hui")
    await alone.taps("Réglages habituels")
    await alone.taps("Créer et accepter ces règles")
    return link_in(await alone.hears("Je vous invite dans notre tontine"))


async def test_a_tontine_is_made_drawn_and_paid_on_one_day(town: Town) -> None:
    awa, moussa, koffi = await town.member("awa", 6_000), await town.member("moussa", 6_000), await town.member("koffi")
    link = await makes_for_today(awa)
    for person, name in ((moussa, "Moussa Traoré"), (koffi, "Koffi Mensah")):
        await joins(person, link)
        await lets_in(awa, name)
    # From here on each message says what comes next, and has the button for it.
    await awa.taps("Confier la trésorerie")
    await awa.taps("Moussa")
    await awa.taps("Confirmer")
    await awa.hears("tout est prêt")

    together, beside = Neighbour.of(awa), Neighbour.of(moussa)
    await awa.taps("Démarrer le cycle")
    await awa.hears("Quand tirer au sort l’ordre de Les Amies ?")
    await awa.taps("Dans 10 minutes")
    await awa.hears("Premier tour : dès le tirage, à payer avant le", "tirage au sort dans 10 minutes")
    await awa.taps("Démarrer le cycle")
    await together.hears("le cycle commence ! Premier tour dès le tirage", "Ont mélangé : 0 sur 3")

    # Nobody has to wait the ten minutes out: the last who stirs draws the lots, and the first round opens.
    await together.taps_in_group("Mélanger")
    await beside.taps_in_group("Mélanger")
    await together.hears("Ont mélangé : 2 sur 3")
    await koffi.taps("Mélanger")
    await together.hears("voici l’ordre des tours !")
    await koffi.hears("l’ordre des tours est tiré au sort !", "Votre tour : n°", "Premier tour tout de suite")
    await koffi.hears_button("Cotiser")
    await together.hears("Tour 1 sur 3", "0 F CFA")
    await beside.taps_in_group("Payer ma cotisation")
    await together.hears("Tour 1 sur 3", "✅ Moussa Traoré")
    assert await moussa.balance() == 1_000
    await awa.says("/cotiser")
    await awa.says("5 000")
    await awa.hears("Vous payez 5 000 F CFA à Les Amies")
    await awa.taps("✅ Payer")
    await together.hears("✅ Awa Ouédraogo")
    await town.audit()


async def test_a_fixed_order_begins_at_once(town: Town) -> None:
    awa, moussa = await town.member("awa", 6_000), await town.member("moussa", 6_000)
    link = await makes_for_today(awa, period="Chaque semaine")
    await joins(moussa, link)
    await lets_in(awa, "Moussa Traoré")
    await chooses(awa, "Nommer", "trésorerie", "Moussa", "Confirmer")
    await chooses(awa, "Changer les règles")
    await awa.taps("5 000 F CFA")
    await awa.taps("Chaque semaine")
    await awa.says("aujourd’hui")
    await awa.taps("Choisir règle par règle")
    await awa.taps("Fixé d’avance")
    await awa.taps("Non")
    await awa.taps("Oui")
    await awa.taps("3 j")
    await awa.taps("Sans amende")
    await awa.taps("Remettre ce qu’il y a")
    await awa.taps("Non")
    await awa.taps("Confirmer")
    await moussa.taps("Lire et accepter le règlement")
    await moussa.taps("J’ai lu")
    await moussa.taps("J’accepte le règlement")
    await moussa.hears("accepté (version 2)")

    await chooses(awa, "Démarrer le cycle")
    await awa.taps("Dans l’ordre de la liste")
    await awa.hears("Premier tour : tout de suite", "1. Awa Ouédraogo\n2. Moussa Traoré")
    await awa.taps("Démarrer le cycle")
    together = Neighbour.of(awa)
    await together.hears("Tour 1 sur 2")
    await together.taps_in_group("Payer ma cotisation")
    await together.hears("✅ Awa Ouédraogo")
