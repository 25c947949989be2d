"""Banknotes that a pot promised and nobody handed over may be taken back; what somebody received never is."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_DENIED = "OLD.confirmed_at IS NOT NULL OR OLD.source <> 'cash' OR NEW.taken_back < OLD.taken_back"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE tontine_receipt ADD COLUMN taken_back BIGINT NOT NULL DEFAULT 0
        CONSTRAINT ck_tontine_receipt_taken_back CHECK (taken_back >= 0 AND taken_back <= amount)
        """
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"""
            CREATE TRIGGER tontine_receipt_was_promised BEFORE UPDATE OF taken_back ON tontine_receipt
            FOR EACH ROW WHEN ({_DENIED}) EXECUTE FUNCTION tontine_denied()
            """
        )
    else:
        op.execute(
            f"""
            CREATE TRIGGER tontine_receipt_was_promised BEFORE UPDATE OF taken_back ON tontine_receipt
            WHEN {_DENIED} BEGIN
                SELECT RAISE(ABORT, 'tontine: UPDATE of tontine_receipt is denied');
            END
            """
        )
