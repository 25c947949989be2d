"""A member's account: every sort of line is in it, and no name leads a PDF or a spreadsheet astray."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pypdfium2
import pytest

import tontines
from core.money import Money
from handlers.tontine.account import Account, Other, OwedLine, PaidLine, account_of
from handlers.tontine.documents import account_pdf
from handlers.tontine.exports import account_csv
from tests.stories.town import plain
from tests.tontines.conftest import village
from tests.tontines.kit import Village
from tontines import FineState, Source

__all__ = ["village"]

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def account(payer: str | None = None, lines: int = 1, tontine: str = "Les Amies", member: str = "Awa") -> Account:
    owed = [OwedLine(1, number, NOW, Money(5_000), Money(5_000), is_late=False) for number in range(1, lines + 1)]
    paid = [PaidLine(NOW, Source.WALLET, Money(5_000), payer, is_reversed=False)]
    return Account(tontine, member, "Africa/Ouagadougou", NOW, owed, paid, [], [], [], None)


def rows(content: bytes, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def read(pdf: bytes) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(plain(page.get_textpage().get_text_range()).split()) for page in document]
    finally:
        document.close()


async def test_an_account_has_every_sort_of_line(village: Village):
    names = ("Awa", "Binta", "Chantal")
    group = await village.tontine(*names, short_pot="carry", fine=500, fine_cap=1_000, caution=2_000)
    for name in names:
        await village.do(
            tontines.pay_caution,
            group.id,
            village.id(name),
            Money(2_000),
            payer_id=village.id(name),
            key=f"caution {name}",
        )
    await village.do(tontines.start_cycle, group.id, by=village.id("Awa"))
    await group.open(1)
    await group.pay("Awa", 7_000)
    await group.pay("Binta", 1_000, by="Chantal")
    cash = await village.do(
        tontines.declare_cash, group.id, village.id("Binta"), Money(2_000), by=village.id("Awa"), key="cash"
    )
    await village.do(tontines.answer_cash, cash.id, by=village.id("Binta"), confirm=True)
    await village.do(tontines.give_to_fund, group.id, village.id("Binta"), Money(300), key="gift")
    await group.past_deadline(1)
    await group.pay_pot(1)

    binta = await village.do(account_of, await group.member("Binta"))
    assert [(line.round, line.owed, line.paid, line.left, line.is_late) for line in binta.owed] == [
        (1, Money(5_000), Money(3_000), Money(2_000), True)
    ]
    assert [(line.source, line.amount, line.by) for line in binta.paid] == [
        (Source.WALLET, Money(1_000), "Chantal"), (Source.CASH, Money(2_000), None)
    ]  # fmt: skip
    assert [(line.round, line.amount, line.state) for line in binta.fines] == [(1, Money(500), FineState.OWED)]
    assert [(line.other, line.amount) for line in binta.others] == [
        (Other.CAUTION_PAID, Money(2_000)), (Other.GIVEN_TO_FUND, Money(300))
    ]  # fmt: skip
    assert (binta.total_left, binta.total_fines, binta.total_received) == (Money(2_000), Money(500), Money(0))

    awa = await village.do(account_of, await group.member("Awa"))
    assert (awa.total_owed, awa.total_paid, awa.total_received) == (Money(5_000), Money(5_000), Money(6_000))
    assert [(line.source, line.amount, line.is_confirmed) for line in awa.received] == [
        (Source.WALLET, Money(6_000), True), (Source.CASH, Money(2_000), False)
    ]  # fmt: skip

    [page] = read(account_pdf(binta, "fr"))
    for told in ("Reste à payer 2 000 F CFA", "2 000 F CFA, en retard", "par Chantal", "espèces", "à payer 500 F CFA",
                 "caution versée 2 000 F CFA", "don à la caisse de solidarité 300 F CFA"):  # fmt: skip
        assert told in page
    [page] = read(account_pdf(awa, "en"))
    for told in ("Pots received 6 000 F CFA", "cash to confirm 2 000 F CFA", "wallet 7 000 F CFA"):
        assert told in page
    kinds = [row[0] for row in rows(account_csv(binta, "fr"))]
    assert kinds == ["Rubrique", "Cotisations", "Versements", "Versements", "Amendes"] + ["Autres mouvements"] * 2


async def test_two_shares_are_one_line_of_a_round(village: Village):
    group = await village.running("Awa", "Binta", "Chantal", halves={"Awa": 2, "Binta": 4, "Chantal": 2})
    await group.pay("Binta", 7_000)
    binta = await village.do(account_of, await group.member("Binta"))
    assert [(line.round, line.owed, line.paid) for line in binta.owed] == [(1, Money(10_000), Money(7_000))]


async def test_who_hands_over_their_share_and_who_takes_it_both_read_what_it_cost(village: Village):
    group = await village.running("Awa", "Binta", "Chantal", "Djeneba")
    await group.pay("Djeneba", 8_000)
    offer = await village.do(
        tontines.offer_replacement, group.id, village.id("Djeneba"), village.id("Chantal"), key="offer"
    )
    await village.do(tontines.answer_replacement, offer.id, by=village.id("Chantal"), accept=True)

    djeneba = await village.do(account_of, await group.member("Djeneba"))
    chantal = await village.do(account_of, await group.member("Chantal"))
    assert [(line.other, line.amount) for line in djeneba.others] == [
        (Other.ADVANCE_RETURNED, Money(3_000)), (Other.BOUGHT_OUT, Money(5_000))
    ]  # fmt: skip
    assert [(line.other, line.amount) for line in chantal.others] == [(Other.BOUGHT_IN, Money(5_000))]
    assert (chantal.total_owed, chantal.total_paid) == (Money(10_000), Money(5_000))
    assert "part cédée : prix reçu 5 000 F CFA" in read(account_pdf(djeneba, "fr"))[0]


async def test_a_payment_that_was_taken_back_is_shown_as_such_and_counts_no_more(village: Village):
    group = await village.running("Awa", "Binta", "Chantal")
    made = await group.pay("Awa", 5_000)
    await village.do(tontines.ask_reversal, made.id, "Payé deux fois", by=village.id("Binta"))
    await village.do(tontines.confirm_reversal, made.id, by=village.id("Chantal"))
    awa = await village.do(account_of, await group.member("Awa"))
    assert (awa.total_paid, awa.total_left) == (Money(0), Money(5_000))
    assert [line.is_reversed for line in awa.paid] == [True]
    assert "5 000 F CFA (annulé)" in read(account_pdf(awa, "fr"))[0]
    assert "Versement annulé" in [row[0] for row in rows(account_csv(awa, "fr"))]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_no_cell_of_a_spreadsheet_is_a_formula(start: str):
    cells = [cell for row in rows(account_csv(account(), "fr")) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    # What members are called stands behind other words, or alone in the officers' table.
    paid = rows(account_csv(account(payer=start), "fr"))[2]
    assert paid[4] == f"portefeuille, par {start}"


def test_french_and_english_spreadsheets_open_as_such_and_days_are_those_of_the_tontine():
    french = rows(account_csv(account(), "fr"))
    english = rows(account_csv(account(), "en"), ",")
    assert french[1][:2] == ["Cotisations", "22/11/2026"]
    assert english[1][:2] == ["Contributions", "2026-11-22"]
    abroad = replace(account(), zone="Africa/Nairobi")
    assert rows(account_csv(abroad, "fr"))[1][1] == "23/11/2026"
    assert {len(row) for row in french + english} == {9}


def test_a_name_with_the_separator_and_quotes_stays_one_cell():
    payer = 'Awa; "la\r\ngrande", Diop'
    assert rows(account_csv(account(payer=payer), "fr"))[2][4] == f"portefeuille, par {payer}"


def test_a_long_account_goes_over_pages_that_each_say_when_they_were_written():
    pages = read(account_pdf(account(lines=120), "fr"))
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Établi par Cauri le 22 nov. 2026 à 23:30 (Africa/Ouagadougou) · page {number}" in page
    assert sum(page.count("soldé") for page in pages) == 120


@pytest.mark.parametrize(
    "name", ["👩🏾‍🌾🧵", "<b>Awa</b> & Co", "Ẹniọla Ṣadé Ɔkɔmfo", "محمد", "W" * 128, "%s {name} \\"]
)
def test_any_name_can_be_printed(name: str):
    pages = read(account_pdf(account(payer=name, tontine=name[:64], member=name), "fr"))
    assert "5 000 F CFA" in " ".join(pages)
    if name.isascii() and len(name) < 64:
        assert f"Membre : {name}" in " ".join(pages)


def test_a_paper_says_the_same_whenever_it_is_made_again():
    assert account_pdf(account(), "fr") == account_pdf(account(), "fr")
    assert len(account_pdf(account(), "fr")) < 100_000


def test_what_is_to_come_is_not_late():
    open_line = OwedLine(1, 2, NOW + timedelta(days=7), Money(5_000), Money(0), is_late=False)
    [page] = read(account_pdf(replace(account(), owed=[open_line]), "fr"))
    assert "5 000 F CFA 0 F CFA 5 000 F CFA" in page
    assert "en retard" not in page
