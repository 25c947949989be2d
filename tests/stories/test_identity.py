"""Showing who one is: accepted, refused, limits that rise, and the money that a limit had set aside."""

from collections.abc import Awaitable, Callable
from io import BytesIO

from PIL import Image
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import identity
from identity import IdentityPicture, IdentityRequest, Reason, Safe
from operators import Operator, Role, add_operator
from tests.stories.conftest import EVERYWHERE, ON_SQLITE
from tests.stories.person import Person
from tests.stories.town import Town


async def decided(town: Town, decide: Callable[[AsyncSession, IdentityRequest, Operator], Awaitable[None]]) -> None:
    """Let a finance person decide the one request that waits."""

    async def work(session: AsyncSession) -> None:
        known = await session.scalar(select(Operator))
        fanta = known or await add_operator(session, "Fanta", Role.FINANCE)
        (request,) = await identity.waiting_requests(session)
        await decide(session, request, fanta)

    await town.database.run(work)


async def shows_who_they_are(person: Person, name: str = "Ouédraogo Awa Marie") -> None:
    await person.says("/identite")
    await person.hears("Aujourd’hui : 200 000 F CFA", "Après vérification : 2 000 000 F CFA", "nom complet")
    await person.says(name)
    await person.taps("Carte d’identité")
    await person.hears("Envoyez ici une photo")
    await person.sends("photo")
    await person.hears("Demande complète : Carte d’identité", f"au nom de {name}", "Réf. I-")


@EVERYWHERE
async def test_a_verified_identity_raises_the_limits_and_lets_in_what_was_set_aside(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=150_000), await town.member("moussa", balance=80_000)
    await town.gives_pin(moussa)
    await moussa.says("/envoyer 80000")
    await moussa.shares_contact_of("awa")
    await moussa.confirms()
    await awa.hears("Moussa Traoré vous a envoyé 80 000 F CFA", "30 000 F CFA dépassent le plafond", "/identite")
    assert await awa.balance() == 200_000

    await awa.says("recharger 1000 wave 70 12 34 56")
    await awa.hears("peut contenir 200 000 F CFA au plus", "y ajouter 0 F CFA", "Pour relever ce plafond", "/identite")
    await awa.taps("Vérifier mon identité")
    await awa.says("Awa Ouédraogo")
    await awa.taps("Passeport")
    await awa.sends("photo")
    await awa.hears("Demande complète : Passeport")

    await decided(town, identity.accept)
    await awa.hears("✅ Identité vérifiée", "2 000 000 F CFA", "10 000 000 F CFA par mois")
    await awa.hears("🔓 30 000 F CFA qui étaient mis de côté", "Votre solde : 230 000 F CFA")
    assert await awa.balance() == 230_000
    await awa.says("recharger 300000 wave 70 12 34 56")
    await awa.hears("Vous payez : 300 000 F CFA")
    await town.audit()


async def test_a_refusal_says_why_and_loses_nothing(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await shows_who_they_are(awa)
    await awa.says("/identite")
    await awa.hears("en cours de vérification", "Réf. I-")

    async def refuse(session: AsyncSession, request: IdentityRequest, fanta: Operator) -> None:
        await identity.refuse(session, request, fanta, Reason.OTHER_NAME, "la carte dit Aïcha")

    await decided(town, refuse)
    await awa.hears(
        "❌ Identité pas encore vérifiée", "le nom écrit n’est pas celui de la pièce", "(la carte dit Aïcha)",
        "Votre argent et vos plafonds n’ont pas changé",
    )  # fmt: skip
    assert await awa.balance() == 5_000

    await awa.taps("Réessayer")
    await awa.says("Aïcha Ouédraogo")
    await awa.taps("Carte d’identité")
    await awa.sends("photo")
    await awa.hears("Demande complète", "au nom de Aïcha Ouédraogo")
    await decided(town, identity.accept)
    await awa.hears("✅ Identité vérifiée")
    await town.audit()


@ON_SQLITE
async def test_what_is_no_photo_is_asked_for_again_and_what_is_no_name_too(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/identite")
    await awa.says("70 12 34 56")
    await awa.hears("Écrivez votre nom complet en lettres")
    await awa.says("Awa Ouédraogo")
    await awa.taps("Carte d’identité")
    await awa.says("voilà ma carte")
    await awa.hears("Il me faut une photo")
    await awa.sends("voice")
    await awa.hears("Envoyez ici une photo")
    await awa.sends("photo")
    await awa.hears("Demande complète")


@ON_SQLITE
async def test_the_picture_is_kept_sealed_and_comes_out_as_it_went_in_without_what_was_written_in_it(
    town: Town,
) -> None:
    awa = await town.member("awa")
    await shows_who_they_are(awa)
    async with town.database.reading() as session:
        picture = (await session.scalars(select(IdentityPicture))).one()
    assert b"JFIF" not in picture.sealed
    opened = Safe(town.settings.documents_key.get_secret_value()).open(picture.sealed, picture.request_id)
    with Image.open(BytesIO(opened)) as seen:
        assert (seen.format, seen.size, dict(seen.getexif())) == ("JPEG", (320, 200), {})
