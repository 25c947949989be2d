"""A statement's line is found by its hash: somebody who checks a file learns whether it is the one we keep."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_tontine_line_hash", "tontine_line", ["hash"])
