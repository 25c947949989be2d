"""One person with several addresses: codes that link them, numbers that pass on, members who turned out to be one."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No constraint is added to the old tables: SQLite would have to write them anew, and everything refers to them.
    op.add_column("address", sa.Column("alias", sa.String(64)))
    op.add_column("address", sa.Column("met_at", UtcDateTime()))
    has_alias = sa.text("alias IS NOT NULL")
    op.create_index(
        "uq_address_alias", "address", ["channel", "alias"], unique=True, sqlite_where=has_alias,
        postgresql_where=has_alias,
    )  # fmt: skip
    op.add_column("member", sa.Column("united_with", Id()))
    op.create_index("ix_member_united_with", "member", ["united_with"])
    op.create_table(
        "link_code",
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_link_code_member_id"), primary_key=True),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("code_hash", name="uq_link_code_code_hash"),
    )
    op.create_table(
        "link_miss",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_link_miss_member_id"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_link_miss_member_id", "link_miss", ["member_id"])
