"""Tontines: the group, its cycles, its money, its decisions, and the triggers that keep what must never change."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Table, what is denied, and when: a condition on the row as it was (OLD).
_DENIED = [
    ("tontine_charter", "UPDATE", None),
    ("tontine_charter", "DELETE", None),
    ("tontine_line", "UPDATE", "OLD.hash IS NOT NULL"),
    ("tontine_line", "UPDATE OF tontine_id, number, at, kind, facts", None),
    ("tontine_line", "DELETE", None),
    ("tontine_cycle", "UPDATE OF tontine_id, number, stated_rules, started_at", None),
    ("tontine_cycle", "UPDATE OF ended_at, summary", "OLD.ended_at IS NOT NULL"),
    ("tontine_cycle", "DELETE", None),
    ("tontine_share", "UPDATE OF cycle_id, number", None),
    ("tontine_share", "DELETE", None),
    ("tontine_holding", "UPDATE OF share_id, halves, place", None),
    ("tontine_holding", "DELETE", None),
    ("tontine_draw", "UPDATE OF cycle_id, commitment, secret, shares, reveal_at", None),
    ("tontine_draw", "UPDATE OF revealed_at, public", "OLD.revealed_at IS NOT NULL"),
    ("tontine_draw", "DELETE", None),
    ("tontine_entropy", "UPDATE", None),
    ("tontine_entropy", "DELETE", None),
    ("tontine_round", "UPDATE", "OLD.state = 'closed'"),
    ("tontine_round", "DELETE", None),
    ("tontine_due", "UPDATE OF round_id, holding_id, amount", None),
    ("tontine_due", "DELETE", None),
    ("tontine_contribution", "UPDATE OF key, tontine_id, membership_id, payer_id, source", None),
    ("tontine_contribution", "DELETE", None),
    ("tontine_allotment", "UPDATE", None),
    ("tontine_allotment", "DELETE", None),
    ("tontine_pot", "UPDATE", "OLD.state = 'paid'"),
    ("tontine_pot", "DELETE", "OLD.state = 'paid'"),
    ("tontine_receipt", "UPDATE OF round_id, holding_id, membership_id, source, amount", None),
    ("tontine_receipt", "UPDATE OF confirmed_at", "OLD.confirmed_at IS NOT NULL"),
    ("tontine_receipt", "DELETE", None),
    ("tontine_fine", "UPDATE OF due_id, tontine_id, membership_id, amount", None),
    ("tontine_fine", "UPDATE OF state", "OLD.state <> 'owed'"),
    ("tontine_fine", "DELETE", None),
    ("tontine_ballot", "DELETE", None),
    ("tontine_turn", "DELETE", None),
]

_NOT_UPCOMING = """
    SELECT 1 FROM tontine_round AS round
    WHERE round.cycle_id = OLD.cycle_id AND round.number IN (OLD.position, NEW.position) AND round.state <> 'scheduled'
"""


def upgrade() -> None:
    _create_tables()
    if op.get_context().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for number, (table, verb, condition) in enumerate(_DENIED, 1):
        when = f"WHEN {condition}" if condition else ""
        op.execute(
            f"""
            CREATE TRIGGER {table}_stays_{number} BEFORE {verb} ON {table} {when} BEGIN
                SELECT RAISE(ABORT, 'tontine: {verb.split()[0]} of {table} is denied');
            END
            """
        )
    op.execute(
        f"""
        CREATE TRIGGER tontine_turn_is_upcoming BEFORE UPDATE OF cycle_id, share_id, position ON tontine_turn BEGIN
            SELECT RAISE(ABORT, 'tontine: this turn is no longer upcoming') WHERE EXISTS ({_NOT_UPCOMING});
        END
        """
    )


def _guard_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION tontine_denied() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'tontine: % of % is denied', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for number, (table, verb, condition) in enumerate(_DENIED, 1):
        when = f"WHEN ({condition})" if condition else ""
        op.execute(
            f"""
            CREATE TRIGGER {table}_stays_{number} BEFORE {verb} ON {table}
            FOR EACH ROW {when} EXECUTE FUNCTION tontine_denied()
            """
        )
    op.execute(
        f"""
        CREATE FUNCTION tontine_turn_is_upcoming() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS ({_NOT_UPCOMING}) THEN
                RAISE EXCEPTION 'tontine: this turn is no longer upcoming' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER tontine_turn_is_upcoming BEFORE UPDATE OF cycle_id, share_id, position ON tontine_turn
        FOR EACH ROW EXECUTE FUNCTION tontine_turn_is_upcoming()
        """
    )


def _create_tables() -> None:
    op.create_table(
        "tontine",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(16)),
        sa.Column("chat", sa.String(64)),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("stated_rules", Json, nullable=False),
        sa.Column("wished_rules", Json),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tontine"),
        sa.UniqueConstraint("key", name="uq_tontine_key"),
    )
    op.create_index("ix_tontine_channel_chat", "tontine", ["channel", "chat"])
    op.create_table(
        "tontine_charter",
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("articles", Json, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_charter_tontine_id"),
        sa.PrimaryKeyConstraint("tontine_id", "version", name="pk_tontine_charter"),
    )
    op.create_table(
        "tontine_cycle",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stated_rules", Json, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("summary", Json),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_cycle_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_cycle"),
        sa.UniqueConstraint("tontine_id", "number", name="uq_tontine_cycle_tontine_id_number"),
    )
    op.create_index(
        "uq_tontine_cycle_running",
        "tontine_cycle",
        ["tontine_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "tontine_line",
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("previous", sa.String(64)),
        sa.Column("hash", sa.String(64)),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_line_tontine_id"),
        sa.PrimaryKeyConstraint("tontine_id", "number", name="pk_tontine_line"),
    )
    op.create_table(
        "tontine_membership",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("member_id", Id(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("halves", sa.Integer(), nullable=False),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("agrees_to_set_off", sa.Boolean(), nullable=False),
        sa.Column("defaulted_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("halves > 0", name="ck_tontine_membership_halves"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_tontine_membership_member_id"),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_membership_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_membership"),
        sa.UniqueConstraint("tontine_id", "member_id", name="uq_tontine_membership_tontine_id_member_id"),
    )
    op.create_index("ix_tontine_membership_member_id", "tontine_membership", ["member_id"])
    op.create_table(
        "tontine_vote",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", Json, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("closes_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_vote_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_vote"),
        sa.UniqueConstraint("key", name="uq_tontine_vote_key"),
    )
    op.create_index("ix_tontine_vote_tontine_id", "tontine_vote", ["tontine_id"])
    op.create_table(
        "tontine_acceptance",
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["tontine_membership.id"], name="fk_tontine_acceptance_membership_id"
        ),
        sa.PrimaryKeyConstraint("membership_id", "version", name="pk_tontine_acceptance"),
    )
    op.create_table(
        "tontine_ballot",
        sa.Column("vote_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("is_for", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_ballot_membership_id"),
        sa.ForeignKeyConstraint(["vote_id"], ["tontine_vote.id"], name="fk_tontine_ballot_vote_id"),
        sa.PrimaryKeyConstraint("vote_id", "membership_id", name="pk_tontine_ballot"),
    )
    op.create_table(
        "tontine_consent",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_consent_membership_id"),
        sa.PrimaryKeyConstraint("subject_id", "membership_id", name="pk_tontine_consent"),
    )
    op.create_table(
        "tontine_contribution",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("payer_id", Id(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("lapses_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime()),
        sa.CheckConstraint("amount > 0", name="ck_tontine_contribution_amount"),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["tontine_membership.id"], name="fk_tontine_contribution_membership_id"
        ),
        sa.ForeignKeyConstraint(["payer_id"], ["member.id"], name="fk_tontine_contribution_payer_id"),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_contribution_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_contribution"),
        sa.UniqueConstraint("key", name="uq_tontine_contribution_key"),
    )
    op.create_index("ix_tontine_contribution_membership_id", "tontine_contribution", ["membership_id"])
    op.create_index("ix_tontine_contribution_payer_id_state", "tontine_contribution", ["payer_id", "state"])
    op.create_index("ix_tontine_contribution_tontine_id", "tontine_contribution", ["tontine_id"])
    op.create_table(
        "tontine_draw",
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("shares", Json, nullable=False),
        sa.Column("reveal_at", UtcDateTime(), nullable=False),
        sa.Column("revealed_at", UtcDateTime()),
        sa.Column("public", Json),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_draw_cycle_id"),
        sa.PrimaryKeyConstraint("cycle_id", name="pk_tontine_draw"),
    )
    op.create_table(
        "tontine_entropy",
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_entropy_cycle_id"),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_entropy_membership_id"),
        sa.PrimaryKeyConstraint("cycle_id", "membership_id", name="pk_tontine_entropy"),
    )
    op.create_table(
        "tontine_fine",
        sa.Column("id", Id(), nullable=False),
        sa.Column("due_id", Id(), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("waiver_asked_by", Id()),
        sa.Column("waiver_reason", sa.String(200)),
        sa.Column("waived_by", Id()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state <> 'waived' OR (waived_by IS NOT NULL AND waiver_reason <> '')", name="ck_tontine_fine_waived"
        ),
        sa.CheckConstraint("amount > 0", name="ck_tontine_fine_amount"),
        sa.CheckConstraint("waived_by IS NULL OR waived_by <> waiver_asked_by", name="ck_tontine_fine_second_person"),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_fine_membership_id"),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_fine_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_fine"),
        sa.UniqueConstraint("due_id", name="uq_tontine_fine_due_id"),
    )
    op.create_index("ix_tontine_fine_membership_id", "tontine_fine", ["membership_id"])
    op.create_table(
        "tontine_grant",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("asked_by", Id(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_tontine_grant_amount"),
        sa.ForeignKeyConstraint(["asked_by"], ["tontine_membership.id"], name="fk_tontine_grant_asked_by"),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_grant_membership_id"),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_grant_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_grant"),
        sa.UniqueConstraint("key", name="uq_tontine_grant_key"),
    )
    op.create_index("ix_tontine_grant_tontine_id", "tontine_grant", ["tontine_id"])
    op.create_table(
        "tontine_guarantee",
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("guarantor_id", Id(), nullable=False),
        sa.Column("at_most", sa.BigInteger(), nullable=False),
        sa.Column("called", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("called >= 0 AND called <= at_most", name="ck_tontine_guarantee_called"),
        sa.CheckConstraint("guarantor_id <> membership_id", name="ck_tontine_guarantee_somebody_else"),
        sa.ForeignKeyConstraint(["guarantor_id"], ["tontine_membership.id"], name="fk_tontine_guarantee_guarantor_id"),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["tontine_membership.id"], name="fk_tontine_guarantee_membership_id"
        ),
        sa.PrimaryKeyConstraint("membership_id", name="pk_tontine_guarantee"),
    )
    op.create_table(
        "tontine_officer",
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_officer_membership_id"),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_officer_tontine_id"),
        sa.PrimaryKeyConstraint("tontine_id", "role", name="pk_tontine_officer"),
    )
    op.create_table(
        "tontine_replacement",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("leaver_id", Id(), nullable=False),
        sa.Column("successor_id", Id(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("leaver_id <> successor_id", name="ck_tontine_replacement_somebody_else"),
        sa.CheckConstraint("price >= 0", name="ck_tontine_replacement_price"),
        sa.ForeignKeyConstraint(["leaver_id"], ["tontine_membership.id"], name="fk_tontine_replacement_leaver_id"),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["tontine_membership.id"], name="fk_tontine_replacement_successor_id"
        ),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_replacement_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_replacement"),
        sa.UniqueConstraint("key", name="uq_tontine_replacement_key"),
    )
    op.create_index("ix_tontine_replacement_tontine_id", "tontine_replacement", ["tontine_id"])
    op.create_table(
        "tontine_round",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("opens_at", UtcDateTime(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("full_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("minutes", Json),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_round_cycle_id"),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_round_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_round"),
        sa.UniqueConstraint("cycle_id", "number", name="uq_tontine_round_cycle_id_number"),
    )
    op.create_index("ix_tontine_round_tontine_id", "tontine_round", ["tontine_id"])
    op.create_table(
        "tontine_share",
        sa.Column("id", Id(), nullable=False),
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("left_at", UtcDateTime()),
        sa.Column("joined_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_share_cycle_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_share"),
        sa.UniqueConstraint("cycle_id", "number", name="uq_tontine_share_cycle_id_number"),
    )
    op.create_table(
        "tontine_side_payment",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("tontine_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_tontine_side_payment_amount"),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["tontine_membership.id"], name="fk_tontine_side_payment_membership_id"
        ),
        sa.ForeignKeyConstraint(["tontine_id"], ["tontine.id"], name="fk_tontine_side_payment_tontine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_side_payment"),
        sa.UniqueConstraint("key", name="uq_tontine_side_payment_key"),
    )
    op.create_index("ix_tontine_side_payment_tontine_id", "tontine_side_payment", ["tontine_id"])
    op.create_table(
        "tontine_allotment",
        sa.Column("id", Id(), nullable=False),
        sa.Column("contribution_id", Id(), nullable=False),
        sa.Column("due_id", Id()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_tontine_allotment_amount"),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["tontine_contribution.id"], name="fk_tontine_allotment_contribution_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_allotment"),
    )
    op.create_index("ix_tontine_allotment_contribution_id", "tontine_allotment", ["contribution_id"])
    op.create_index("ix_tontine_allotment_due_id", "tontine_allotment", ["due_id"])
    op.create_table(
        "tontine_delay",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("round_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("decided_by", Id()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_delay_membership_id"),
        sa.ForeignKeyConstraint(["round_id"], ["tontine_round.id"], name="fk_tontine_delay_round_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_delay"),
        sa.UniqueConstraint("key", name="uq_tontine_delay_key"),
    )
    op.create_index("ix_tontine_delay_round_id", "tontine_delay", ["round_id"])
    op.create_table(
        "tontine_holding",
        sa.Column("id", Id(), nullable=False),
        sa.Column("share_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("halves", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.CheckConstraint("halves IN (1, 2)", name="ck_tontine_holding_halves"),
        sa.CheckConstraint("place IN (0, 1)", name="ck_tontine_holding_place"),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_holding_membership_id"),
        sa.ForeignKeyConstraint(["share_id"], ["tontine_share.id"], name="fk_tontine_holding_share_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_holding"),
        sa.UniqueConstraint("share_id", "place", name="uq_tontine_holding_share_id_place"),
    )
    op.create_index("ix_tontine_holding_membership_id", "tontine_holding", ["membership_id"])
    op.create_table(
        "tontine_need",
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("share_id", Id(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_need_cycle_id"),
        sa.ForeignKeyConstraint(["share_id"], ["tontine_share.id"], name="fk_tontine_need_share_id"),
        sa.PrimaryKeyConstraint("cycle_id", "share_id", name="pk_tontine_need"),
    )
    op.create_table(
        "tontine_pot",
        sa.Column("round_id", Id(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("requested_by", Id(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("paid_at", UtcDateTime()),
        sa.ForeignKeyConstraint(["requested_by"], ["tontine_membership.id"], name="fk_tontine_pot_requested_by"),
        sa.ForeignKeyConstraint(["round_id"], ["tontine_round.id"], name="fk_tontine_pot_round_id"),
        sa.PrimaryKeyConstraint("round_id", name="pk_tontine_pot"),
    )
    op.create_table(
        "tontine_reversal",
        sa.Column("contribution_id", Id(), nullable=False),
        sa.Column("asked_by", Id(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("confirmed_by", Id()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> asked_by", name="ck_tontine_reversal_second_person"
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["tontine_membership.id"], name="fk_tontine_reversal_asked_by"),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["tontine_contribution.id"], name="fk_tontine_reversal_contribution_id"
        ),
        sa.PrimaryKeyConstraint("contribution_id", name="pk_tontine_reversal"),
    )
    op.create_table(
        "tontine_swap",
        sa.Column("id", Id(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("first_id", Id(), nullable=False),
        sa.Column("second_id", Id(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_swap_cycle_id"),
        sa.ForeignKeyConstraint(["first_id"], ["tontine_share.id"], name="fk_tontine_swap_first_id"),
        sa.ForeignKeyConstraint(["second_id"], ["tontine_share.id"], name="fk_tontine_swap_second_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_swap"),
        sa.UniqueConstraint("key", name="uq_tontine_swap_key"),
    )
    op.create_table(
        "tontine_turn",
        sa.Column("cycle_id", Id(), nullable=False),
        sa.Column("share_id", Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("price_paid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price >= 0 AND price_paid >= 0 AND price_paid <= price", name="ck_tontine_turn_price"),
        sa.ForeignKeyConstraint(["cycle_id"], ["tontine_cycle.id"], name="fk_tontine_turn_cycle_id"),
        sa.ForeignKeyConstraint(["share_id"], ["tontine_share.id"], name="fk_tontine_turn_share_id"),
        sa.PrimaryKeyConstraint("cycle_id", "share_id", name="pk_tontine_turn"),
        sa.UniqueConstraint("cycle_id", "position", name="uq_tontine_turn_cycle_id_position"),
    )
    op.create_table(
        "tontine_bid",
        sa.Column("round_id", Id(), nullable=False),
        sa.Column("holding_id", Id(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_tontine_bid_amount"),
        sa.ForeignKeyConstraint(["holding_id"], ["tontine_holding.id"], name="fk_tontine_bid_holding_id"),
        sa.ForeignKeyConstraint(["round_id"], ["tontine_round.id"], name="fk_tontine_bid_round_id"),
        sa.PrimaryKeyConstraint("round_id", "holding_id", name="pk_tontine_bid"),
    )
    op.create_table(
        "tontine_due",
        sa.Column("id", Id(), nullable=False),
        sa.Column("round_id", Id(), nullable=False),
        sa.Column("holding_id", Id(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("waived", sa.BigInteger(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_tontine_due_amount"),
        sa.CheckConstraint(
            "paid >= 0 AND waived >= 0 AND paid + waived <= amount", name="ck_tontine_due_never_negative"
        ),
        sa.ForeignKeyConstraint(["holding_id"], ["tontine_holding.id"], name="fk_tontine_due_holding_id"),
        sa.ForeignKeyConstraint(["round_id"], ["tontine_round.id"], name="fk_tontine_due_round_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_due"),
        sa.UniqueConstraint("round_id", "holding_id", name="uq_tontine_due_round_id_holding_id"),
    )
    op.create_index("ix_tontine_due_holding_id", "tontine_due", ["holding_id"])
    op.create_table(
        "tontine_receipt",
        sa.Column("id", Id(), nullable=False),
        sa.Column("round_id", Id(), nullable=False),
        sa.Column("holding_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime()),
        sa.CheckConstraint("amount > 0", name="ck_tontine_receipt_amount"),
        sa.ForeignKeyConstraint(["holding_id"], ["tontine_holding.id"], name="fk_tontine_receipt_holding_id"),
        sa.ForeignKeyConstraint(["membership_id"], ["tontine_membership.id"], name="fk_tontine_receipt_membership_id"),
        sa.ForeignKeyConstraint(["round_id"], ["tontine_round.id"], name="fk_tontine_receipt_round_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tontine_receipt"),
    )
    op.create_index("ix_tontine_receipt_holding_id", "tontine_receipt", ["holding_id"])
    op.create_index("ix_tontine_receipt_round_id", "tontine_receipt", ["round_id"])
