"""What a tap in a group may pay without asking again: each member's own limit."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("tap_limit", sa.Integer(), nullable=False, server_default="10000"))
