"""Who may look, who decides, and that it happens once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

import identity
from core import clock
from core.db import Database
from core.events import subscribe
from core.jobs import Jobs
from identity import (
    AlreadyAsked,
    AlreadyIdentified,
    IdentityPicture,
    IdentityState,
    NotWaiting,
    OwnRequest,
    Reason,
    Unopenable,
)
from members import register
from operators import NotAllowed, Role, acts_about
from tests.identity.kit import SAFE, as_it_stands, asked, operator, somebody, tier_of, waiting


async def test_an_accepted_member_is_identified_and_it_is_on_record(database: Database):
    awa, fanta = await somebody(database), await operator(database)
    request = await waiting(database, awa)
    await database.run(lambda session: identity.accept(session, request, fanta))
    assert await tier_of(database, awa) == "identified"
    async with database.reading() as session:
        (act,) = await acts_about(session, f"identity:{request.reference}")
    assert (act.operator_id, act.detail) == (fanta.id, {"did": "accepted"})


async def test_a_refused_member_stays_as_they_were_and_may_ask_again(database: Database):
    awa, fanta = await somebody(database), await operator(database)
    request = await waiting(database, awa)
    await database.run(lambda session: identity.refuse(session, request, fanta, Reason.EXPIRED, "depuis 2024"))
    assert await tier_of(database, awa) == "unidentified"
    found = await as_it_stands(database, request)
    assert (found.state, found.reason, found.note) == (IdentityState.REFUSED, Reason.EXPIRED, "depuis 2024")
    assert (await asked(database, awa, key="another run")).state is IdentityState.ASKED


async def test_one_request_is_open_at_a_time_and_two_taps_make_one(database: Database):
    awa = await somebody(database)
    first = await asked(database, awa)
    assert (await asked(database, awa)).id == first.id
    with pytest.raises(AlreadyAsked) as refused:
        await asked(database, awa, key="another run")
    assert refused.value.params == {"reference": first.reference}


async def test_who_is_identified_has_nothing_to_ask(database: Database):
    awa, fanta = await somebody(database), await operator(database)
    request = await waiting(database, awa)
    await database.run(lambda session: identity.accept(session, request, fanta))
    awa.tier = "identified"
    with pytest.raises(AlreadyIdentified):
        await asked(database, awa, key="another run")


async def test_nobody_decides_before_there_is_a_picture(database: Database):
    awa, fanta = await somebody(database), await operator(database)
    request = await asked(database, awa)
    with pytest.raises(NotWaiting):
        await database.run(lambda session: identity.accept(session, request, fanta))
    assert await tier_of(database, awa) == "unidentified"


async def test_two_who_decide_at_once_decide_once(database: Database):
    awa, fanta, issa = await somebody(database), await operator(database), await operator(database, "Issa")
    request = await waiting(database, awa)
    outcomes = await asyncio.gather(
        database.run(lambda session: identity.accept(session, request, fanta)),
        database.run(lambda session: identity.refuse(session, request, issa, Reason.DOUBTFUL)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "NotWaiting"]
    accepted = (await as_it_stands(database, request)).state is IdentityState.ACCEPTED
    assert (await tier_of(database, awa) == "identified") is accepted


async def test_support_neither_looks_nor_decides(database: Database):
    awa, sali = await somebody(database), await operator(database, "Sali", Role.SUPPORT)
    request = await waiting(database, awa)
    for deed in (
        lambda session: identity.look_at(session, SAFE, request, sali),
        lambda session: identity.accept(session, request, sali),
        lambda session: identity.refuse(session, request, sali, Reason.MINOR),
    ):
        with pytest.raises(NotAllowed):
            await database.run(deed)
    assert (await as_it_stands(database, request)).state is IdentityState.WAITING


async def test_an_operator_who_is_a_member_does_not_verify_themselves(database: Database):
    async with database.transaction() as session:
        fanta_herself = await register(session, "telegram", "77", "Fanta", "fr")
    fanta = await operator(database, channel="telegram", external_id="77")
    request = await waiting(database, fanta_herself)
    with pytest.raises(OwnRequest):
        await database.run(lambda session: identity.accept(session, request, fanta))
    assert await tier_of(database, fanta_herself) == "unidentified"


async def test_looking_gives_the_picture_and_leaves_a_line(database: Database):
    awa, fanta = await somebody(database), await operator(database)
    request = await waiting(database, awa)
    picture = await database.run(lambda session: identity.look_at(session, SAFE, request, fanta))
    assert picture is not None
    assert picture.startswith(b"\xff\xd8")
    async with database.reading() as session:
        assert [act.act.value for act in await acts_about(session, f"identity:{request.reference}")] == ["see_document"]
    with pytest.raises(Unopenable):
        await database.run(lambda session: identity.look_at(session, identity.Safe("another key"), request, fanta))


async def test_a_refused_picture_is_forgotten_in_time_and_an_accepted_one_is_kept(database: Database):
    fanta, jobs = await operator(database), Jobs()
    identity.register_retention(jobs, timedelta(days=30))
    for name in ("identity.waiting", "identity.accepted"):
        subscribe(jobs, name)
    refused = await waiting(database, await somebody(database), key="one")
    accepted = await waiting(database, await somebody(database), key="other")
    await database.run(lambda session: identity.refuse(session, refused, fanta, Reason.UNREADABLE))
    await database.run(lambda session: identity.accept(session, accepted, fanta))

    async def kept_after(days: int) -> set[object]:
        with clock.ahead(timedelta(days=days)):
            while await jobs.do_one(database):
                pass
        async with database.reading() as session:
            return set(await session.scalars(select(IdentityPicture.request_id)))

    assert await kept_after(0) == {refused.id, accepted.id}
    assert await kept_after(29) == {refused.id, accepted.id}
    assert await kept_after(31) == {accepted.id}


async def test_a_picture_that_comes_twice_is_kept_once(database: Database):
    request = await waiting(database, await somebody(database))
    await database.run(lambda session: identity.keep_picture(session, request.id, b"another"))
    await database.run(lambda session: identity.give_up_on_picture(session, request.id))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IdentityPicture)) == 1
    assert (await as_it_stands(database, request)).state is IdentityState.WAITING


async def test_of_two_who_turn_out_to_be_one_a_single_request_stays_open(database: Database):
    awa, also_awa = await somebody(database), await somebody(database)
    kept, given_up = await waiting(database, awa, key="one"), await waiting(database, also_awa, key="other")
    await database.run(lambda session: identity.follow(session, also_awa.id, awa.id))
    async with database.reading() as session:
        assert [each.id for each in await identity.waiting_requests(session)] == [kept.id]
    assert (await as_it_stands(database, given_up)).member_id == awa.id
