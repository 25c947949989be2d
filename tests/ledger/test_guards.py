"""Direct SQL that tries to break each rule, as a careless operator or a wrong release would write it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from core.clock import now
from core.ids import new_id
from ledger import AccountKind, VoidHold, close_account
from ledger.tables import ACCOUNT, HOLD, REFUSAL, RESOLUTION, SLOT, TRANSFER
from tests.ledger.kit import Books, hold, posting, transfer

Row = dict[str, Any]

POOR = "insufficient funds|ck_ledger_account_funds"
ONCE = "already resolved|pk_ledger_resolution"
NOT_ALLOWED = "not what this hold allows|fk_ledger_"
NOT_ITS_MIRROR = "not the mirror of what it reverses"


@pytest.fixture
async def clean(books: Books) -> AsyncIterator[Books]:
    """The books, which must still add up after whatever was tried on them."""
    yield books
    assert (await books.audit()).is_clean


def transfer_row(debit: UUID, credit: UUID, amount: int, **others: Any) -> Row:
    return {
        "id": new_id(), "journal_id": new_id(), "leg": 0, "debit_id": debit, "credit_id": credit, "amount": amount,
        "kind": "by hand", "fingerprint": b"by hand", "effective_at": now(), "created_at": now(), **others,
    }  # fmt: skip


def hold_row(debit: UUID, credit: UUID, amount: int, **others: Any) -> Row:
    return {
        "id": new_id(), "debit_id": debit, "credit_id": credit, "amount": amount, "kind": "by hand",
        "fingerprint": b"by hand", "created_at": now(), **others,
    }  # fmt: skip


def resolution_row(of: UUID, outcome: str, **others: Any) -> Row:
    return {"hold_id": of, "outcome": outcome, "created_at": now(), **others}


async def run(books: Books, statement: Any) -> None:
    async with books.database.transaction() as session:
        await session.execute(statement)


async def denied(books: Books, statement: Any, why: str) -> None:
    with pytest.raises(IntegrityError, match=why):
        await run(books, statement)


async def test_a_transfer_written_by_hand_moves_both_balances(clean: Books):
    wallet, other = await clean.wallet(100), await clean.wallet()
    await run(clean, insert(TRANSFER).values(transfer_row(wallet, other, 30)))
    await run(clean, insert(TRANSFER).values(transfer_row(wallet, clean.fees, 20)))
    assert await clean.standing(wallet) == (50, 0)
    assert await clean.standing(other) == (30, 0)
    assert await clean.standing(clean.fees) == (20, 0)


async def test_a_member_is_never_below_zero(clean: Books):
    wallet, other = await clean.wallet(100), await clean.wallet()
    await denied(clean, insert(TRANSFER).values(transfer_row(wallet, other, 101)), POOR)
    await clean.apply(hold(wallet, clean.provider, 60))
    await denied(clean, insert(TRANSFER).values(transfer_row(wallet, other, 41)), POOR)
    await denied(clean, insert(HOLD).values(hold_row(wallet, clean.provider, 41)), POOR)
    assert await clean.standing(wallet) == (100, 60)


@pytest.mark.parametrize("amount", [0, -5])
async def test_an_amount_is_positive(clean: Books, amount: int):
    wallet, other = await clean.wallet(100), await clean.wallet(100)
    await denied(clean, insert(TRANSFER).values(transfer_row(wallet, other, amount)), "ck_ledger_transfer_amount")
    await denied(clean, insert(HOLD).values(hold_row(wallet, other, amount)), "ck_ledger_hold_amount")


async def test_an_account_does_not_pay_itself(clean: Books):
    wallet = await clean.wallet(100)
    await denied(clean, insert(TRANSFER).values(transfer_row(wallet, wallet, 1)), "ck_ledger_transfer_accounts")
    await denied(clean, insert(HOLD).values(hold_row(wallet, wallet, 1)), "ck_ledger_hold_accounts")


async def test_accounts_are_known_open_and_of_one_currency(clean: Books):
    wallet, closed = await clean.wallet(100), await clean.wallet()
    async with clean.database.transaction() as session:
        await close_account(session, closed)
    foreign = await clean.open("member:x", currency="XAF")
    for other in (new_id(), closed, foreign):
        for row in (transfer_row(wallet, other, 1), transfer_row(other, wallet, 1)):
            await denied(clean, insert(TRANSFER).values(row), "unknown, closed or mixed")
        for row in (hold_row(wallet, other, 1), hold_row(other, wallet, 1)):
            await denied(clean, insert(HOLD).values(row), "unknown, closed or mixed")


async def test_what_is_written_is_neither_changed_nor_deleted(clean: Books):
    wallet = await clean.wallet(100)
    payout, poor = hold(wallet, clean.provider, 10), transfer(wallet, clean.fees, 1000)
    await clean.apply(payout, posting(payout.id), poor)
    for table, change in (
        (TRANSFER, {"amount": 1}),
        (HOLD, {"amount": 1}),
        (RESOLUTION, {"outcome": "voided", "transfer_id": None}),
        (REFUSAL, {"reason": "expired"}),
    ):
        await denied(clean, update(table).values(change), f"(?i)update of {table.name} is denied")
    for table in (TRANSFER, HOLD, RESOLUTION, REFUSAL, ACCOUNT, SLOT):
        await denied(clean, delete(table), f"(?i)delete of {table.name} is denied")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_no_table_is_truncated(clean: Books):
    await clean.wallet(100)
    for table in (TRANSFER, HOLD, RESOLUTION, REFUSAL, ACCOUNT, SLOT):
        await denied(clean, text(f"TRUNCATE {table.name} CASCADE"), "TRUNCATE of ledger_.* is denied")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_an_upsert_changes_no_transfer(clean: Books):
    sent = transfer_row(await clean.wallet(100), clean.fees, 10)
    await run(clean, insert(TRANSFER).values(sent))
    upsert = postgresql.insert(TRANSFER).values(sent).on_conflict_do_update(index_elements=["id"], set_={"amount": 1})
    await denied(clean, upsert, "UPDATE of ledger_transfer is denied")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("policy", ["OR REPLACE", "OR IGNORE", "OR ROLLBACK", "OR FAIL"])
async def test_no_conflict_policy_talks_the_guards_into_silence(clean: Books, policy: str):
    wallet, other = await clean.wallet(100), await clean.wallet()
    payout = hold(wallet, clean.provider, 60)
    sent, poor = transfer(wallet, other, 10), transfer(wallet, other, 1000)
    await clean.apply(payout, VoidHold(payout.id), sent, poor, hold(wallet, clean.provider, 50))
    again = {"id": sent.id, "journal_id": sent.journal, "leg": sent.leg}
    for table, row in (
        (TRANSFER, transfer_row(wallet, other, 41)),
        (TRANSFER, transfer_row(wallet, new_id(), 1)),
        (TRANSFER, transfer_row(wallet, other, 1) | {"id": again["id"]}),
        (TRANSFER, transfer_row(wallet, other, 1) | {"journal_id": again["journal_id"]}),
        (TRANSFER, transfer_row(wallet, other, 1, seq=1)),
        (TRANSFER, transfer_row(wallet, other, 20, reverses_id=sent.id)),
        (HOLD, hold_row(wallet, other, 41)),
        (HOLD, hold_row(wallet, other, 1, id=payout.id)),
        (RESOLUTION, resolution_row(payout.id, "voided")),
        (RESOLUTION, resolution_row(new_id(), "voided")),
        (REFUSAL, {"id": poor.id, "fingerprint": b"other", "reason": "expired", "created_at": now()}),
        (ACCOUNT, account_row("member:new") | {"id": wallet}),
        (ACCOUNT, account_row("house", AccountKind.FEES, "system")),
        (ACCOUNT, account_row("member:new") | {"balance": 5}),
    ):
        await denied(clean, insert(table).prefix_with(policy).values(row), "ledger: ")
    assert await clean.standing(wallet) == (90, 50)


async def test_a_hold_is_resolved_once_and_by_what_it_allows(clean: Books):
    wallet, other = await clean.wallet(1000), await clean.wallet(1000)
    payout, voided = hold(wallet, clean.provider, 100), hold(wallet, clean.provider, 100)
    await clean.apply(payout, voided, VoidHold(voided.id))
    unrelated = transfer_row(wallet, clean.provider, 100)
    await run(clean, insert(TRANSFER).values(unrelated))

    for row, why in (
        (resolution_row(voided.id, "voided"), ONCE),
        (resolution_row(new_id(), "voided"), NOT_ALLOWED),
        (resolution_row(payout.id, "expired"), NOT_ALLOWED),
        (resolution_row(payout.id, "forgotten"), "ck_ledger_resolution_outcome"),
        (resolution_row(payout.id, "posted"), "ck_ledger_resolution_transfer"),
        (resolution_row(payout.id, "posted", transfer_id=new_id()), NOT_ALLOWED),
        (resolution_row(payout.id, "posted", transfer_id=unrelated["id"]), NOT_ALLOWED),
        (resolution_row(payout.id, "voided", transfer_id=unrelated["id"]), "ck_ledger_resolution_transfer"),
    ):
        await denied(clean, insert(RESOLUTION).values(row), why)
    for row, why in (
        (transfer_row(wallet, clean.provider, 101, hold_id=payout.id), NOT_ALLOWED),
        (transfer_row(other, clean.provider, 100, hold_id=payout.id), NOT_ALLOWED),
        (transfer_row(wallet, other, 100, hold_id=payout.id), NOT_ALLOWED),
        (transfer_row(wallet, clean.provider, 100, hold_id=voided.id), ONCE),
        (transfer_row(wallet, clean.provider, 100, hold_id=new_id()), NOT_ALLOWED),
    ):
        await denied(clean, insert(TRANSFER).values(row), why)
    assert await clean.standing(wallet) == (900, 100)

    await run(clean, insert(TRANSFER).values(transfer_row(wallet, clean.provider, 70, hold_id=payout.id)))
    assert await clean.standing(wallet) == (830, 0)


async def test_a_hold_past_its_time_is_not_posted_and_one_within_it_has_not_expired(clean: Books):
    wallet, deadline = await clean.wallet(100), now() + timedelta(hours=1)
    late = transfer_row(wallet, clean.provider, 10, created_at=deadline)
    payout = hold(wallet, clean.provider, 10, expires_at=deadline)
    await clean.apply(payout)
    await denied(clean, insert(TRANSFER).values(late | {"hold_id": payout.id}), NOT_ALLOWED)
    await denied(clean, insert(RESOLUTION).values(resolution_row(payout.id, "expired")), NOT_ALLOWED)
    await run(clean, insert(RESOLUTION).values(resolution_row(payout.id, "expired") | {"created_at": deadline}))
    assert await clean.standing(wallet) == (100, 0)


async def test_a_reversal_mirrors_its_original_and_takes_back_no_more(clean: Books):
    wallet, other = await clean.wallet(1000), await clean.wallet(1000)
    sent = transfer(wallet, other, 100)
    await clean.apply(sent)
    for row in (
        transfer_row(wallet, other, 100),
        transfer_row(other, clean.fees, 100),
        transfer_row(clean.fees, wallet, 100),
        transfer_row(other, wallet, 101),
    ):
        await denied(clean, insert(TRANSFER).values(row | {"reverses_id": sent.id}), NOT_ITS_MIRROR)
    await denied(
        clean,
        insert(TRANSFER).values(transfer_row(other, wallet, 1, reverses_id=new_id())),
        f"{NOT_ITS_MIRROR}|fk_ledger_transfer_reverses_id",
    )
    await run(clean, insert(TRANSFER).values(transfer_row(other, wallet, 60, reverses_id=sent.id)))
    await denied(clean, insert(TRANSFER).values(transfer_row(other, wallet, 41, reverses_id=sent.id)), NOT_ITS_MIRROR)


async def test_an_id_and_a_leg_are_written_once(clean: Books):
    wallet = await clean.wallet(100)
    sent = transfer_row(wallet, clean.fees, 10)
    await run(clean, insert(TRANSFER).values(sent))
    await denied(
        clean, insert(TRANSFER).values(sent | {"journal_id": new_id()}), "already written|uq_ledger_transfer_id"
    )
    await denied(clean, insert(TRANSFER).values(sent | {"id": new_id()}), "already written|uq_ledger_transfer_journal")
    await run(clean, insert(TRANSFER).values(sent | {"id": new_id(), "leg": 1}))


def account_row(owner: str, kind: AccountKind = AccountKind.WALLET, mode: str = "member") -> Row:
    return {"id": new_id(), "owner": owner, "kind": kind, "mode": mode, "currency": "XOF", "created_at": now()}


async def test_an_account_opens_empty_and_with_the_mode_of_its_kind(clean: Books):
    wallet = account_row("member:new")
    for change in ({"balance": 5}, {"held": 5}):
        await denied(clean, insert(ACCOUNT).values(wallet | change), "opens empty")
    for change in ({"mode": "system"}, {"mode": "credit_line"}, {"kind": "fees"}, {"kind": "receivable"}):
        await denied(clean, insert(ACCOUNT).values(wallet | change), "ck_ledger_account_mode")
    await denied(clean, insert(ACCOUNT).values(wallet | {"currency": "F"}), "ck_ledger_account_currency")
    await denied(clean, insert(ACCOUNT).values(wallet | {"kind": "vault", "mode": "system"}), "ck_ledger_account_kind")
    await run(clean, insert(ACCOUNT).values(wallet))
    await denied(clean, insert(ACCOUNT).values(wallet | {"id": new_id()}), "once|uq_ledger_account")


async def test_an_account_stays_whose_and_what_it_is(clean: Books):
    await clean.wallet(100)
    for change in ({"owner": "member:thief"}, {"kind": "fees", "mode": "system"}, {"currency": "XAF"}):
        await denied(clean, update(ACCOUNT).values(change), "whose and what it is|UPDATE of ledger_account is denied")


async def test_an_account_with_money_on_it_or_of_the_house_is_not_closed(clean: Books):
    wallet = await clean.wallet(100)
    for account_id in (wallet, clean.fees):
        await denied(
            clean, update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(closed_at=now()), "ck_ledger_account_closed"
        )


async def test_a_members_balance_is_never_set_below_what_is_held(books: Books):
    wallet = await books.wallet(100)
    await books.apply(hold(wallet, books.provider, 60))
    await denied(books, update(ACCOUNT).where(ACCOUNT.c.id == wallet).values(balance=59), "ck_ledger_account_funds")
    await denied(books, update(ACCOUNT).where(ACCOUNT.c.id == wallet).values(held=-1), "ck_ledger_account_held")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_id_is_sixteen_bytes_and_never_text(clean: Books):
    wallet = await clean.wallet(100)
    async with clean.database.reading() as session:
        kinds = await session.execute(text("SELECT DISTINCT typeof(id), length(id) FROM ledger_transfer"))
        assert kinds.all() == [("blob", 16)]
    as_text = "INSERT INTO ledger_slot (account_id, slot, balance) VALUES ('not bytes', 0, 0)"
    await denied(clean, text(as_text), "cannot store TEXT value in BLOB column")
    assert await clean.standing(wallet) == (100, 0)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_two_connections_keep_a_system_balance_on_rows_of_their_own(clean: Books):
    """The second one commits while the first one's transaction is open: neither waits for the other."""
    first, second = await clean.wallet(100), await clean.wallet(100)
    async with clean.database.transaction() as session:
        await session.execute(insert(TRANSFER).values(transfer_row(first, clean.fees, 10)))
        await run(clean, insert(TRANSFER).values(transfer_row(second, clean.fees, 20)))
    async with clean.database.reading() as session:
        slots = select(func.count()).where(SLOT.c.account_id == clean.fees)
        assert (await session.execute(slots)).scalar_one() == 2
    assert await clean.standing(clean.fees) == (30, 0)
