"""What stands between an unlocked telephone and a wallet: PINs, proofs, numbers that were agreed to, cooling off."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guard",
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_guard_member_id"), primary_key=True),
        sa.Column("pin_hash", sa.String(200)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("locked_until", UtcDateTime()),
        sa.Column("ask_above", sa.BigInteger()),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("spent_since", UtcDateTime()),
        sa.Column("cooling_since", UtcDateTime()),
        sa.Column("cooling_why", sa.String(32)),
        sa.Column("frozen_why", sa.String(32)),
    )
    op.create_table(
        "proof",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_proof_member_id"), nullable=False),
        sa.Column("wants", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("run_id", Id(), nullable=False),
        sa.Column("is_app", sa.Boolean(), nullable=False),
        sa.Column("about", sa.String(1000), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("proven_at", UtcDateTime()),
        sa.Column("used_at", UtcDateTime()),
        sa.UniqueConstraint("token_hash", name="uq_proof_token_hash"),
    )
    for column in ("member_id", "run_id", "expires_at"):
        op.create_index(f"ix_proof_{column}", "proof", [column])
    op.add_column("member_phone", sa.Column("payout_since", UtcDateTime()))
    # A number that money went to for longer than a wallet cools off is nobody's surprise.
    op.execute(
        "UPDATE member_phone SET payout_since = (SELECT min(payout.created_at) FROM payout"
        " WHERE payout.member_id = member_phone.member_id AND payout.phone = member_phone.e164"
        " AND payout.state = 'completed')"
    )
