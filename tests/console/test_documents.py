"""Documents: who may look, who may decide, and that each look is written down."""

import pytest

from core.ids import new_id
from identity import IdentityState
from operators import Act, Role, acts_about
from tests.console.kit import Counter, words_of
from tests.identity.kit import as_it_stands, asked, somebody, tier_of, waiting


async def test_finance_looks_at_a_document_and_accepts_it(desk: Counter):
    awa = await somebody(desk.database)
    request = await waiting(desk.database, awa)
    async with desk.seated("Fanta", Role.FINANCE) as seat:
        assert request.reference in (await seat.opens("/documents")).text
        page = await seat.opens(f"/documents/{request.id}")
        assert "Awa Traoré" in words_of(page.text)
        picture = await seat.opens(f"/documents/{request.id}/picture.jpg")
        assert picture.headers["Content-Type"] == "image/jpeg"
        assert picture.headers["Cache-Control"] == "no-store"
        assert picture.content.startswith(b"\xff\xd8")
        done = await seat.sends(f"/documents/{request.id}/accept")
        assert "Identité vérifiée" in words_of(done.text)
        assert (await seat.sends(f"/documents/{request.id}/accept")).status_code == 409
    assert await tier_of(desk.database, awa) == "identified"
    async with desk.database.reading() as session:
        acts = [line.act for line in await acts_about(session, f"identity:{request.reference}")]
    assert acts == [Act.SEE, Act.SEE_DOCUMENT, Act.VERIFY_IDENTITY]


async def test_the_first_page_says_how_many_documents_wait_to_whoever_may_look_at_them(desk: Counter):
    awa = await somebody(desk.database)
    first = await waiting(desk.database, awa)
    await waiting(desk.database, await somebody(desk.database), key="second")
    await asked(desk.database, await somebody(desk.database), key="third")
    async with desk.seated("Fanta", Role.FINANCE) as finance, desk.seated("Sita", Role.SUPPORT) as support:
        assert "Identités à vérifier : 2." in words_of((await finance.opens("")).text)
        assert "Identités à vérifier" not in words_of((await support.opens("")).text)
        # Whoever looks at the member is led to it as well.
        way = f"/console/documents/{first.id}"
        assert way in (await finance.opens(f"/members/{awa.id}")).text
        assert way not in (await support.opens(f"/members/{awa.id}")).text
        await finance.sends(f"/documents/{first.id}/accept")
        assert way not in (await finance.opens(f"/members/{awa.id}")).text


async def test_a_refusal_has_one_of_the_reasons_and_a_word(desk: Counter):
    request = await waiting(desk.database, await somebody(desk.database))
    async with desk.seated("Fanta", Role.FINANCE) as seat:
        assert (await seat.sends(f"/documents/{request.id}/refuse", why="ugly")).status_code == 404
        done = await seat.sends(f"/documents/{request.id}/refuse", why="expired", note="depuis <b>mai</b>")
        assert "Demande refusée" in words_of(done.text)
        page = (await seat.opens(f"/documents/{request.id}")).text
        assert "<b>mai" not in page
        assert "/accept" not in page
    assert (await as_it_stands(desk.database, request)).state is IdentityState.REFUSED


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_support_sees_no_document(desk: Counter):
    request = await waiting(desk.database, await somebody(desk.database))
    async with desk.seated("Sita", Role.SUPPORT) as seat:
        for path in ("/documents", f"/documents/{request.id}", f"/documents/{request.id}/picture.jpg"):
            assert (await seat.opens(path)).status_code == 403
        for path in ("accept", "refuse"):
            assert (await seat.sends(f"/documents/{request.id}/{path}", why="expired")).status_code == 403
    assert (await as_it_stands(desk.database, request)).state is IdentityState.WAITING


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_picture_that_is_not_here_is_said_not_to_be(desk: Counter):
    request = await asked(desk.database, await somebody(desk.database))
    async with desk.seated("Fanta", Role.FINANCE) as seat:
        assert "La photo n’est pas encore là" in words_of((await seat.opens(f"/documents/{request.id}")).text)
        assert (await seat.opens(f"/documents/{request.id}/picture.jpg")).status_code == 404
        assert (await seat.opens(f"/documents/{new_id()}")).status_code == 404
