"""Members, their addresses and numbers, and invitations."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("frozen_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "address",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("external_id", sa.String(64), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_address_member_id"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_address_member_id", "address", ["member_id"])
    op.create_table(
        "member_phone",
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_member_phone_member_id"), primary_key=True),
        sa.Column("e164", sa.String(20), primary_key=True),
        sa.Column("verified_at", UtcDateTime()),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
    )
    verified = sa.text("verified_at IS NOT NULL")
    op.create_index(
        "uq_member_phone_verified",
        "member_phone",
        ["e164"],
        unique=True,
        sqlite_where=verified,
        postgresql_where=verified,
    )
    op.create_table(
        "invitation",
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("sender_id", Id(), sa.ForeignKey("member.id", name="fk_invitation_sender_id"), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("joined_id", Id(), sa.ForeignKey("member.id", name="fk_invitation_joined_id")),
        sa.Column("joined_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
