"""Payments in review: what was tried for each, what two operators corrected, and an index that finds those that wait."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waits = sa.text("state = 'review' OR doubt IS NOT NULL")
    for table in ("deposit", "payout"):
        op.create_index(f"ix_{table}_in_review", table, ["created_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "payment_trace",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("payment_id", Id(), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("said", sa.String(300), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_payment_trace_payment_id_id", "payment_trace", ["payment_id", "id"])
    op.create_table(
        "correction",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_correction_member_id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("reference", name="uq_correction_reference"),
    )
    op.create_index("ix_correction_member_id_created_at_id", "correction", ["member_id", "created_at", "id"])
    op.create_table(
        "reconciliation",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("operator_id", Id(), sa.ForeignKey("operator.id", name="fk_reconciliation_operator_id")),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.BigInteger()),
        sa.Column("ours", sa.BigInteger()),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_reconciliation_at", "reconciliation", ["at"])
    op.create_table(
        "book_difference",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column(
            "reconciliation_id", Id(),
            sa.ForeignKey("reconciliation.id", name="fk_book_difference_reconciliation_id"), nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("about", sa.String(100), nullable=False),
        sa.Column("theirs", sa.String(100), nullable=False),
        sa.Column("ours", sa.String(100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime()),
        sa.UniqueConstraint("key", name="uq_book_difference_key"),
        sa.UniqueConstraint("reference", name="uq_book_difference_reference"),
    )
    is_open = sa.text("state <> 'closed'")
    op.create_index("ix_book_difference_reconciliation_id", "book_difference", ["reconciliation_id"])
    op.create_index(
        "ix_book_difference_open", "book_difference", ["id"], sqlite_where=is_open, postgresql_where=is_open
    )
    # Declared with the ledger's tables.
    parked = sa.text("kind = 'parked'")
    op.create_index("ix_ledger_account_parked", "ledger_account", ["id"], sqlite_where=parked, postgresql_where=parked)
