import json

import tontines
from core.canonical import canonical
from tests.tontines.kit import Village
from tontines import verify_statement

THREE = ("Awa", "Binta", "Chantal")


async def sealed(village: Village) -> list[dict]:
    """A statement of two rounds, having been through JSON as an export is."""
    group = await village.running(*THREE)
    for number in (1, 2):
        await group.open(number)
        await group.everybody_pays(*THREE)
        await group.pay_pot(number)
    return json.loads(json.dumps(await village.do(tontines.statement, group.id)))


async def test_every_member_can_check_a_statement_and_finds_the_line_that_was_touched(village: Village):
    lines = await sealed(village)
    assert verify_statement(lines) is None
    assert verify_statement([]) is None
    place = next(number for number, line in enumerate(lines) if line["kind"] == "contribution.made")
    richer = [dict(line) for line in lines]
    richer[place] = {**richer[place], "facts": {**richer[place]["facts"], "amount": 6000}}
    assert verify_statement(richer) == place + 1
    assert verify_statement(lines[:place] + lines[place + 1 :]) == place + 1
    assert verify_statement([*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]) == place + 1
    assert verify_statement([*lines, lines[-1]]) == len(lines) + 1
    assert verify_statement([{**lines[0], "note": "x"}, *lines[1:]]) == 1
    assert verify_statement([{"number": 1}]) == 1


async def test_a_line_whose_hash_was_made_anew_breaks_the_one_after_it(village: Village):
    lines = await sealed(village)
    forged = {**lines[3], "facts": {"amount": 1}}
    forged["hash"] = _hash_of(forged)
    assert verify_statement([*lines[:3], forged, *lines[4:]]) == 5


async def test_the_chain_grows_when_a_round_closes_and_what_came_before_stays_the_same(village: Village):
    group = await village.running(*THREE)
    await group.everybody_pays(*THREE)
    at_start = await village.do(tontines.statement, group.id)
    assert "contribution.made" not in {line["kind"] for line in at_start}
    await group.pay_pot(1)
    after_round = await village.do(tontines.statement, group.id)
    assert after_round[: len(at_start)] == at_start
    assert [line["kind"] for line in after_round].count("contribution.made") == 3
    assert after_round[-1]["kind"] == "round.closed"


async def test_a_statement_names_nobody_and_shows_no_balance(village: Village):
    text = json.dumps(await sealed(village))
    assert not any(name in text for name in village.people)
    assert "balance" not in text


def test_one_fact_has_one_form():
    assert canonical({"b": 1, "a": ["é", None, True]}) == '{"a":["é",null,true],"b":1}'.encode()


def _hash_of(line: dict) -> str:
    from core.canonical import digest

    return digest({name: line[name] for name in ("number", "at", "kind", "facts", "previous")})
