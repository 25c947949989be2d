"""Complaints: one that settles itself, one that takes two people of finance, and one that is answered."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import app
import complaints
from complaints import Complaint
from core.money import Money
from operators import Decision, Operator, Role, add_operator
from payments import Payout
from tests.stories.conftest import EVERYWHERE, ON_SQLITE
from tests.stories.person import payload_in
from tests.stories.town import Town, until


async def hired(town: Town, name: str, role: Role = Role.FINANCE) -> Operator:
    return await town.database.run(lambda session: add_operator(session, name, role))


async def the_complaint(session: AsyncSession) -> Complaint:
    return (await session.scalars(select(Complaint))).one()


@EVERYWHERE
async def test_a_payment_whose_webhook_never_came_is_found_and_the_complaint_ends_by_itself(town: Town) -> None:
    awa = await town.member("awa")
    await town.knobs("getmipay", deposit_fault="silent")
    await awa.says("recharger 5000 wave 70 12 34 56")
    await awa.taps("Recevoir le lien")
    await awa.pays()
    await awa.says("/reclamation")
    await awa.hears("Quelle opération pose problème ?")
    await awa.taps("5 000 F CFA")
    await awa.taps("J’ai payé, rien n’est arrivé")
    await awa.hears("Racontez en quelques mots", "N’écrivez jamais de code secret")
    await awa.says("J'ai payé par Wave et mon solde est à zéro")
    await awa.hears("✅ Réclamation K-", "réglée", "recharge de 5 000 F CFA est dans votre portefeuille")
    assert await awa.balance() == 5_000

    await awa.says("/reclamation")
    await awa.hears("Vos réclamations", "réglée après vérification")
    await town.audit()


@EVERYWHERE
async def test_what_nobody_can_look_up_is_put_right_by_two_people_of_finance(town: Town) -> None:
    awa, fanta, issa = await town.member("awa", balance=5_000), await hired(town, "Fanta"), await hired(town, "Issa")
    await awa.taps("Un problème ?")
    await awa.hears("Que s’est-il passé ?")
    await awa.taps("Le montant est faux")
    await awa.says("Wave m'a débité 5 500 F, pas 5 000")
    await awa.hears("Réclamation enregistrée", "K-", "Première réponse au plus tard le", "fin au plus tard le")

    decisions = app.decisions()

    async def answer(session: AsyncSession) -> None:
        await complaints.answer(session, await the_complaint(session), fanta, "Envoyez-nous le SMS de Wave, merci.")

    await town.database.run(answer)
    await awa.hears("Réclamation K-", "Envoyez-nous le SMS de Wave, merci.")
    await awa.taps("Répondre")
    await awa.says("Le SMS dit 5 500 F le 22")
    await awa.hears("C’est noté dans la réclamation K-")

    async def propose(session: AsyncSession) -> Decision:
        return await complaints.propose_compensation(
            session, decisions, await the_complaint(session), fanta, Money(500), words="Nous vous rendons l'écart.",
            reason="débit Wave de 5 500 F, SMS vu",
        )  # fmt: skip

    proposed = await town.database.run(propose)
    assert await awa.balance() == 5_000
    await town.database.run(lambda session: decisions.approve(session, issa, proposed.id))
    await awa.hears("terminée", "Nous vous rendons l'écart.", "500 F CFA ont été ajoutés à votre compte")
    assert await awa.balance() == 5_500
    await town.audit()


async def test_a_withdrawal_that_left_stays_open_for_a_person_and_the_member_reads_what_was_found(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_status=True)
    await awa.says("/retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    receipt = await awa.hears("✅ Retrait effectué", "Réf. R-")
    await awa.says(f"/reclamation {payload_in(receipt, 'R-')}")
    await awa.taps("Retrait pas reçu")
    await awa.says("Rien sur mon téléphone")
    await awa.hears("🔎 Réclamation K-", "GetMiPay confirme que ce retrait est parti", "Une personne regarde")

    await awa.says("/reclamation")
    await awa.taps("🟠 K-")
    await awa.hears("Réclamation K-", "Rien sur mon téléphone")
    await awa.taps("C’est réglé")
    await awa.hears("Merci !", "est terminée")
    assert await awa.balance() == 3_000
    await town.audit()


async def test_nobody_reads_that_money_is_reserved_which_has_left_or_was_given_back(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    await awa.says("/retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    left = payload_in(await awa.hears("✅ Retrait effectué", "Réf. R-"), "R-")
    await town.knobs("getmipay", payout_fault="failed_then_completed", order_gap_s=0.2)
    await awa.says("/retirer 1000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    back = payload_in(await awa.hears("❌", "1 000 F CFA", "R-"), "R-")

    async def doubted() -> Payout | None:
        async with town.database.reading() as session:
            return await session.scalar(select(Payout).where(Payout.doubt.is_not(None)))

    await until(doubted)
    for reference, found in ((left, "est sorti de votre portefeuille"), (back, "Ce retrait vous a été rendu")):
        await awa.says(f"/reclamation {reference}")
        await awa.taps("Retrait pas reçu")
        await awa.says("Rien sur mon téléphone")
        assert "réservé" not in await awa.hears("🔎 Réclamation K-", reference, found, "Une personne regarde")
    assert await awa.balance() == 3_000


@ON_SQLITE
async def test_what_is_somebody_elses_is_not_found(town: Town) -> None:
    awa, moussa = await town.member("awa", balance=5_000), await town.member("moussa")
    receipt = next(said for said in await awa.said_to_me() if "Réf. D-" in said)
    await moussa.says(f"/reclamation {payload_in(receipt, 'D-')}")
    await moussa.hears("Je ne trouve pas cette référence parmi vos opérations", "Quelle opération pose problème ?")
    await moussa.taps("Autre chose")
    await moussa.hears("Que s’est-il passé ?")
    await moussa.taps("Autre chose")
    await moussa.says("Le bouton du menu ne marche pas")
    reference = payload_in(await moussa.hears("Réclamation enregistrée"), "K-")
    await awa.says(f"/reclamation {reference}")
    await awa.hears("Je ne trouve pas cette réclamation parmi les vôtres")
