"""Complaints, and what is said in them."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_complaint_member_id"), nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("about_kind", sa.String(16)),
        sa.Column("about_id", Id()),
        sa.Column("about_reference", sa.String(20)),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("answer_by", UtcDateTime(), nullable=False),
        sa.Column("end_by", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        sa.UniqueConstraint("key", name="uq_complaint_key"),
        sa.UniqueConstraint("reference", name="uq_complaint_reference"),
    )
    still_open = sa.text("state <> 'closed'")
    op.create_index(
        "uq_complaint_open", "complaint", ["member_id", "about_id"], unique=True, sqlite_where=still_open,
        postgresql_where=still_open,
    )  # fmt: skip
    op.create_index("ix_complaint_member_id_opened_at", "complaint", ["member_id", "opened_at"])
    op.create_index("ix_complaint_about_id", "complaint", ["about_id"])
    op.create_index("ix_complaint_state_end_by", "complaint", ["state", "end_by"])
    op.create_table(
        "complaint_note",
        sa.Column("id", Id(), primary_key=True),
        sa.Column(
            "complaint_id", Id(), sa.ForeignKey("complaint.id", name="fk_complaint_note_complaint_id"), nullable=False
        ),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("operator_id", Id(), sa.ForeignKey("operator.id", name="fk_complaint_note_operator_id")),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_complaint_note_complaint_id", "complaint_note", ["complaint_id"])
