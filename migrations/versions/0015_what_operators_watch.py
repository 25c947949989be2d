"""Undecided payments are found without reading those that are done, and what was said tells of which payment it was."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UNDECIDED = sa.text("state IN ('unknown', 'review')")


def upgrade() -> None:
    for table in ("deposit", "payout"):
        op.create_index(
            f"ix_{table}_undecided", table, ["state", "watch_since"],
            sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED,
        )

    op.add_column("outbox_message", sa.Column("reference", sa.String(20)))
