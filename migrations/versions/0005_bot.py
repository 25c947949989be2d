"""Conversations and shortcuts."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("chat", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_conversation_member_id"), nullable=False),
        sa.Column("runs", Json, nullable=False),
        sa.Column("last_token", sa.String(24)),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "shortcut",
        sa.Column("token", sa.String(24), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_shortcut_member_id"), nullable=False),
        sa.Column("hints", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
