"""A wallet is stopped by support, and opened again by finance alone."""

from members import Freezing, Member, freeze
from operators import Act, Role, acts_about
from tests.console.kit import Counter, Seat, words_of
from tests.members.kit import newcomer

WHY = "rappelée sur le numéro que nous connaissons"


async def test_support_stops_a_wallet_and_finance_opens_it_again(desk: Counter):
    awa = await newcomer(desk.database, "100", "Awa")
    path = f"/members/{awa.id}"
    async with desk.seated("Sita", Role.SUPPORT) as support, desk.seated("Fanta", Role.FINANCE) as finance:
        assert (await support.sends(f"{path}/freeze", reason="")).status_code == 409
        assert "Rien ne sort plus" in words_of((await support.sends(f"{path}/freeze", reason=WHY)).text)
        assert "/unfreeze" not in (await support.opens(path)).text
        for act in ("unfreeze", "pin"):
            assert (await support.sends(f"{path}/{act}", reason=WHY)).status_code == 403
        async with desk.database.reading() as session:
            assert (await session.get_one(Member, awa.id)).frozen_at is not None
        assert "sorties suspendues" in words_of((await finance.opens(path)).text)
        await finance.sends(f"{path}/unfreeze", reason=WHY)
        assert "Code PIN effacé" in words_of((await finance.sends(f"{path}/pin", reason=WHY)).text)
    async with desk.database.reading() as session:
        assert (await session.get_one(Member, awa.id)).frozen_at is None
        acts = [line.act for line in await acts_about(session, f"member:{awa.id}") if line.act is not Act.SEE]
    assert acts == [Act.FREEZE, Act.UNFREEZE, Act.RESET_PIN]


async def test_an_operator_opens_no_wallet_of_their_own_and_keeps_their_own_pin(desk: Counter):
    awa = await newcomer(desk.database, "100", "Awa")
    path = f"/members/{awa.id}"
    await desk.database.run(lambda session: freeze(session, awa.id, Freezing.MEMBER))
    herself = await desk.operator("Awa", Role.ADMIN, telegram="100")
    async with desk.browser() as http, desk.seated("Fanta", Role.FINANCE) as finance:
        seat = Seat(http, herself)
        await seat.comes_in(await desk.link_for(herself))
        for act in ("unfreeze", "pin"):
            refused = await seat.sends(f"{path}/{act}", reason=WHY)
            assert refused.status_code == 409
            assert "C’est votre propre portefeuille" in words_of(refused.text)
        assert "Le membre l’a demandé lui-même" in words_of((await finance.opens(path)).text)
        await finance.sends(f"{path}/unfreeze", reason=WHY)
        # To stop it is always right.
        await seat.sends(f"{path}/freeze", reason=WHY)
        assert "Une personne de l’équipe l’a décidé" in words_of((await finance.opens(path)).text)
    async with desk.database.reading() as session:
        acts = [line.act for line in await acts_about(session, f"member:{awa.id}") if line.act is not Act.SEE]
    assert acts == [Act.UNFREEZE, Act.FREEZE]
