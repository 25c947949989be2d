"""Operators, the log of what they did, and what takes two of them; triggers keep what was written as it was."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, Json, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Table, what is denied, and when: a condition on the row as it was (OLD).
_DENIED = [
    ("operator_act", "UPDATE", None),
    ("operator_act", "DELETE", None),
    ("operator_decision", "UPDATE OF id, kind, subject, payload, reason, proposed_by, proposed_at", None),
    ("operator_decision", "UPDATE", "OLD.verdict IS NOT NULL"),
    ("operator_decision", "UPDATE", "NEW.verdict = 'approved' AND NEW.decided_by = OLD.proposed_by"),
    ("operator_decision", "DELETE", None),
    ("operator", "DELETE", None),
]


def upgrade() -> None:
    op.create_table(
        "operator",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16)),
        sa.Column("external_id", sa.String(64)),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("dismissed_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    in_office = sa.text("dismissed_at IS NULL")
    for name, columns in (("uq_operator_name", ["name"]), ("uq_operator_address", ["channel", "external_id"])):
        op.create_index(
            name, "operator", columns, unique=True, sqlite_where=in_office, postgresql_where=in_office
        )
    op.create_table(
        "operator_act",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("operator_id", Id(), sa.ForeignKey("operator.id", name="fk_operator_act_operator_id")),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_operator_act_operator_id", "operator_act", ["operator_id"])
    op.create_index("ix_operator_act_subject", "operator_act", ["subject"])
    op.create_table(
        "operator_decision",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column(
            "proposed_by", Id(), sa.ForeignKey("operator.id", name="fk_operator_decision_proposed_by"), nullable=False
        ),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", Id(), sa.ForeignKey("operator.id", name="fk_operator_decision_decided_by")),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("verdict", sa.String(32)),
    )
    is_open = sa.text("verdict IS NULL")
    op.create_index(
        "uq_operator_decision_open", "operator_decision", ["kind", "subject"], unique=True, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index("ix_operator_decision_subject", "operator_decision", ["subject"])
    op.create_index("ix_operator_decision_verdict", "operator_decision", ["verdict", "proposed_at"])
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
                SELECT RAISE(ABORT, 'operators: {verb.split()[0]} of {table} is denied');
            END
            """
        )


def _guard_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION operator_denied() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'operators: % of % is denied', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for number, (table, verb, condition) in enumerate(_DENIED, 1):
        when = f"WHEN ({condition})" if condition else ""
        op.execute(
            f"""
            CREATE TRIGGER {table}_stays_{number} BEFORE {verb} ON {table}
            FOR EACH ROW {when} EXECUTE FUNCTION operator_denied()
            """
        )
    for table in ("operator_act", "operator_decision", "operator"):
        op.execute(
            f"""
            CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION operator_denied()
            """
        )
