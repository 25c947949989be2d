"""What one process does for all, and what all do only so often."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pacing",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("free_at", UtcDateTime(), nullable=False),
        sa.Column("holder", Id()),
    )
