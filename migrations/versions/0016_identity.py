"""Members who show who they are: their requests, and the sealed pictures of their documents."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_request",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_identity_request_member_id"), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("document", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("note", sa.String(300)),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("decided_by", Id(), sa.ForeignKey("operator.id", name="fk_identity_request_decided_by")),
        sa.UniqueConstraint("key", name="uq_identity_request_key"),
        sa.UniqueConstraint("reference", name="uq_identity_request_reference"),
    )
    is_open = sa.text("state IN ('asked', 'waiting')")
    op.create_index(
        "uq_identity_request_open", "identity_request", ["member_id"], unique=True, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index("ix_identity_request_member_id_asked_at", "identity_request", ["member_id", "asked_at"])
    op.create_index("ix_identity_request_state_asked_at", "identity_request", ["state", "asked_at"])
    op.create_table(
        "identity_picture",
        sa.Column(
            "request_id", Id(), sa.ForeignKey("identity_request.id", name="fk_identity_picture_request_id"),
            primary_key=True,
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
    )  # fmt: skip
