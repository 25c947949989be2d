"""Sealing: with a key that is in no table, each picture bound to its request, and the key can be replaced."""

import pytest
from sqlalchemy import select, update

import identity
from core.db import Database
from core.ids import new_id
from identity import IdentityPicture, Safe, Unopenable
from tests.identity.kit import SAFE, somebody, waiting

FORMER, CURRENT = "the key of last year, long enough", "the key of this year, long enough too"


def test_what_was_sealed_opens_again_and_shows_nothing_meanwhile():
    request = new_id()
    sealed = SAFE.close(b"a passport", request)
    assert b"passport" not in sealed
    assert SAFE.open(sealed, request) == b"a passport"
    assert SAFE.close(b"a passport", request) != sealed


def test_a_picture_put_beside_another_request_does_not_open():
    with pytest.raises(Unopenable):
        SAFE.open(SAFE.close(b"a passport", new_id()), new_id())


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_changed_byte_does_not_go_unseen(at: int):
    request = new_id()
    sealed = bytearray(SAFE.close(b"a passport", request))
    sealed[at] ^= 1
    with pytest.raises(Unopenable):
        SAFE.open(bytes(sealed), request)


def test_another_key_does_not_open_it():
    request = new_id()
    with pytest.raises(Unopenable):
        Safe(CURRENT).open(Safe(FORMER).close(b"a passport", request), request)


def test_without_a_key_nothing_is_taken_in():
    assert not Safe("").is_there
    with pytest.raises(ValueError, match="DOCUMENTS_KEY"):
        Safe("").close(b"a passport", new_id())


async def test_everything_is_sealed_again_and_the_former_key_is_needed_no_more(database: Database):
    requests = [await waiting(database, await somebody(database), key=f"run {number}") for number in range(3)]
    async with database.transaction() as session:
        for request in requests:
            sealed = Safe(FORMER).close(b"a passport", request.id)
            mine = update(IdentityPicture).where(IdentityPicture.request_id == request.id)
            await session.execute(mine.values(sealed=sealed))
    after = await database.run(lambda session: identity.seal_again(session, Safe(CURRENT, FORMER)))
    assert await database.run(lambda session: identity.seal_again(session, Safe(CURRENT, FORMER), after)) is None
    async with database.reading() as session:
        for picture in await session.scalars(select(IdentityPicture)):
            assert Safe(CURRENT).open(picture.sealed, picture.request_id) == b"a passport"
