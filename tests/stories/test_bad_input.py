"""What people type, send and are called, and no form ever expected: one kind sentence each, and no money moves."""

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Person, Town

AMOUNTS = {
    "abc": "Je n’ai pas reconnu de montant",
    "\u200b": "Je n’ai pas reconnu de montant",
    "1e9": "Je n’ai pas reconnu de montant",
    "٥٠٠٠": "Écrivez-le en chiffres, par exemple 5000",
    "-5": "Le montant doit être plus grand que zéro",
    "0": "Le montant doit être plus grand que zéro",
    "5.5": "Le franc CFA n’a pas de centimes",
    "9" * 40: "Ce montant est beaucoup trop grand",
    "99": "99 F CFA, c’est trop peu : le minimum est 100 F CFA",
    "200001": "200 001 F CFA, c’est trop : le maximum par opération est 200 000 F CFA",
}

PHONES = {
    "mon numéro": "Je n’ai pas reconnu de numéro de téléphone",
    "70 12 34": "pas la bonne longueur : 8 chiffres (Burkina Faso)",
    "+33 6 12 34 56 78": "Je ne dessers pas encore ce pays",
    "+233 24 123 4567": "Je ne dessers pas encore ce pays",
    "25 30 12 34": "C’est un numéro fixe",
    "+225 07 12 34 56": "les numéros de Côte d’Ivoire ont 10 chiffres. Écrivez le nouveau",
}


@ON_SQLITE
async def test_each_amount_that_is_none_gets_one_sentence_and_the_question_again(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger")
    await awa.hears("Combien voulez-vous recharger ?")
    asked = len(await awa.said_to_me())

    for typed, sentence in AMOUNTS.items():
        await awa.says(typed)
        await awa.hears(sentence, "Combien voulez-vous recharger ?")
    assert len(await awa.said_to_me()) == asked + len(AMOUNTS)

    await awa.says("5 000 F")
    await awa.hears("Quel numéro va payer ?")
    assert await town.transactions() == []


@ON_SQLITE
async def test_more_than_the_balance_is_refused_and_the_recipient_stays(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.member("moussa")
    await awa.says("/envoyer")
    await awa.shares_contact_of("moussa")
    await awa.hears("envoyer à Moussa Traoré")

    await awa.says("5001")
    await awa.hears("5 001 F CFA, c’est plus que ce que vous avez : au plus 5 000 F CFA", "envoyer à Moussa Traoré")
    await awa.says("5000")
    await awa.hears("À : Moussa Traoré", "Montant : 5 000 F CFA")
    await awa.says("peut-être")
    await awa.hears("répondez « oui » ou « non »", "À : Moussa Traoré")
    await awa.says("non")
    await awa.hears("je n’envoie rien", "Aucun argent n’a bougé")
    assert await awa.balance() == 5_000
    await town.audit()


@ON_SQLITE
async def test_each_number_that_cannot_pay_gets_one_sentence_and_the_amount_stays(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    asked = len(await awa.said_to_me())

    for typed, sentence in PHONES.items():
        await awa.says(typed)
        await awa.hears(sentence, "Quel numéro va payer ?")
    await awa.shares_contact_of("moussa")
    await awa.hears("Cette fiche est celle d’une autre personne", "Quel numéro va payer ?")
    assert len(await awa.said_to_me()) == asked + len(PHONES) + 1

    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 5 000 F CFA", "Wave, +226 70 12 34 56")
    assert await town.transactions() == []


@ON_SQLITE
async def test_an_old_number_of_benin_is_offered_back_as_the_new_one(town: Town) -> None:
    koffi = await town.member("koffi")
    await koffi.says("/recharger 5000")
    await koffi.hears("Quel numéro va payer ?")
    await koffi.says("+229 97 12 34 56")
    await koffi.hears("Depuis novembre 2024", "Est-ce le +229 01 97 12 34 56 ?")
    await koffi.chooses("+229 01 97 12 34 56")
    await koffi.taps("MTN MoMo")
    await koffi.hears("MTN MoMo, +229 01 97 12 34 56")
    await koffi.taps("Recevoir le lien")
    await koffi.pays()
    await koffi.hears("Recharge reçue")

    # Now that a number is known the offer is an inline button, and no country code is needed.
    await koffi.says("/retirer 1000")
    await koffi.hears("Vers quel numéro ?")
    await koffi.says("97 12 34 57")
    await koffi.hears("Est-ce le +229 01 97 12 34 57 ?")
    await koffi.taps("+229 01 97 12 34 57")
    await koffi.hears("Sur quel compte mobile money ?")
    assert await koffi.balance() == 5_000


@ON_SQLITE
@pytest.mark.parametrize("kind", ["sticker", "voice", "photo"])
async def test_what_has_no_words_is_answered_at_rest_and_at_a_question(town: Town, kind: str) -> None:
    awa = await town.member("awa")
    await awa.sends(kind)
    await awa.hears("Je lis seulement les mots et les boutons", "recharger 5000")

    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    await awa.sends(kind)
    await awa.hears("Je n’ai pas pu lire cette réponse", "Quel numéro va payer ?")
    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.hears("Vous payez : 5 000 F CFA")


@ON_SQLITE
async def test_words_that_mean_nothing_are_answered_with_what_to_write(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("il fait chaud")
    await awa.hears("Je n’ai pas compris", "« recharger 5000 »")
    await awa.says("/danser maintenant")
    await awa.hears("Je ne connais pas la commande /danser.", "Le menu")
    assert len(await awa.said_to_me()) == 3


@ON_SQLITE
async def test_an_unknown_command_leaves_the_open_question_open(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/recharger 5000")
    await awa.hears("Quel numéro va payer ?")
    await awa.says("/danser")
    await awa.hears("Je ne connais pas la commande /danser.", "Quel numéro va payer ?")
    await awa.says("70 12 34 56")
    await awa.taps("Wave")
    await awa.says("/danser")
    await awa.hears("Je ne connais pas la commande /danser.", "Vous payez : 5 000 F CFA")
    await awa.taps("Recevoir le lien")
    await awa.hears("est prêt")


@ON_SQLITE
async def test_a_recipient_who_is_nobody_is_asked_for_again(town: Town) -> None:
    awa = await town.member("awa", balance=1_000)
    await awa.says("/envoyer")
    await awa.hears("À qui ?")
    for typed in ("Moussa", "member:1", f"member:{'0' * 32}"):
        await awa.says(typed)
        await awa.hears("Je n’ai pas reconnu de numéro de téléphone", "À qui ?")
    await awa.shares_own_contact()
    await awa.hears("C’est vous-même !", "À qui ?")
    assert await awa.balance() == 1_000


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ('<b>x</b> & "y" _z_', "</i>{balance} %s *w* `code`"),
        ("É" * 64, "😀" * 32),
        ("👩🏾‍🌾🧵", ""),
    ],
    ids=["markup", "128-letters", "emoji"],
)
async def test_a_name_is_shown_as_it_is_and_never_as_markup(town: Town, first: str, last: str) -> None:
    somebody = await town.newcomer(first, "+226 70 99 88 77".replace(" ", ""), last_name=last)
    name = f"{first} {last}".strip()
    await somebody.starts()
    await somebody.hears(f"Bonjour {name}")
    awa = await town.member("awa", balance=1_000)
    await awa.says("/envoyer 500")
    await awa.shares_contact_of(somebody.name)
    await awa.hears(f"À : {name}", "Montant : 500 F CFA")
    await awa.taps("Confirmer")
    await awa.hears(f"500 F CFA envoyés à {name}")
    await awa.says("/historique")
    await awa.hears(f"Envoi à {name}")
    assert (await awa.balance(), await somebody.balance()) == (500, 500)
    await town.audit()


@pytest.mark.parametrize(
    "text",
    ["a" * 4096, "😀" * 2048, "/" + "a" * 4095, "9" * 4096, "recharger " + "z" * 4086, "recharger " + "9 " * 2043],
    ids=["letters", "emoji", "command", "digits", "method", "numbers"],
)
async def test_the_longest_message_telegram_carries_is_answered(town: Town, text: str) -> None:
    awa = await town.member("awa")
    await awa.says(text)
    await _is_answered(awa)
    await awa.says("/envoyer")
    await awa.hears("À qui ?")
    await awa.says(text)
    await _is_answered(awa)
    await awa.says("/solde")
    await awa.hears("Disponible : 0 F CFA")


async def _is_answered(person: Person) -> None:
    """With anything but an apology."""
    assert "une erreur s’est produite" not in await person.hears("")
