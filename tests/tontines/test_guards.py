"""What the database refuses whoever writes: each rule broken by hand, on both engines."""

from datetime import timedelta

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

import tontines
from core import clock
from core.db import Database, Model
from tests.tontines.kit import Village
from tontines import Order

THREE = ("Awa", "Binta", "Chantal")

# Each would break a rule; a closed first round, an open second one and a revealed draw are there to be touched.
FORBIDDEN = {
    "a closed round changes": "UPDATE tontine_round SET deadline = opens_at WHERE state = 'closed'",
    "a closed round opens again": "UPDATE tontine_round SET state = 'open' WHERE state = 'closed'",
    "a round goes away": "DELETE FROM tontine_round WHERE state = 'scheduled'",
    "a turn that has come is moved": "UPDATE tontine_turn SET position = 9 WHERE position = 1",
    "somebody takes a turn that has come": "UPDATE tontine_turn SET position = 2 WHERE position = 3",
    "a turn goes away": "DELETE FROM tontine_turn WHERE position = 3",
    "a share gets two turns": "INSERT INTO tontine_turn (cycle_id, share_id, position, price, price_paid) "
    "SELECT cycle_id, share_id, 9, 0, 0 FROM tontine_turn WHERE position = 3",
    "two shares get one turn": "INSERT INTO tontine_turn (cycle_id, share_id, position, price, price_paid) "
    "SELECT turn.cycle_id, tontine_due.id, 3, 0, 0 FROM tontine_turn AS turn, tontine_due WHERE turn.position = 3",
    "a due is paid twice": "UPDATE tontine_due SET paid = amount + 1",
    "a due goes below nothing": "UPDATE tontine_due SET paid = -1",
    "a due is changed": "UPDATE tontine_due SET amount = amount - 1",
    "a due goes away": "DELETE FROM tontine_due",
    "a contribution changes hands": "UPDATE tontine_contribution SET payer_id = membership_id",
    "an allotment is changed": "UPDATE tontine_allotment SET amount = 1",
    "an allotment goes away": "DELETE FROM tontine_allotment",
    "a paid pot is asked for anew": "UPDATE tontine_pot SET state = 'requested'",
    "a paid pot goes away": "DELETE FROM tontine_pot",
    "a receipt is changed": "UPDATE tontine_receipt SET amount = 1",
    "what was received is taken back": "UPDATE tontine_receipt SET taken_back = 1 WHERE source = 'wallet'",
    "more is taken back than was promised": "UPDATE tontine_receipt SET taken_back = amount + 1",
    "a draw is revealed anew": "UPDATE tontine_draw SET public = NULL",
    "a draw's secret is exchanged": "UPDATE tontine_draw SET secret = 'other'",
    "a draw is taken back": "DELETE FROM tontine_draw",
    "a member's words change": "UPDATE tontine_entropy SET text = 'other'",
    "a charter is changed": "UPDATE tontine_charter SET hash = 'other'",
    "a running cycle's rules change": "UPDATE tontine_cycle SET stated_rules = '{}'",
    "a sealed line is changed": "UPDATE tontine_line SET kind = 'other' WHERE hash IS NOT NULL",
    "a sealed line is sealed anew": "UPDATE tontine_line SET hash = 'other' WHERE hash IS NOT NULL",
    "a line that is not sealed is changed": "UPDATE tontine_line SET facts = '{}' WHERE hash IS NULL",
    "a line goes away": "DELETE FROM tontine_line",
    "a share is moved": "UPDATE tontine_share SET number = number + 10",
    "a half-share grows": "UPDATE tontine_holding SET halves = 1",
    "somebody is their own guarantor": "INSERT INTO tontine_guarantee "
    "(membership_id, guarantor_id, at_most, called, state, created_at) "
    "SELECT id, id, 1, 0, 'asked', created_at FROM tontine_membership",
    "a tontine runs two cycles": "INSERT INTO tontine_cycle (id, tontine_id, number, stated_rules, started_at) "
    "SELECT tontine_id, tontine_id, 9, stated_rules, started_at FROM tontine_cycle",
    "somebody is a member twice": "INSERT INTO tontine_membership "
    "(id, tontine_id, member_id, state, halves, renews, agrees_to_set_off, created_at) "
    "SELECT member_id, tontine_id, member_id, state, halves, renews, agrees_to_set_off, created_at "
    "FROM tontine_membership",
}


async def test_the_database_lets_nobody_break_a_rule_whoever_writes(village: Village):
    await _live(village)
    assert [what for what in FORBIDDEN if not await _is_refused(village.database, FORBIDDEN[what])] == []


async def test_an_upcoming_turn_may_still_be_moved(village: Village):
    await _live(village)
    async with village.database.transaction() as session:
        await session.execute(text("UPDATE tontine_turn SET position = 9 WHERE position = 3"))


async def test_the_migrated_schema_is_the_one_the_code_speaks_of(database: Database):
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def _is_refused(database: Database, statement: str) -> bool:
    """Whether a rule of the tables stops it; a mistake in the statement itself would be another error."""
    try:
        async with database.transaction() as session:
            await session.execute(text(statement))
    except IntegrityError:
        return True
    return False


async def _live(village: Village) -> None:
    group = await village.tontine(*THREE, order=Order.DRAW)
    cycle = await village.do(
        tontines.start_cycle, group.id, by=village.id("Awa"), reveal_at=clock.now() + timedelta(hours=1)
    )
    await village.do(tontines.add_words, cycle.id, village.id("Awa"), "la lune")
    await group.open(1)
    await group.everybody_pays(*THREE)
    await group.pay_pot(1)
    await group.open(2)


def _differences(connection: Connection) -> list[object]:
    def is_ours(_: object, name: str | None, kind: str, __: object, ___: object) -> bool:
        return kind != "table" or (name or "").startswith("tontine")

    options = {"include_object": is_ours, "compare_type": False}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)
