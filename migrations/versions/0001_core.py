"""The core's tables: jobs, the outbox, what came in."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("kind", "key", name="uq_job_kind_key"),
    )
    op.create_index("ix_job_run_at", "job", ["run_at"])
    op.create_table(
        "inbound_message",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("external_id", sa.String(128), primary_key=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("raw", Json),
        sa.Column("error", sa.String()),
    )
    op.create_index("ix_inbound_message_received_at", "inbound_message", ["received_at"])
    op.create_table(
        "outbox_address",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("chat", sa.String(64), primary_key=True),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("blocked_at", UtcDateTime()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("quiet_until", UtcDateTime()),
    )
    op.create_table(
        "outbox_file",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_outbox_address_due_at", "outbox_address", ["due_at"])
    op.create_table(
        "outbox_message",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(64), nullable=False),
        sa.Column("edits", Id()),
        sa.Column("subject", sa.String(80)),
        sa.Column("view", Json, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("external_id", sa.String(64)),
        sa.Column("error", sa.String(300)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime()),
        sa.UniqueConstraint("id", name="uq_outbox_message_id"),
        sa.ForeignKeyConstraint(
            ["channel", "chat"],
            ["outbox_address.channel", "outbox_address.chat"],
            name="fk_outbox_message_channel_chat",
        ),
    )
    op.create_index("ix_outbox_message_queue", "outbox_message", ["channel", "chat", "state", "seq"])
    op.create_index("ix_outbox_message_external_id", "outbox_message", ["channel", "chat", "external_id"])
    op.create_index("ix_outbox_message_subject", "outbox_message", ["subject"])
