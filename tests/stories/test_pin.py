"""The PIN: typed on a page of ours and never in the chat, and what somebody gains who has the telephone but not it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Model
from members import find_by_address
from operators import Operator, Role, add_operator
from payments.custody import take_pin_away, unfreeze_wallet
from tests.stories.conftest import EVERYWHERE, ON_SQLITE, ON_TELEGRAM
from tests.stories.person import PIN, Person, PinPage, labels_of, vouched
from tests.stories.town import Town, until

OTHER_NUMBER = "75 33 44 55"
NEW_NUMBER = "76 00 11 22"


@EVERYWHERE
async def test_the_first_withdrawal_lets_one_choose_a_pin_and_then_goes_by_itself(town: Town) -> None:
    awa = await town.member("awa", balance=15_000)
    await awa.says(f"retirer 2000 orange {NEW_NUMBER}")
    await awa.taps("Confirmer")
    await awa.hears("Il vous faut un code PIN", "Retirer 2 000 F CFA avec Orange Money vers +226 76 00 11 22")
    page = await awa.pin_page()
    opened = await page.opens()
    assert "Choisissez votre code" in opened.words
    assert "Retirer 2 000 F CFA" in opened.words
    assert "deviné trop vite" in (await page.sends("1234")).words
    assert "ne sont pas les mêmes" in (await page.sends(PIN, again="2581")).words
    assert await awa.balance() == 15_000
    assert "C’est fait" in await awa.proves()
    await awa.hears("✅ Retrait effectué : 2 000 F CFA", "Votre solde : 13 000 F CFA")
    # Sent twice, on a bad line: it is done, and not once more.
    assert "C’est fait" in (await page.sends(PIN)).words

    # The number is known now, and so much a day needs no PIN.
    await awa.says(f"retirer 8000 orange {NEW_NUMBER}")
    await awa.taps("Confirmer")
    await awa.hears("✅ Retrait effectué : 8 000 F CFA")
    await awa.says(f"retirer 3000 orange {NEW_NUMBER}")
    await awa.confirms()
    await awa.hears("✅ Retrait effectué : 3 000 F CFA", "Votre solde : 2 000 F CFA")
    await town.audit()


async def test_three_wrong_pins_lock_for_a_time_that_grows_and_whose_it_is_reads_of_it(town: Town) -> None:
    awa = await with_a_pin(town)
    await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
    await awa.taps("Confirmer")
    page = await opened_page(awa)
    assert "Essais restants : 2" in (await page.sends("1379")).words
    assert "Essais restants : 1" in (await page.sends("1380")).words
    locked = await page.sends("1381")
    assert (locked.status, "plus aucun code n’est accepté" in locked.words) == (423, True)
    await awa.hears("Quelqu’un s’est trompé plusieurs fois de code PIN")
    # Nor is the right one, now.
    assert (await page.sends(PIN)).status == 423
    async with town.ahead(timedelta(minutes=16)):
        await awa.says("bonjour")
        await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
        await awa.taps("Confirmer")
        page = await opened_page(awa)
        for guess in ("1382", "1383", "1384"):
            await page.sends(guess)
    async with town.ahead(timedelta(minutes=40)):
        await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
        await awa.taps("Confirmer")
        page = await opened_page(awa)
        assert (await page.sends(PIN)).status == 423
    async with town.ahead(timedelta(minutes=80)):
        await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
        await awa.confirms()
        await awa.hears("✅ Retrait effectué : 2 000 F CFA")
    await town.audit()


async def test_a_pin_typed_into_the_chat_is_taken_out_of_it_and_kept_nowhere(town: Town) -> None:
    awa = await with_a_pin(town)
    await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
    await awa.taps("Confirmer")
    await awa.hears_page()
    typed = "7" + PIN
    await awa.says(typed)
    await awa.hears("N’écrivez jamais votre code ici", "Retirer 2 000 F CFA")
    if awa.edits:
        await until(lambda: _is_gone(awa, typed))
    assert await found_in_any_table(town, typed) == []
    await awa.says("oui")
    await awa.hears("La suite se fait sur la page")
    assert "C’est fait" in await awa.proves()
    await awa.hears("✅ Retrait effectué : 2 000 F CFA")


async def test_a_large_withdrawal_to_a_new_number_waits_for_the_next_day(town: Town) -> None:
    awa = await town.member("awa", balance=90_000)
    await awa.says(f"retirer 60000 orange {NEW_NUMBER}")
    await awa.hears("Ce numéro est nouveau", "au plus 50 000 F CFA", "votre argent n’a pas bougé")
    await awa.says("annuler")
    await awa.says(f"retirer 1000 orange {NEW_NUMBER}")
    await awa.confirms()
    await awa.hears("Un retrait part vers un nouveau numéro : +226 •• •• 11 22")
    await awa.says(f"retirer 49500 orange {NEW_NUMBER}")
    await awa.hears("au plus 50 000 F CFA", "il reste 49 000 F CFA")
    await awa.says("annuler")
    assert await awa.balance() == 89_000
    async with town.ahead(timedelta(hours=25)):
        await awa.says(f"retirer 60000 orange {NEW_NUMBER}")
        await awa.confirms()
        await awa.hears("✅ Retrait effectué : 60 000 F CFA")
    await town.audit()


async def test_it_was_not_me_freezes_the_wallet_in_one_tap_until_an_operator_has_looked(town: Town) -> None:
    awa = await with_a_pin(town)
    await awa.hears("Un retrait part vers un nouveau numéro")
    await awa.taps("Ce n’est pas moi")
    await awa.hears("Votre portefeuille est gelé", "votre argent y reste", "L’assistance est prévenue")
    await awa.taps("Écrire à l’assistance")
    await awa.hears("Quelle opération pose problème ?")
    await awa.says("annuler")
    balance = await awa.balance()
    for words in (f"retirer 1000 orange {NEW_NUMBER}", "/envoyer 500"):
        await awa.says(words)
        # Nothing is asked whose answer could not help.
        said = await awa.hears("sont suspendues", "Votre argent y reste", "écrivez /reclamation")
        assert "Combien" not in said
        assert "À qui" not in said
    assert await awa.balance() == balance
    # What is frozen is not offered to be frozen.
    await awa.says("/pin")
    await awa.hears_button("Code oublié")
    assert not any("Geler mon portefeuille" in label for said in await awa.messages() for label in labels_of(said))
    await awa.says("annuler")
    # What comes in still does.
    await awa.says(f"recharger 1000 wave {await town.phone_of('awa')}")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.hears("✅ Recharge reçue : 1 000 F CFA")

    operator = await an_operator(town, Role.FINANCE)
    await town.database.run(
        lambda session: by_operator(session, unfreeze_wallet, operator, awa, "rappelée au numéro vérifié")
    )
    await awa.hears("Votre portefeuille est rouvert")
    await awa.says(f"retirer 1000 orange {NEW_NUMBER}")
    await awa.taps("Confirmer")
    await awa.hears("✅ Retrait effectué : 1 000 F CFA")
    await town.audit()


async def test_a_forgotten_pin_is_taken_away_by_an_operator_and_nothing_leaves_for_a_day(town: Town) -> None:
    awa = await with_a_pin(town)
    await awa.says("/pin")
    await awa.taps("Code oublié")
    await awa.hears("L’assistance est prévenue", "24 heures")
    operator = await an_operator(town, Role.FINANCE)
    await town.database.run(
        lambda session: by_operator(session, take_pin_away, operator, awa, "pièce montrée en appel vidéo")
    )
    await awa.hears("L’assistance a effacé votre code PIN")
    balance = await awa.balance()
    await awa.says(f"retirer 1000 orange {NEW_NUMBER}")
    await awa.hears("vient d’être effacé par l’assistance", "Votre argent n’a pas bougé")
    await awa.says("annuler")
    assert await awa.balance() == balance
    async with town.ahead(timedelta(hours=25)):
        await awa.says(f"retirer 1000 orange {OTHER_NUMBER}")
        await awa.taps("Confirmer")
        await awa.hears("Il vous faut un code PIN")
        assert "C’est fait" in await awa.proves("4071")
        await awa.hears("✅ Retrait effectué : 1 000 F CFA")


async def test_many_small_sends_of_a_day_are_a_large_one_and_the_limit_may_be_lowered(town: Town) -> None:
    awa = await with_a_pin(town)
    await town.member("moussa")
    await sends(awa, 6_000)
    await awa.hears("✅ 6 000 F CFA envoyés")
    await sends(awa, 5_000, confirmed=False)
    await awa.confirms()
    await awa.hears("✅ 5 000 F CFA envoyés")

    await awa.says("/pin")
    await awa.taps("Quand il est demandé")
    await awa.taps("À chaque fois")
    await awa.hears("votre code sera demandé à chaque fois")
    async with town.ahead(timedelta(hours=25)):
        await sends(awa, 100, confirmed=False)
        await awa.confirms()
        await awa.hears("✅ 100 F CFA envoyés")
        # To let more go without it takes the PIN as well.
        await awa.says("/pin")
        await awa.taps("Quand il est demandé")
        await awa.taps("5 000 F CFA")
        assert "C’est fait" in await awa.proves()
        await awa.hears("votre code sera demandé au-delà de 5 000 F CFA")
    await town.audit()


async def test_the_pin_is_changed_with_the_one_there_was_and_the_change_is_told(town: Town) -> None:
    awa = await with_a_pin(town)
    await awa.says("/pin")
    await awa.taps("Changer mon code")
    page = await opened_page(awa)
    assert "Essais restants : 2" in (await page.sends("1379", new="4071")).words
    assert "C’est fait" in await awa.proves(PIN, new="4071")
    await awa.hears("Votre code PIN est enregistré")
    await awa.hears("Votre code PIN vient d’être changé", "au plus 50 000 F CFA")
    await awa.says(f"retirer 1000 orange {OTHER_NUMBER}")
    await awa.taps("Confirmer")
    page = await opened_page(awa)
    assert "Essais restants" in (await page.sends(PIN)).words
    assert "C’est fait" in await awa.proves("4071")
    await awa.hears("✅ Retrait effectué : 1 000 F CFA")


@ON_SQLITE
async def test_nobody_chooses_a_pin_in_vain_for_a_sum_that_has_to_wait_anyway(town: Town) -> None:
    awa = await town.member("awa", balance=90_000)
    await town.member("moussa")
    await sends(awa, 60_000)
    await awa.hears("il vous faut un code PIN choisi depuis plus de 24 heures", "Votre argent n’a pas bougé")
    assert await awa.balance() == 90_000


@ON_SQLITE
async def test_what_was_cancelled_or_changed_meanwhile_is_not_done_by_a_page_left_open(town: Town) -> None:
    awa = await with_a_pin(town)
    before = await awa.balance()
    await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
    await awa.taps("Confirmer")
    page = await opened_page(awa)
    await awa.says("annuler")
    await awa.hears("Aucun argent n’a bougé")
    await page.sends(PIN)
    await awa.hears("avait déjà été annulée")
    # After something else the question comes again with a link of its own: the former one is worth nothing.
    await awa.says(f"retirer 3000 orange {OTHER_NUMBER}")
    await awa.taps("Confirmer")
    page = await opened_page(awa)
    await awa.says("/solde")
    await awa.hears("On reprend là où vous en étiez")
    assert (await page.sends(PIN)).status == 410
    assert await awa.balance() == before
    await awa.proves()
    await awa.hears("✅ Retrait effectué : 3 000 F CFA")
    await town.audit()


@ON_SQLITE
@ON_TELEGRAM
async def test_a_link_opens_in_nobody_elses_telegram(town: Town) -> None:
    awa = await with_a_pin(town)
    moussa = await town.member("moussa")
    await awa.says(f"retirer 2000 orange {OTHER_NUMBER}")
    await awa.taps("Confirmer")
    page = await opened_page(awa)
    stolen = replace(page, opened_by=vouched(moussa, page.opened_by, as_somebody_else=True))
    assert (await stolen.sends(PIN)).status == 403
    assert (await replace(page, opened_by="").sends(PIN)).status == 403
    assert "C’est fait" in (await page.sends(PIN)).words
    await awa.hears("✅ Retrait effectué : 2 000 F CFA")


async def with_a_pin(town: Town) -> Person:
    """Awa, who chose her PIN for a first withdrawal, three days ago for all that it matters."""
    awa = await town.member("awa", balance=30_000)
    await awa.says(f"retirer 1000 orange {NEW_NUMBER}")
    await awa.confirms()
    await awa.hears("✅ Retrait effectué : 1 000 F CFA")
    return awa


async def opened_page(person: Person) -> PinPage:
    await person.hears_page()
    return await person.pin_page()


async def sends(person: Person, francs: int, *, confirmed: bool = True) -> None:
    await person.says(f"/envoyer {francs}")
    await person.shares_contact_of("moussa")
    await person.hears("À : Moussa Traoré")
    if confirmed:
        await person.taps("Confirmer")


async def an_operator(town: Town, role: Role) -> Operator:
    return await town.database.run(lambda session: add_operator(session, "Aminata", role))


async def by_operator(
    session: AsyncSession,
    act: Callable[[AsyncSession, Operator, UUID, str], Awaitable[Any]],
    operator: Operator,
    person: Person,
    words: str,
) -> None:
    member = await find_by_address(session, *person.address)
    assert member is not None
    await act(session, operator, member.id, words)


async def _is_gone(person: Person, text: str) -> bool:
    return all(text != message.get("text") for message in await person.messages())


async def found_in_any_table(town: Town, words: str) -> list[str]:
    """The tables in which these words stand."""
    found = []
    async with town.database.reading() as session:
        for table in Model.metadata.sorted_tables:
            rows = (await session.execute(select(table))).all()
            if any(words in repr(tuple(row)) for row in rows):
                found.append(table.name)
    return found
