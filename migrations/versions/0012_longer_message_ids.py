"""WhatsApp's ids of messages hold the telephone number, and with the longer ones are longer than 64 characters."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as table:
        table.alter_column("external_id", existing_type=sa.String(64), type_=sa.String(128))
