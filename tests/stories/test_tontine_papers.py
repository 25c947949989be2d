"""What members take away of a tontine: /releve, over real HTTP, and each file opened as its reader would."""

import csv
import json
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path

import httpx
import pypdfium2
import pytest
from typer.testing import CliRunner

import cli
import tontines
from core.money import Money
from core.tls import trusted
from handlers.tontine.board import board_of
from tests.stories.conftest import ON_SQLITE
from tests.stories.tontine import Circle, circle
from tests.stories.town import Person, Town, plain
from tests.tontines.kit import rules_of
from tontines.statement_file import check_file

FORMULA = "=HYPERLINK(1)"
PEOPLE = ("Binta", "Chantal", "Djénéba Ọ̀ṣun", FORMULA)


@pytest.fixture
async def ring(town: Town) -> AsyncIterator[Circle]:
    """Four people; the first round is paid, by somebody else for one of them, and its pot is with Binta."""
    ring = await circle(town, *PEOPLE, francs=50_000)
    async with ring.clock:
        await ring.start(*PEOPLE)
        await ring.opens(1)
        async with town.database.transaction() as session:
            members = {name: await ring.member(session, name) for name in PEOPLE}
            for name, payer in zip(PEOPLE, ("Binta", FORMULA, PEOPLE[2], FORMULA), strict=True):
                await tontines.contribute(
                    session, ring.id, members[name].id, Money(5_000), payer_id=members[payer].id, key=f"paid for {name}"
                )
            round_id = (await tontines.rounds_of(session, (await tontines.running_cycle(session, ring.id)).id))[0].id
            await tontines.request_pot(session, round_id, by=members["Chantal"].id)
            await tontines.approve_pot(session, round_id, by=members[PEOPLE[2]].id)
        yield ring


async def test_a_member_takes_their_account_away_as_a_pdf_and_for_a_spreadsheet(ring: Circle) -> None:
    binta, chantal = ring.alone("Binta"), ring.alone("Chantal")
    await binta.says("/releve")
    await binta.hears("Quel document voulez-vous ?", "Les Amies")
    await binta.taps("Mon relevé (PDF)")
    await binta.hears(
        "Votre relevé dans Les Amies", "Payé : 5 000 F CFA", "Reste à payer : 0 F CFA", "Reçu : 20 000 F CFA"
    )
    name, content = await newest_file(binta)
    assert name.startswith("releve-les-amies-")
    assert name.endswith(".pdf")
    read = text_of(content)
    assert "Les Amies" in read
    assert "Membre : Binta" in read
    assert "Cagnottes reçues 20 000 F CFA" in read
    assert "1 (cycle 1)" in read
    assert "Empreinte du relevé de la tontine" in read

    await chantal.says("/releve")
    await chantal.taps("Mon relevé (tableur)")
    await chantal.hears("Votre relevé dans Les Amies", "Payé : 5 000 F CFA")
    name, content = await newest_file(chantal)
    assert name.endswith(".csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Rubrique", "Date", "Cycle", "Tour", "Détail", "Dû", "Payé", "Reste", "Montant"]
    assert [row[2:] for row in rows if row[0] == "Cotisations"] == [["1", "1", "", "5000", "5000", "0", ""]]
    assert [row[4:] for row in rows if row[0] == "Versements"] == [[f"portefeuille, par {FORMULA}", "", "", "", "5000"]]


async def test_the_statement_to_check_is_the_same_for_all_and_a_touched_line_is_found(
    ring: Circle, town: Town, tmp_path: Path
) -> None:
    files = []
    for name in ("Chantal", FORMULA):
        person = ring.alone(name)
        await person.says("/releve")
        await person.taps("Le relevé à vérifier")
        told = await person.hears("lignes liées l’une à l’autre", f"{town.app_url}/tontine/verify")
        files.append((await newest_file(person))[1])
        assert str((check_file(files[-1]).last or {})["hash"]) in told
    assert files[0] == files[1]
    assert b"Binta" not in files[0]
    async with town.database.reading() as session:
        seal = (await board_of(session, (await ring.round(1)).id)).seal
    found = check_file(files[0])
    assert seal is not None
    assert found.last is not None
    assert (found.holds, found.lines, found.last["hash"]) == (True, seal.number, seal.hash)

    touched = files[0].replace(b'"amount":5000', b'"amount":500', 1)
    line = touched[: touched.index(b'"amount":500,')].count(b"\n") + 1
    assert await on_the_page(town, files[0]) != await on_the_page(town, touched)
    assert "✅ Le relevé tient" in await on_the_page(town, files[0])
    assert f"se rompt à la ligne {line}" in await on_the_page(town, touched)
    for content, code, says in ((files[0], 0, seal.hash), (touched, 1, f"Line {line} does not fit")):
        (tmp_path / "tontine.jsonl").write_bytes(content)
        result = CliRunner().invoke(cli.main, ["verify-statement", str(tmp_path / "tontine.jsonl")])
        assert result.exit_code == code
        assert says in result.output


@ON_SQLITE
async def test_officers_take_everything_away_and_others_are_not_offered_it(ring: Circle) -> None:
    other, binta = ring.alone(FORMULA), ring.alone("Binta")
    await other.says("/releve")
    await other.hears_button("Le relevé à vérifier")
    await other.says("Tout exporter")
    offered = await other.hears("Choisissez", "Quel document voulez-vous ?")
    assert "Le relevé à vérifier" in offered
    assert "Tout exporter" not in offered

    await binta.says("/releve")
    await binta.taps("Tout exporter")
    await binta.hears("Tout Les Amies")
    name, content = await newest_file(binta)
    assert name.endswith(".zip")
    with zipfile.ZipFile(BytesIO(content)) as folder:
        assert folder.testzip() is None
        facts = json.loads(folder.read("tontine-facts.json"))
        members = list(csv.reader(StringIO(folder.read("tontine-members.csv").decode("utf-8-sig")), delimiter=";"))
        assert check_file(folder.read("tontine-statement.jsonl")).holds
    assert facts["rules"]["contribution"] == 5_000
    assert {each["name"] for each in facts["members"]} == set(PEOPLE)
    assert facts["cycles"][0]["rounds"][0]["minutes"]["collected"] == 20_000
    assert [row[0] for row in members] == ["Membre", "Binta", "Chantal", PEOPLE[2], f"'{FORMULA}"]
    assert "+226" not in json.dumps(facts)


@ON_SQLITE
async def test_with_two_tontines_the_button_knows_which_and_the_command_asks(ring: Circle, town: Town) -> None:
    async with town.database.transaction() as session:
        binta = (await ring.member(session, "Binta")).id
        await tontines.create_tontine(session, binta, "Les Voisins", rules_of(contribution=2_000), key="second")
    person = ring.alone("Binta")
    await person.says("/releve")
    await person.hears_button("Les Voisins")
    await person.taps("Les Amies")
    await person.taps("Mon relevé (tableur)")
    await person.hears("Votre relevé dans Les Amies")
    await person.taps("Un autre relevé")
    await person.taps("Les Voisins")
    await person.taps("Mon relevé (tableur)")
    await person.hears("Votre relevé dans Les Voisins", "Payé : 0 F CFA")

    await person.says("/tontine")
    await person.taps("Les Amies")
    await person.taps("Relevé")
    await person.hears("Quel document voulez-vous ?", "Les Amies")


@ON_SQLITE
async def test_in_a_group_a_statement_is_nobodys_to_read(ring: Circle) -> None:
    await ring["Binta"].says("/releve")
    await ring["Binta"].hears("en privé")
    assert not any("document" in message for message in await ring["Binta"].messages())


@ON_SQLITE
async def test_before_the_first_cycle_there_is_nothing_to_check(town: Town) -> None:
    ring = await circle(town, "Binta")
    async with town.database.transaction() as session:
        organiser = (await ring.member(session, "Binta")).id
        await tontines.create_tontine(session, organiser, "Les Amies", rules_of(), key="new")
    binta = ring.alone("Binta")
    await binta.says("/releve")
    await binta.taps("Le relevé à vérifier")
    await binta.hears("Rien n’est encore scellé dans Les Amies")


@ON_SQLITE
async def test_who_is_in_no_tontine_is_told_how_to_begin_one(town: Town) -> None:
    awa = await town.member("awa")
    await awa.says("/releve")
    await awa.hears_button("Créer une tontine")


@ON_SQLITE
async def test_an_english_speaker_gets_english_papers(ring: Circle) -> None:
    binta = ring.alone("Binta")
    await binta.says("/langue")
    await binta.taps("English")
    await binta.says("/statement")
    await binta.taps("My statement (PDF)")
    await binta.hears("Your statement in Les Amies", "Received: 20 000 F CFA")
    name, content = await newest_file(binta)
    assert name.startswith("statement-les-amies-")
    assert "Pots received 20 000 F CFA" in text_of(content)


async def newest_file(person: Person) -> tuple[str, bytes]:
    """The newest document in the chat: its name, and what is in it."""
    document = next(each["document"] for each in reversed(await person.messages()) if each.get("document"))
    answer = await person.town.sandbox.get(f"/chat/api/files/{document['file_id']}")
    assert answer.is_success
    return str(document["file_name"]), answer.content


def text_of(pdf: bytes) -> str:
    """What the engine inside Chrome reads in the document."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return plain("\n".join(page.get_textpage().get_text_range() for page in document))
    finally:
        document.close()


async def on_the_page(town: Town, content: bytes) -> str:
    """What the house's page says of the file."""
    async with httpx.AsyncClient(verify=trusted(), base_url=town.app_url) as http:
        return plain((await http.post("/tontine/verify?lang=fr", files={"statement": ("t.jsonl", content)})).text)
