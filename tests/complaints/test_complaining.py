"""Opening, answering, ending: who may, how often, and in which words."""

import asyncio
from datetime import timedelta

import pytest

import complaints
from complaints import Author, ComplaintClosed, ComplaintState, Outcome, Subject, WordsMissing
from core import clock
from core.db import Database
from core.events import subscribe
from core.ids import new_id
from core.jobs import Jobs, Payload
from operators import NotAllowed, Role, acts_about
from tests.complaints.kit import WORDS, as_it_stands, complained, operator, somebody


async def test_a_complaint_has_a_reference_and_two_taps_make_one(database: Database):
    awa = await somebody(database)
    subject = Subject("deposit", new_id(), "D-1")
    first = await complained(database, awa, subject=subject)
    assert (first.reference[:2], first.state, first.about_reference) == ("K-", ComplaintState.OPEN, "D-1")
    assert (await complained(database, awa, subject=subject)).id == first.id


async def test_about_one_transaction_there_is_one_at_a_time_and_more_words_are_added_to_it(database: Database):
    awa, subject = await somebody(database), Subject("deposit", new_id(), "D-1")
    first = await complained(database, awa, subject=subject)
    again = await complained(database, awa, subject=subject, key="another run", words="Toujours rien ce soir")
    assert again.id == first.id
    async with database.reading() as session:
        assert [each.words for each in await complaints.notes_of(session, first.id)] == [WORDS, "Toujours rien ce soir"]
    await database.run(lambda session: complaints.withdraw(session, first))
    assert (await complained(database, awa, subject=subject, key="a third run")).id != first.id


@pytest.mark.parametrize("words", ["", "   ", "rien", "x" * 1_001, "\x00\x01\x02\x03\x04\x05"])
async def test_words_that_say_nothing_or_too_much_are_asked_for_again(database: Database, words: str):
    with pytest.raises(WordsMissing):
        await complained(database, await somebody(database), words=words)


async def test_an_answer_is_on_record_and_the_member_may_answer_it(database: Database):
    sali, complaint = (
        await operator(database, "Sali", Role.SUPPORT),
        await complained(database, await somebody(database)),
    )
    await database.run(lambda session: complaints.answer(session, complaint, sali, "Envoyez-nous le SMS."))
    answered = await as_it_stands(database, complaint)
    assert (answered.state, answered.answered_at is not None) == (ComplaintState.ANSWERED, True)
    await database.run(lambda session: complaints.say_more(session, complaint, "Le voici : 5 000 F"))
    assert (await as_it_stands(database, complaint)).state is ComplaintState.OPEN
    await database.run(lambda session: complaints.end(session, complaint, sali, "C'est une erreur de Wave."))
    ended = await as_it_stands(database, complaint)
    assert (ended.state, ended.outcome) == (ComplaintState.CLOSED, Outcome.EXPLAINED)
    async with database.reading() as session:
        said = await complaints.notes_of(session, complaint.id)
        done = [act.detail["did"] for act in await acts_about(session, f"complaint:{complaint.reference}")]
    assert [each.author for each in said] == [Author.MEMBER, Author.OPERATOR, Author.MEMBER, Author.OPERATOR]
    assert done == ["answered", "closed"]


async def test_what_is_over_is_over_for_everybody(database: Database):
    sali, complaint = (
        await operator(database, "Sali", Role.SUPPORT),
        await complained(database, await somebody(database)),
    )
    await database.run(lambda session: complaints.withdraw(session, complaint))
    for deed in (
        lambda session: complaints.answer(session, complaint, sali, "Bonjour Awa"),
        lambda session: complaints.end(session, complaint, sali, "Bonjour Awa"),
        lambda session: complaints.say_more(session, complaint, "Bonjour Cauri"),
        lambda session: complaints.withdraw(session, complaint),
    ):
        with pytest.raises(ComplaintClosed):
            await database.run(deed)
    assert not await database.run(lambda session: complaints.end_by_itself(session, complaint))
    assert (await as_it_stands(database, complaint)).outcome is Outcome.WITHDRAWN


async def test_whoever_was_let_go_answers_nobody(database: Database):
    sali, complaint = (
        await operator(database, "Sali", Role.SUPPORT),
        await complained(database, await somebody(database)),
    )
    sali.dismissed_at = clock.now()
    with pytest.raises(NotAllowed):
        await database.run(lambda session: complaints.answer(session, complaint, sali, "Bonjour Awa"))


async def test_it_ends_by_itself_once_though_two_notice_at_once(database: Database):
    complaint = await complained(database, await somebody(database))
    ended = await asyncio.gather(
        *(database.run(lambda session: complaints.end_by_itself(session, complaint)) for _ in range(3))
    )
    assert sorted(ended) == [False, False, True]


async def test_operators_are_reminded_before_and_after_each_deadline_that_is_not_kept(database: Database):
    sali, complaint = (
        await operator(database, "Sali", Role.SUPPORT),
        await complained(database, await somebody(database)),
    )
    jobs, told = Jobs(), list[Payload]()

    async def hear(_: object, payload: Payload) -> None:
        told.append(payload)

    complaints.register_reminders(jobs)
    subscribe(jobs, complaints.DUE, hear)
    for event in ("complaint.opened", "complaint.answered"):
        subscribe(jobs, event)

    async def told_at(moment: object) -> list[tuple[bool, str]]:
        with clock.ahead(moment - clock.now() + timedelta(minutes=1)):
            while await jobs.do_one(database):
                pass
        return [(each["is_late"], each["until"]) for each in told]

    first, end = complaint.answer_by.isoformat(), complaint.end_by.isoformat()
    assert await told_at(clock.now()) == []
    assert await told_at(complaints.day_before(complaint.answer_by, "BF")) == [(False, first)]
    assert await told_at(complaint.answer_by) == [(False, first), (True, first)]
    await database.run(lambda session: complaints.answer(session, complaint, sali, "Nous cherchons encore."))
    assert (await told_at(complaint.end_by))[2:] == [(False, end), (True, end)]


async def test_an_answer_in_time_keeps_everybody_quiet(database: Database):
    sali, complaint = (
        await operator(database, "Sali", Role.SUPPORT),
        await complained(database, await somebody(database)),
    )
    jobs, told = Jobs(), list[Payload]()

    async def hear(_: object, payload: Payload) -> None:
        told.append(payload)

    complaints.register_reminders(jobs)
    subscribe(jobs, complaints.DUE, hear)
    for event in ("complaint.opened", "complaint.closed"):
        subscribe(jobs, event)
    await database.run(lambda session: complaints.end(session, complaint, sali, "C'est réparé."))
    with clock.ahead(complaint.end_by - clock.now() + timedelta(days=1)):
        while await jobs.do_one(database):
            pass
    assert told == []


async def test_of_two_who_turn_out_to_be_one_a_single_complaint_about_the_same_thing_goes_on(database: Database):
    awa, also_awa = await somebody(database), await somebody(database)
    subject, other = Subject("send", new_id(), "S-1"), Subject("send", new_id(), "S-2")
    kept = await complained(database, awa, subject=subject, key="one")
    twice = await complained(database, also_awa, subject=subject, key="two")
    apart = await complained(database, also_awa, subject=other, key="three")
    await database.run(lambda session: complaints.follow(session, also_awa.id, awa.id))
    async with database.reading() as session:
        mine = {each.id: each.state for each in await complaints.complaints_of(session, awa.id)}
    assert mine == {
        kept.id: ComplaintState.OPEN, apart.id: ComplaintState.OPEN, twice.id: ComplaintState.CLOSED
    }  # fmt: skip
