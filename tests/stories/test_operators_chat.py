"""What the operators read in their chat, and what the log says of one payment from the tap to its last word."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import complaints
from complaints import Complaint
from core import clock, jobs, outbox
from core.db import Database
from handlers.watch import WATCH
from operations.check import Level, check
from operators import Act, Decision, Decisions, Role
from payments import figures
from payments.provider_events import MATCH_EVENT
from tests.operators.kit import hired
from tests.sandbox.telegram_town import GROUP
from tests.stories.conftest import ON_SQLITE
from tests.stories.group import Neighbour
from tests.stories.person import payload_in
from tests.stories.town import Town, running_town, until


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """The house, whose operators meet in the sandbox's group."""
    async with running_town(database, tmp_path, operators_chat=str(GROUP), merchant_balance_low=4_000) as town:
        yield town


async def operator_of(town: Town) -> Neighbour:
    """Fatou, who reads the operators' chat."""
    return Neighbour.of(await town.person("fatou"))


async def test_a_payout_that_our_balance_cannot_pay_is_told_to_the_operators_once_an_hour(town: Town) -> None:
    fatou, awa = await operator_of(town), await town.member("awa", balance=5_000)
    await town.knobs("getmipay", payout_fault="refused", payout_refusal="INSUFFICIENT_MERCHANT_BALANCE")
    await awa.says("retirer 2000 orange 70 12 34 56")
    await awa.taps("Confirmer")
    await awa.hears("Les retraits sont momentanément indisponibles")
    await fatou.hears("GetMiPay a refusé le retrait R-", "Approvisionnez le solde marchand")
    assert await awa.balance() == 5_000
    await town.audit()


@ON_SQLITE
async def test_a_webhook_about_a_payment_nobody_knows_is_told_to_the_operators(town: Town) -> None:
    fatou, awa = await operator_of(town), await town.member("awa", balance=1_000)
    [paid] = await town.transactions()
    lost = {"fields": {"transaction_id": "TXN_NOBODYS", "reference": "D-NOBODYS"}}
    answer = await town.sandbox.post(f"/getmipay/api/transactions/{paid['id']}/webhook", json=lost)
    assert answer.is_success, answer.text
    await until(lambda: _is_set_aside(town))
    async with town.ahead(timedelta(minutes=10)):
        await fatou.hears("un paiement que personne ne connaît ici : TXN_NOBODYS", "Personne n’est crédité")
    assert await awa.balance() == 1_000


async def test_what_is_left_lying_is_told_within_a_minute_and_not_again_for_an_hour(town: Town) -> None:
    fatou = await operator_of(town)
    await fatou.hears("Le solde marchand est à 0 F CFA, sous le seuil fixé")
    awa = await town.member("awa", balance=3_000)
    async with town.database.reading() as session:
        standing = await figures(session)
        assert (standing.unknown, standing.in_review, standing.merchant.amount) == (0, 0, 3_000)
    said = len(await fatou.said_to_me())
    async with town.ahead(timedelta(minutes=2)):
        await until(lambda: _has_looked_again(town))
    assert len(await fatou.said_to_me()) == said
    async with town.ahead(timedelta(minutes=62)):
        await fatou.hears("Le solde marchand est à 3 000 F CFA, sous le seuil fixé")
    assert await awa.balance() == 3_000


@ON_SQLITE
async def test_a_decision_that_wants_a_second_operator_is_told_in_their_chat(town: Town) -> None:
    fatou, known = await operator_of(town), Decisions()
    known.register("resolve", Act.RESOLVE_PAYMENT, _never)
    hawa = await hired(town.database, "Hawa", Role.FINANCE)
    await town.database.run(
        lambda session: known.propose(session, hawa, "resolve", "R-7KQ2-9D3X-MN25", reason="GetMiPay <b>wrote</b> so")
    )
    await fatou.hears("R-7KQ2-9D3X-MN25 : Hawa propose une décision", "GetMiPay <b>wrote</b> so", "deuxième personne")


async def _never(_: AsyncSession, __: Decision) -> None:
    raise AssertionError("nobody has approved")


@ON_SQLITE
async def test_a_complaint_is_told_and_recalled_before_its_deadline_and_after_it(town: Town) -> None:
    fatou, awa = await operator_of(town), await town.member("awa", balance=1_000)
    await awa.says("/reclamation")
    await awa.taps("Autre chose")
    await awa.hears("Que s’est-il passé ?")
    await awa.taps("Autre chose")
    await awa.says("Personne ne me répond au téléphone")
    reference = payload_in(await awa.hears("Réclamation enregistrée"), "K-")
    await fatou.hears("Une réclamation attend une personne", reference)
    async with town.database.reading() as session:
        due = (await session.scalars(select(Complaint.answer_by))).one()
    for moment, sentence in (
        (complaints.day_before(due, "BF"), "attend : échéance le"),
        (due, "L’échéance de la réclamation"),
    ):
        async with town.ahead(moment - clock.now() + timedelta(minutes=1)):
            await fatou.hears(sentence, reference)


@ON_SQLITE
async def test_a_payment_can_be_followed_in_the_log_by_its_reference_from_the_tap_to_the_last_word(town: Town) -> None:
    awa = await town.member("awa", balance=6_000)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await awa.says("retirer 2000 orange 70 12 34 56")
        await awa.taps("Confirmer")
        await awa.hears("✅ Retrait effectué : 2 000 F CFA")
        await until(lambda: _is_quiet(town))
    [asked] = [line for line in lines if line.get("what") == "payout.requested"]
    assert (asked["reference"][:2], asked["channel"]) == ("R-", "telegram")
    assert asked["message"]
    trail = [_told(line) for line in lines if line.get("reference") == asked["reference"]]
    assert [each for each in trail if each != "outbox.said"] == [
        "payout.requested", "getmipay.initiate", "payout.submitted", "payout.completed",
    ]  # fmt: skip
    assert trail[-1] == "outbox.said"


@ON_SQLITE
async def test_a_top_up_can_be_followed_in_the_log_as_well(town: Town) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await town.member("awa", balance=5_000)
        await until(lambda: _is_quiet(town))
    [asked] = [line["reference"] for line in lines if line.get("what") == "deposit.requested"]
    trail = [_told(line) for line in lines if asked in (line.get("reference"), *line.get("payments", []))]
    assert [each for each in trail if each != "outbox.said"] == [
        "deposit.requested", "getmipay.initiate", "deposit.link_ready", "webhooks.settled",
    ]  # fmt: skip
    assert trail[-1] == "outbox.said"


@ON_SQLITE
async def test_the_check_says_whether_the_operators_chat_can_be_written_to(town: Town) -> None:
    async def finding(**changes: Any) -> tuple[Level, str]:
        settings = town.settings.model_copy(update=changes)
        [found] = [(each.level, each.says) async for each in check(settings) if each.about == "operators"]
        return found

    assert await finding() == (Level.GOOD, "their chat hears what a person has to look at")
    level, says = await finding(operators_chat="-1009999999999")
    assert (level, says.partition(": ")[0]) == (Level.BAD, "the bot cannot write to OPERATORS_CHAT")
    assert (await finding(operators_chat=""))[0] is Level.DOUBT


def _told(line: dict[str, Any]) -> str:
    return str(line.get("what") or line["event"])


async def _is_set_aside(town: Town) -> bool:
    async with town.database.reading() as session:
        return await session.scalar(select(jobs.JobRow.id).where(jobs.JobRow.kind == MATCH_EVENT)) is not None


async def _has_looked_again(town: Town) -> bool:
    """Whether the watch's next look is in the future of the clock as it runs now."""
    async with town.database.reading() as session:
        due = await session.scalar(select(jobs.JobRow.run_at).where(jobs.JobRow.kind == WATCH))
    return due is not None and due > clock.now() + timedelta(seconds=30)


async def _is_quiet(town: Town) -> bool:
    async with town.database.reading() as session:
        return (await outbox.waiting(session))[0] == 0 and (await jobs.waiting(session))[0] == 0
