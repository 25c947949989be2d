"""`cauri review` and `cauri reconcile`, as they are typed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

import cli
import payments
from core.db import Database
from core.money import Money
from ledger import AccountKind
from members import verify_phone
from operators import Act, Decision, Decisions, Role, operator_named
from payments import Deposit, DepositState
from payments.statement_lines import COLUMNS
from tests.operators.kit import hired
from tests.payments.kit import World

WHY = "GetMiPay, ticket 8812"
HERS = "+22670123456"
Cauri = Callable[..., Result]


@pytest.fixture
def reference(database_url: str) -> str:
    """A deposit of Awa's that waits for a person, in a house with two of finance; 3 000 F of hers are parked."""

    async def prepare() -> str:
        world = World(Database(database_url))
        for name in ("Fanta", "Issa"):
            await hired(world.database, name, Role.FINANCE)
        awa = await world.member("Awa", tier="unidentified")
        paid, waiting = await world.ask_deposit(awa), await world.ask_deposit(awa, 1000)
        await world.give(awa, 198_000)
        async with world.database.transaction() as session:
            await verify_phone(session, awa, HERS)
            await payments.settle_deposit(session, await payments.lock_deposit(session, paid.id), Money(5000))
            await session.execute(
                update(Deposit).where(Deposit.id == waiting.id).values(state=DepositState.REVIEW, provider_id="TXN1")
            )
        await world.spend(awa, 100_000)
        await world.http.aclose()
        await world.database.close()
        return waiting.reference

    return asyncio.run(prepare())


@pytest.fixture
def cauri(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Cauri:
    """The command with this test's database, at a GetMiPay that is not there."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("GETMIPAY_API_URL", "http://127.0.0.1:9")

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.main, list(words))

    return run


def balance(database_url: str, kind: AccountKind) -> int:
    async def look() -> int:
        world = World(Database(database_url))
        found = await world.house(kind)
        await world.http.aclose()
        await world.database.close()
        return found

    return asyncio.run(look())


def test_a_payment_is_listed_shown_resolved_by_one_and_approved_by_another(cauri: Cauri, reference: str):
    assert f"🔎 {reference}: 1\u00a0000\u00a0F\u00a0CFA, wave, review" in cauri("review").stdout
    shown = cauri("review", "show", reference).stdout
    assert "requested: 1000 XOF by wave" in shown
    assert "It may be resolved as: paid, unpaid." in shown
    assert HERS not in shown.replace("\u00a0", "")
    proposed = cauri("review", "resolve", reference, "--as", "paid", "--reason", WHY, "--operator", "Fanta")
    assert f"cauri review approve {reference} --operator NAME" in proposed.stdout
    assert WHY in cauri("review").stdout
    alone = cauri("review", "approve", reference, "--operator", "Fanta", "--yes")
    assert (alone.exit_code, "a second person has to approve" in alone.stderr) == (1, True)
    approved = cauri("review", "approve", reference, "--operator", "Issa", "--yes")
    assert (approved.exit_code, f"✅ {reference}" in approved.stdout) == (0, True)
    assert cauri("review").stdout == "Nothing waits for anybody.\n"
    assert "Nothing is to be decided." in cauri("review", "show", reference).stdout
    assert cauri("operators", "verify-log").exit_code == 0


def test_who_approves_reads_it_first_and_may_leave_it(cauri: Cauri, reference: str):
    cauri("review", "resolve", reference, "--as", "paid", "--reason", WHY, "--operator", "Fanta")
    left = cauri("review", "approve", reference, "--operator", "Issa")
    assert (left.exit_code, WHY in left.stdout) == (1, True)
    assert WHY in cauri("review").stdout


def test_where_several_decisions_wait_about_one_thing_it_is_said_which(cauri: Cauri, database_url: str, reference: str):
    async def propose_two() -> None:
        database = Database(database_url)
        known = Decisions()
        async with database.transaction() as session:
            fanta = await operator_named(session, "Fanta")
            assert fanta is not None
            for kind in ("release.parked", "debt.collect"):
                known.register(kind, Act.RESOLVE_PAYMENT, _never)
                await known.propose(session, fanta, kind, "member:1", reason=WHY)
        await database.close()

    asyncio.run(propose_two())
    several = cauri("review", "reject", "member:1", "--operator", "Issa")
    assert (several.exit_code, "release.parked or debt.collect" in several.stderr) == (1, True)
    assert cauri("review", "reject", "member:1", "--operator", "Issa", "--kind", "debt.collect").exit_code == 0
    assert "debt.collect" not in cauri("review").stdout


async def _never(_: AsyncSession, __: Decision) -> None:
    raise AssertionError("nobody has approved")


def test_what_is_rejected_moves_nothing(cauri: Cauri, reference: str):
    cauri("review", "resolve", reference, "--as", "paid", "--amount", "900", "--reason", WHY, "--operator", "Fanta")
    rejected = cauri("review", "reject", reference, "--operator", "Issa", "--reason", "another ticket says no")
    assert (rejected.exit_code, "nothing moved" in rejected.stdout) == (0, True)
    assert "review" in cauri("review").stdout
    again = cauri("review", "approve", reference, "--operator", "Issa")
    assert (again.exit_code, "No decision waits" in again.stderr) == (1, True)


def test_what_cannot_be_is_said_in_a_sentence(cauri: Cauri, reference: str):
    for words, says in (
        (("show", "D-NOBODY"), "No payment is called D-NOBODY"),
        (("resolve", reference, "--as", "borne", "--reason", WHY, "--operator", "Fanta"), "does not go with"),
        (("resolve", reference, "--as", "paid", "--reason", "ok", "--operator", "Fanta"), "Say why"),
        (("resolve", reference, "--as", "paid", "--reason", WHY, "--operator", "Moussa"), "no operator 'Moussa'"),
        (("release", "+22600000000", "--reason", WHY, "--operator", "Fanta"), "No member"),
        (("collect", reference, "--reason", WHY, "--operator", "Fanta"), "nothing to settle"),
        (("settle", "E-NOBODY", "--as", "keep", "--reason", WHY, "--operator", "Fanta"), "No difference"),
    ):
        refused = cauri("review", *words)
        assert (refused.exit_code, says in refused.stderr) == (1, True), refused.output


def test_parked_money_is_released_by_two(cauri: Cauri, reference: str):
    assert (
        "Awa: 3\u00a0000\u00a0F\u00a0CFA parked, 3\u00a0000\u00a0F\u00a0CFA may be released"
        in cauri("review", "parked").stdout
    )
    proposed = cauri("review", "release", HERS, "--reason", WHY, "--operator", "Fanta")
    assert "release.parked (amount 3000)" in proposed.stdout
    subject = proposed.stdout.split()[1].removesuffix(":")
    assert subject.startswith("member:")
    assert cauri("review", "approve", subject, "--operator", "Issa", "--yes").exit_code == 0
    assert cauri("review", "parked").stdout == ""
    nothing = cauri("review", "release", subject, "--reason", WHY, "--operator", "Fanta")
    assert (nothing.exit_code, "Parked: 0" in nothing.stderr) == (1, True)


def test_a_statement_is_compared_booked_and_credited(cauri: Cauri, reference: str, tmp_path: Path, database_url: str):
    file = tmp_path / "november.csv"
    stranger = "2026-11-22T10:00:00,TXN-9,,payin,success,7000,,XOF"
    file.write_text(f"{','.join(COLUMNS)}\n{stranger}\n", encoding="utf-8")
    compared = cauri("reconcile", "--statement", str(file), "--operator", "Fanta")
    assert compared.exit_code == 1
    assert "november.csv: 1 compared, 0 fit, 1 new differences" in compared.stdout
    difference = compared.stdout.split("❌ ")[1][:16]
    assert difference in cauri("review").stdout
    for way, more in (("suspense", ()), ("credit", ("--to", HERS))):
        settled = cauri("review", "settle", difference, "--as", way, *more, "--reason", WHY, "--operator", "Fanta")
        assert settled.exit_code == 0, settled.output
        assert cauri("review", "approve", difference, "--operator", "Issa", "--yes").exit_code == 0
        listed = cauri("review", "suspense").stdout
        assert listed.startswith(f"{difference}: 7\u00a0000") if way == "suspense" else not listed
    assert balance(database_url, AccountKind.SUSPENSE) == 0
    assert cauri("audit").exit_code == 0
    assert cauri("reconcile", "--statement", str(file), "--operator", "Fanta").exit_code == 0


def test_a_balance_that_is_not_told_and_a_file_that_is_no_statement_are_said(
    cauri: Cauri, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    guide = cauri("reconcile", "--operator", "Fanta")
    assert (guide.exit_code, "only in the dialect v1" in guide.stderr) == (1, True)
    monkeypatch.setenv("GETMIPAY_DIALECT", "v1")
    silent = cauri("reconcile", "--operator", "Fanta")
    assert (silent.exit_code, "does not tell its balance" in silent.stderr) == (1, True)
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    unreadable = cauri("reconcile", "--statement", str(file), "--operator", "Fanta")
    assert (unreadable.exit_code, "lacks the columns" in unreadable.stderr) == (1, True)
