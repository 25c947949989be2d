"""Complaints at the console: whoever is late is seen first, support answers, and money takes two of finance."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import complaints
from complaints import Complaint, ComplaintState, Outcome, Subject
from core import clock
from core.db import Database
from operators import Act, Operator, Role, acts_about, verify_acts
from tests.complaints.kit import WORDS, as_it_stands, complained, somebody, stands
from tests.console.kit import Counter, Seat, counter, words_of
from tests.payments.kit import World

ANSWER = "Nous cherchons,\net revenons vers vous."
LAST_WORD = "Voici ce qui manquait."
WHY = "écart vu sur le SMS"
MONEY = {"amount": "500", "words": LAST_WORD, "reason": WHY}
NASTY = '<script>alert("x")</script> appelez le +226 70 12 34 56'


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Counter]:
    """The console, where compensations can be decided."""
    async with counter(database) as served:
        complaints.register_compensations(served.decisions)
        yield served


async def acts_on(desk: Counter, complaint: Complaint) -> list[tuple[Act, str | None]]:
    """What operators did to it, beyond looking."""
    async with desk.database.reading() as session:
        lines = await acts_about(session, f"complaint:{complaint.reference}")
        assert await verify_acts(session) is None
    return [(line.act, line.detail.get("did")) for line in lines if line.act is not Act.SEE]


async def form_of(seat: Seat, path: str) -> str:
    """The one-time key of the form on that page."""
    found = re.search(r'name="form" value="([0-9a-f-]{36})"', (await seat.opens(path)).text)
    assert found
    return found[1]


async def said_in(desk: Counter, complaint: Complaint) -> list[str]:
    async with desk.database.reading() as session:
        return [each.words for each in await complaints.notes_of(session, complaint.id)]


async def answers(desk: Counter, complaint: Complaint, operator: Operator) -> None:
    await desk.database.run(lambda session: complaints.answer(session, complaint, operator, "Nous cherchons."))


async def test_support_reads_answers_and_ends_a_complaint_and_the_log_knows(desk: Counter):
    complaint = await complained(desk.database, await somebody(desk.database))
    path = f"/complaints/{complaint.reference}"
    async with desk.seated("Sita", Role.SUPPORT) as support:
        page = await support.opens(path)
        for shown in (WORDS, "J’ai payé, rien n’est arrivé", "attend notre réponse", "Première réponse au plus tard"):
            assert shown in words_of(page.text)
        assert "/console/payments/D-7KQ2-MX4P-9T3W" in page.text
        assert "/compensate" not in page.text

        answered = words_of((await support.sends(f"{path}/answer", words=ANSWER.replace("\n", "\r\n"))).text)
        assert "Réponse donnée" in answered
        assert "attend le membre" in answered

        ended = await support.sends(f"{path}/end", words=LAST_WORD)
        assert "Réclamation terminée" in words_of(ended.text)
        assert "terminée, expliquée" in words_of(ended.text)
        assert "/answer" not in ended.text
        for late in ("answer", "end"):
            assert (await support.sends(f"{path}/{late}", words=LAST_WORD)).status_code == 409
    stood = await as_it_stands(desk.database, complaint)
    assert (stood.state, stood.outcome) == (ComplaintState.CLOSED, Outcome.EXPLAINED)
    assert await said_in(desk, complaint) == [WORDS, ANSWER, LAST_WORD]
    assert await acts_on(desk, complaint) == [(Act.ANSWER, "answered"), (Act.ANSWER, "closed")]


async def test_a_double_tap_says_an_answer_once_and_a_new_form_says_it_again(desk: Counter):
    complaint = await complained(desk.database, await somebody(desk.database))
    path = f"/complaints/{complaint.reference}"
    async with desk.seated("Sita", Role.SUPPORT) as support:
        form = await form_of(support, path)
        taps = await asyncio.gather(*(support.sends(f"{path}/answer", words=ANSWER, form=form) for _ in range(3)))
        assert all("Réponse donnée" in words_of(tap.text) for tap in taps)
        # Out of a form that has been used, the other button says the same words no second time, and ends nothing.
        other = words_of((await support.sends(f"{path}/end", words=ANSWER, form=form)).text)
        assert "Réponse donnée" in other
        assert "attend le membre" in other
        assert await said_in(desk, complaint) == [WORDS, ANSWER]

        # Gone back to the form, something else was typed; and the same words out of a new form are meant.
        await support.sends(f"{path}/answer", words=LAST_WORD, form=form)
        form = await form_of(support, path)
        await support.sends(f"{path}/answer", words=ANSWER, form=form)
        form = await form_of(support, path)
        taps = await asyncio.gather(*(support.sends(f"{path}/end", words=LAST_WORD, form=form) for _ in range(2)))
        assert all("Réclamation terminée" in words_of(tap.text) for tap in taps)
    assert await said_in(desk, complaint) == [WORDS, ANSWER, LAST_WORD, ANSWER, LAST_WORD]
    assert [did for _, did in await acts_on(desk, complaint)] == ["answered"] * 3 + ["closed"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_forms_key_stands_for_nothing_but_its_own_operators_words_in_its_own_complaint(desk: Counter):
    awa = await somebody(desk.database)
    first, second = [await complained(desk.database, awa, key=key, subject=None) for key in ("first", "second")]
    async with desk.seated("Sita", Role.SUPPORT) as sita, desk.seated("Ali", Role.SUPPORT) as ali:
        form = await form_of(sita, f"/complaints/{first.reference}")
        for seat, complaint in ((sita, first), (ali, first), (sita, second)):
            await seat.sends(f"/complaints/{complaint.reference}/answer", words=ANSWER, form=form)
    assert await said_in(desk, first) == [WORDS, ANSWER, ANSWER]
    assert await said_in(desk, second) == [WORDS, ANSWER]


async def test_money_takes_a_second_person_of_finance_and_is_paid_once(desk: Counter):
    awa = await somebody(desk.database)
    complaint = await complained(desk.database, awa)
    path = f"/complaints/{complaint.reference}"
    async with (
        desk.seated("Fanta", Role.FINANCE) as first,
        desk.seated("Ibrahim", Role.FINANCE) as second,
        desk.seated("Sita", Role.SUPPORT) as support,
    ):
        assert (await support.sends(f"{path}/compensate", **MONEY)).status_code == 403
        proposed = await first.sends(f"{path}/compensate", **MONEY)
        for shown in ("Rien n’a bougé", "Verser un dédommagement", "Montant 500", LAST_WORD, WHY):
            assert shown in words_of(proposed.text)
        assert f"/console{path}" in proposed.text
        assert (await first.sends(f"{path}/compensate", **MONEY)).status_code == 409
        waits = (await second.opens(path)).text
        [decision] = re.findall(r"/console/decisions/([0-9a-f-]{36})", waits)
        assert "/compensate" not in waits
        assert f"{path}/end" not in waits
        assert complaint.reference in (await second.opens("/decisions")).text
        for seat, status in ((first, 409), (support, 403)):
            assert (await seat.sends(f"/decisions/{decision}/approve")).status_code == status
        assert await stands(desk.database, awa) == 0

        assert "Décision approuvée" in words_of((await second.sends(f"/decisions/{decision}/approve")).text)
        assert (await second.sends(f"/decisions/{decision}/approve")).status_code == 409
        assert "terminée, avec un versement" in words_of((await second.opens(path)).text)
    assert await stands(desk.database, awa) == 500
    stood = await as_it_stands(desk.database, complaint)
    assert (stood.state, stood.outcome) == (ComplaintState.CLOSED, Outcome.COMPENSATED)
    assert await said_in(desk, complaint) == [WORDS, LAST_WORD]
    assert [act for act, _ in await acts_on(desk, complaint)] == [Act.COMPENSATE, Act.COMPENSATE]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_is_late_comes_first_and_is_marked_and_counted(desk: Counter):
    awa = await somebody(desk.database)
    first = await complained(desk.database, awa, key="first", subject=None)
    async with desk.seated("Sita", Role.SUPPORT) as seat:
        assert "Réclamations en cours : 1, dont en retard : 0." in words_of((await seat.opens("")).text)
        # Its first answer is given: what comes next for it is its end, days after the other one's first answer.
        await answers(desk, first, seat.operator)
        with clock.ahead(timedelta(days=1)):
            second = await complained(desk.database, awa, key="second", subject=None)
        assert second.answer_by < first.end_by
        assert "en retard" not in words_of((await seat.opens("/complaints")).text).split("en retard :")[-1]
    with clock.ahead(second.answer_by - clock.now() + timedelta(minutes=1)):
        async with desk.seated("Awa", Role.SUPPORT) as seat:
            text = (await seat.opens("/complaints")).text
            assert re.findall(r"/console/complaints/(K[-0-9A-Z]+)", text) == [second.reference, first.reference]
            assert text.count('<span class="tag bad">en retard') == 1
            assert "dont en retard : 1" in words_of((await seat.opens("")).text)
            assert "Réclamations en cours 2" in words_of((await seat.opens("/queues")).text)
            assert "en retard" not in words_of((await seat.opens(f"/complaints/{first.reference}")).text)
            assert "en retard" in words_of((await seat.opens(f"/complaints/{second.reference}")).text)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_complaint_is_found_by_its_reference_and_from_its_member_and_payment(desk: Counter, world: World):
    awa = await world.member()
    deposit = await world.open_deposit(awa)
    complaint = await complained(
        desk.database, awa, subject=Subject("deposit", deposit.id, deposit.reference)
    )  # fmt: skip
    bare = complaint.reference.replace("-", "").lower()
    async with desk.seated("Sita", Role.SUPPORT) as seat:
        for words in (complaint.reference, complaint.reference.lower(), bare, str(complaint.id)):
            found = str((await seat.opens("", q=words)).url)
            assert found.endswith(f"/console/complaints/{complaint.reference}"), words
        for path in (f"/members/{awa.id}", f"/payments/{deposit.reference}"):
            assert f"/console/complaints/{complaint.reference}" in (await seat.opens(path)).text
        await seat.sends(f"/complaints/{complaint.reference}/end", words=LAST_WORD)
        assert complaint.reference in (await seat.opens(f"/payments/{deposit.reference}")).text
        assert (await seat.opens("/complaints/K-2222-2222-2222")).status_code == 404


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_cannot_be_meant_is_refused_and_nothing_changes(desk: Counter):
    awa = await somebody(desk.database)
    complaint = await complained(desk.database, awa)
    path = f"/complaints/{complaint.reference}"
    async with desk.seated("Fanta", Role.FINANCE) as seat:
        for words in ("", "ok", "x" * 1_001, "\x00\x01\x02\x03\x04\x05"):
            for way in ("answer", "end"):
                assert (await seat.sends(f"{path}/{way}", words=words)).status_code == 409
        for slip in ({"amount": ""}, {"amount": "0"}, {"amount": "-500"}, {"amount": "200001"}, {"reason": ""}):
            assert (await seat.sends(f"{path}/compensate", **{**MONEY, **slip})).status_code == 409
    assert await said_in(desk, complaint) == [WORDS]
    assert await acts_on(desk, complaint) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_members_words_are_never_markup_and_their_numbers_are_masked(desk: Counter):
    complaint = await complained(desk.database, await somebody(desk.database), words=NASTY)
    async with desk.seated("Sita", Role.SUPPORT) as seat:
        page = (await seat.opens(f"/complaints/{complaint.reference}")).text
    assert "<script" not in page
    assert "70 12 34 56" not in words_of(page)
    assert "+226 •• •• 34 56" in words_of(page)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("number", ["70 12 34 56", "07 01 02 03 04", "77 123 45 67"])
async def test_nor_are_numbers_read_that_they_wrote_as_one_does_at_home(desk: Counter, number: str):
    words = f"50 000 F le 22/11/2026 à 14:05 sur le {number}, merci"
    complaint = await complained(desk.database, await somebody(desk.database), words=words)
    async with desk.seated("Sita", Role.SUPPORT) as seat:
        page = words_of((await seat.opens(f"/complaints/{complaint.reference}")).text)
    assert number not in page
    assert f"50 000 F le 22/11/2026 à 14:05 sur le ••••{number.replace(' ', '')[-4:]}, merci" in page


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_ended_meanwhile_is_paid_nothing_at_the_console_either(desk: Counter):
    awa = await somebody(desk.database)
    complaint = await complained(desk.database, awa)
    path = f"/complaints/{complaint.reference}"
    async with desk.seated("Fanta", Role.FINANCE) as first, desk.seated("Ibrahim", Role.FINANCE) as second:
        [decision] = re.findall(
            r"/console/decisions/([0-9a-f-]{36})/reject", (await first.sends(f"{path}/compensate", **MONEY)).text
        )
        await desk.database.run(lambda session: complaints.withdraw(session, complaint))
        assert (await second.sends(f"/decisions/{decision}/approve")).status_code == 409
        assert "Décision refusée" in words_of((await second.sends(f"/decisions/{decision}/reject")).text)
        assert "réglée, d’après le membre" in words_of((await second.opens(path)).text)
    assert await stands(desk.database, awa) == 0
    assert [act for act, _ in await acts_on(desk, complaint)] == [Act.COMPENSATE, Act.COMPENSATE]
