"""A code shown at one address and typed at another: it cannot be guessed, used twice, or used by its own owner."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import ledger
from core import clock
from core.db import Database
from core.ids import new_id
from core.money import Money
from ledger import AccountKind
from members import MemberPhone, WrongCode, addresses_of, find_by_phone, show_code, try_code, use_code, verify_phone
from members.linking import LinkCode, LinkMiss
from members.members import Member
from members.uniting import HeldInWallet, TogetherTooFull, bring_over, unite
from members.wallets import MemberFrozen, member_account, standing


async def shown(database: Database, member: Member) -> str:
    return await database.run(lambda session: show_code(session, member))


async def tried(database: Database, member: Member, code: str) -> Member | WrongCode:
    return await database.run(lambda session: try_code(session, member, code))


async def give(database: Database, member: Member, francs: int, kind: AccountKind = AccountKind.WALLET) -> None:
    async def work(session):
        house = await ledger.open_account(session, "house", AccountKind.PROVIDER)
        wallet = await member_account(session, member.id, kind)

        journal = new_id()
        await ledger.post(
            session,
            ledger.Post(
                id=journal, debit=house.id, credit=wallet, amount=Money(francs), kind="t", journal=journal, leg=0
            ),
        )

    await database.run(work)


async def united(database: Database, kept: Member, given_up: Member) -> Money:
    async def work(session):
        return await unite(session, await session.get_one(Member, kept.id), await session.get_one(Member, given_up.id))

    return await database.run(work)


async def balance(database: Database, member: Member, kind: AccountKind = AccountKind.WALLET) -> int:
    async with database.reading() as session:
        return (await standing(session, member.id, kind)).posted.amount


async def test_a_code_names_its_owner_until_it_was_used(database: Database, awa: Member, issa: Member):
    code = await shown(database, awa)
    assert len(code) == 8
    assert (await tried(database, issa, code)).id == awa.id
    await database.run(lambda session: use_code(session, code))
    assert isinstance(await tried(database, issa, code), WrongCode)


async def test_a_new_code_takes_the_place_of_the_one_before(database: Database, awa: Member, issa: Member):
    old, new = await shown(database, awa), await shown(database, awa)
    assert isinstance(await tried(database, issa, old), WrongCode)
    assert (await tried(database, issa, new)).id == awa.id


async def test_a_code_is_worth_nothing_after_ten_minutes(database: Database, awa: Member, issa: Member):
    code = await shown(database, awa)
    await database.run(lambda session: session.execute(update(LinkCode).values(expires_at=clock.now())))
    assert isinstance(await tried(database, issa, code), WrongCode)


async def test_nobody_links_to_themselves(database: Database, awa: Member):
    assert isinstance(await tried(database, awa, await shown(database, awa)), WrongCode)


async def test_a_guesser_is_told_nothing_after_five_tries_even_when_right(
    database: Database, awa: Member, issa: Member
):
    code = await shown(database, awa)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    assert [(await tried(database, issa, wrong)).tries_left for _ in range(6)] == [4, 3, 2, 1, 0, 0]
    assert await tried(database, issa, code) == WrongCode(0)
    an_hour_ago = clock.now() - timedelta(minutes=61)
    await database.run(lambda session: session.execute(update(LinkMiss).values(at=an_hour_ago)))
    assert (await tried(database, issa, code)).id == awa.id


async def test_the_tables_keep_a_hash_of_the_code_only(database: Database, awa: Member):
    code = await shown(database, awa)
    async with database.reading() as session:
        kept = (await session.scalars(select(LinkCode))).one()
    assert code.encode() not in kept.code_hash
    assert len(kept.code_hash) == 32


async def test_two_who_are_one_have_one_wallet_one_set_of_numbers_and_all_their_addresses(
    database: Database, awa: Member, issa: Member
):
    await give(database, awa, 3_000)
    await give(database, issa, 500)
    await give(database, issa, 70, AccountKind.PARKED)

    async def numbers(session):
        theirs = await session.get_one(Member, issa.id)
        await verify_phone(session, theirs, "+22670123456")

    await database.run(numbers)
    assert await united(database, awa, issa) == Money(500)
    assert (await balance(database, awa), await balance(database, issa)) == (3_500, 0)
    assert await balance(database, awa, AccountKind.PARKED) == 70
    async with database.reading() as session:
        assert {each.external_id for each in await addresses_of(session, awa.id)} == {"100", "200"}
        assert await addresses_of(session, issa.id) == []
        assert (await find_by_phone(session, "+22670123456")).id == awa.id
        assert (await ledger.audit(session)).is_clean
        assert (await session.scalars(select(MemberPhone).where(MemberPhone.member_id == issa.id))).all() == []


async def test_money_that_comes_to_who_was_given_up_is_brought_over_once(database: Database, awa: Member, issa: Member):
    await united(database, awa, issa)
    await give(database, issa, 400)

    async def work(session):
        return await bring_over(session, await session.get_one(Member, issa.id))

    assert await database.run(work) == Money(400)
    assert await database.run(work) == Money(0)
    assert (await balance(database, awa), await balance(database, issa)) == (400, 0)


async def test_nothing_is_brought_over_from_somebody_who_is_their_own_person(database: Database, awa: Member):
    await give(database, awa, 400)

    async def work(session):
        return await bring_over(session, await session.get_one(Member, awa.id))

    assert await database.run(work) == Money(0)
    assert await balance(database, awa) == 400


async def test_two_wallets_that_are_too_much_together_stay_two(database: Database, awa: Member, issa: Member):
    await give(database, awa, 150_000)
    await give(database, issa, 60_000)
    with pytest.raises(TogetherTooFull):
        await united(database, awa, issa)
    assert (await balance(database, awa), await balance(database, issa)) == (150_000, 60_000)


async def test_a_frozen_wallet_is_united_with_none(database: Database, awa: Member, issa: Member):
    await database.run(
        lambda session: session.execute(update(Member).where(Member.id == issa.id).values(frozen_at=clock.now()))
    )
    with pytest.raises(MemberFrozen):
        await united(database, awa, issa)


async def test_money_that_is_reserved_keeps_two_wallets_apart(database: Database, awa: Member, issa: Member):
    await give(database, issa, 1_000)

    async def hold(session):
        house = await ledger.open_account(session, "house", AccountKind.PROVIDER)
        wallet = await member_account(session, issa.id)
        key = new_id()
        hold_back = ledger.PlaceHold(id=key, debit=wallet, credit=house.id, amount=Money(600), kind="t")
        await ledger.post(session, hold_back)

    await database.run(hold)
    with pytest.raises(HeldInWallet):
        await united(database, awa, issa)


async def test_a_send_to_the_former_wallet_at_the_same_moment_loses_no_franc(
    database: Database, awa: Member, issa: Member
):
    await asyncio.gather(united(database, awa, issa), *(give(database, issa, 100) for _ in range(5)))

    async def work(session):
        return await bring_over(session, await session.get_one(Member, issa.id))

    await database.run(work)
    assert (await balance(database, awa), await balance(database, issa)) == (500, 0)
