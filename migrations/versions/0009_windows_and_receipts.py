"""Channels on which people may be told things only for a day after they wrote, and which tell what became of a message."""

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox_address", sa.Column("heard_at", UtcDateTime()))
    op.add_column("outbox_address", sa.Column("nudged_at", UtcDateTime()))
    op.add_column("outbox_message", sa.Column("receipt", sa.String(9)))
