"""Ten members, ten rounds, and all that happens to people on the way, by chat alone."""

import pytest

from tests.stories.conftest import ON_SQLITE
from tests.stories.tontine import circle, touch
from tests.stories.town import Town

TEN = ("Binta", "Chantal", "Djeneba", "Esther", "Fanta", "Gnima", "Habiba", "Issa", "Jean", "Lamine")
POT = 50_000


@ON_SQLITE
@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_whole_cycle_of_ten_members(town: Town) -> None:
    ring = await circle(town, *TEN, "Karim", francs=100_000)
    async with ring.clock:
        await ring.start(*TEN, short_pot="carry", fine=500, fine_after_turn=500, fine_cap=1_000, grace_days=1)
        await ring.joins("Karim")
        alone = {name: ring.alone(name) for name in ring.people}

        # Issa needs somebody to answer for him.
        await alone["Issa"].says("/aval")
        await touch(alone["Issa"], "Jean")
        await alone["Issa"].says("5000")
        await alone["Issa"].hears("Demandé à Jean")
        await alone["Jean"].hears("Issa vous demande d’être garant")
        await touch(alone["Jean"], "Accepter")
        await alone["Issa"].hears("Jean répond de vous jusqu’à 5 000 F CFA")

        # Round 1: Habiba gives banknotes to the treasurer.
        await ring.opens(1)
        await ring.all_tap(*(name for name in TEN if name != "Habiba"))
        await alone["Chantal"].says("/especes")
        await touch(alone["Chantal"], "Habiba")
        await alone["Chantal"].says("5000")
        await touch(alone["Chantal"], "Confirmer")
        await alone["Habiba"].hears("Avez-vous donné 5 000 F CFA")
        await touch(alone["Habiba"], "Oui, j’ai donné")
        await ring.pays_out(1, "Chantal", "Djeneba")
        await alone["Binta"].hears("Votre cagnotte est arrivée : 45 000 F CFA")
        await touch(alone["Binta"], "J’ai bien reçu 5 000 F CFA")

        # Round 2: Lamine pays in two parts; Gnima is late, is fined once, and pays both.
        await ring.opens(2)
        await ring.all_tap(*(name for name in TEN if name not in {"Gnima", "Lamine"}))
        await alone["Lamine"].says("/cotiser 2000")
        await touch(alone["Lamine"], "✅ Payer")
        await ring.card_says("◐ Lamine : 2 000 F CFA sur 5 000 F CFA")
        await ring.all_tap("Lamine")
        await ring.deadline_passes(2, days=1)
        await alone["Gnima"].hears("Amende : 500 F CFA")
        await touch(alone["Gnima"], "Payer l’amende")
        await alone["Gnima"].hears("Amende de 500 F CFA réglée")
        await ring.all_tap("Gnima")
        await ring.pays_out(2, "Binta", "Djeneba")

        # Fanta and Gnima exchange their turns.
        await alone["Fanta"].starts("tontine_swap")
        await touch(alone["Fanta"], "Gnima")
        await touch(alone["Fanta"], "Proposer l’échange")
        await touch(alone["Gnima"], "D’accord")

        # Rounds 3 to 8 go as they should; before the seventh, Karim buys in for Habiba.
        for number in range(3, 9):
            if number == 7:
                await alone["Habiba"].says("/remplacement")
                await touch(alone["Habiba"], "Karim")
                await touch(alone["Habiba"], "Confirmer")
                await alone["Karim"].hears("Habiba vous propose", "pour 30 000 F CFA")
                await touch(alone["Karim"], "Reprendre pour 30 000 F CFA")
                await alone["Habiba"].hears("Karim a repris votre place")
            people = [name if name != "Habiba" or number < 7 else "Karim" for name in TEN]
            await ring.opens(number)
            await ring.all_tap(*people)
            asker, approver = ("Binta", "Chantal")
            await ring.pays_out(number, asker, approver)
        assert await ring.wallet("Habiba") == 100_000 - 25_000 + 30_000

        # Round 9: Issa has had his pot and pays no more. His guarantor is called, and is the one who receives.
        payers = [name if name != "Habiba" else "Karim" for name in TEN if name != "Issa"]
        await ring.opens(9)
        await ring.all_tap(*payers)
        await ring.deadline_passes(9)
        await alone["Issa"].hears("l’échéance est passée")
        await alone["Binta"].says("/defaut")
        await touch(alone["Binta"], "Issa")
        await touch(alone["Binta"], "Confirmer")
        await alone["Binta"].hears("Issa est en défaut")
        await alone["Issa"].hears("Votre garant, Jean, a payé 5 000 F CFA pour vous")
        await ring.pays_out(9, "Binta", "Chantal")

        # Round 10: the guarantee is used up. The pot is short, is paid as it is, and the gap is a debt by name.
        await ring.opens(10)
        await ring.all_tap(*payers)
        await ring.deadline_passes(10)
        await alone["Chantal"].hears("La cagnotte est incomplète", "il manque 5 000 F CFA")
        await ring.pays_out(10, "Binta", "Chantal")
        await ring["Binta"].hears("le cycle 1 est terminé", "Issa doit 5 000 F CFA à Lamine (tour 10)")

        summary = (await ring.cycle()).summary
        assert summary is not None
        paid_and_received = [(share["paid"], share["received"]) for share in summary["shares"]]
        assert sorted(paid_and_received) == sorted([(POT, POT)] * 8 + [(POT - 5_000, POT), (POT, POT - 5_000)])
        assert [debt["amount"] for debt in summary["debts"] if debt["kind"] == "contribution"] == [5_000]

        # Paid after all, it goes to Lamine by itself.
        await alone["Issa"].says("/cotiser 5000")
        await touch(alone["Issa"], "✅ Payer")
        await alone["Lamine"].hears("Un reste de votre cagnotte est arrivé : 5 000 F CFA")
        assert await ring.wallet("Lamine") == 100_000
        assert await ring.owes("Issa") == 0
        await ring.audit()
