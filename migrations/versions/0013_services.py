"""GetMiPay's services and second ids, what it keeps of a deposit, and when a callback last made us look."""

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_service",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("method", sa.String(32)),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("depositable", sa.Boolean(), nullable=False),
        sa.Column("withdrawable", sa.Boolean(), nullable=False),
        sa.Column("at_least", sa.BigInteger(), nullable=False),
        sa.Column("at_most", sa.BigInteger(), nullable=False),
        sa.Column("synced_at", UtcDateTime(), nullable=False),
    )
    op.add_column("deposit", sa.Column("provider_fee", sa.BigInteger(), nullable=False, server_default="0"))
    for table in ("deposit", "payout"):
        op.add_column(table, sa.Column("pay_id", sa.String(100)))
        op.add_column(table, sa.Column("hinted_at", UtcDateTime()))
        op.create_index(f"ix_{table}_pay_id", table, ["pay_id"])
