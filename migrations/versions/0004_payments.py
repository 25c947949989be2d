"""Deposits, payouts, sends, the events GetMiPay has told us, and the circuit breaker."""

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deposit",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_deposit_member_id"), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("provider_id", sa.String(100)),
        sa.Column("payment_url", sa.String(2000)),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("doubt", sa.String(32)),
        sa.Column("claimed", sa.BigInteger()),
        sa.Column("suspended", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger()),
        sa.Column("parked", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.String(32)),
        sa.Column("said", sa.String(200)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("watch_since", UtcDateTime()),
        sa.Column("settled_at", UtcDateTime()),
        sa.Column("reversed_at", UtcDateTime()),
        sa.UniqueConstraint("key", name="uq_deposit_key"),
        sa.UniqueConstraint("reference", name="uq_deposit_reference"),
        sa.CheckConstraint("amount > 0 AND fee >= 0 AND fee < amount", name="ck_deposit_amounts"),
        sa.CheckConstraint("parked >= 0 AND suspended >= 0", name="ck_deposit_parts"),
    )
    op.create_index("ix_deposit_member_id_created_at_id", "deposit", ["member_id", "created_at", "id"])
    op.create_index("ix_deposit_member_id_settled_at", "deposit", ["member_id", "settled_at"])
    op.create_index("ix_deposit_provider_id", "deposit", ["provider_id"])
    op.create_table(
        "payout",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("member_id", Id(), sa.ForeignKey("member.id", name="fk_payout_member_id"), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("provider_id", sa.String(100)),
        sa.Column("doubt", sa.String(32)),
        sa.Column("failure", sa.String(32)),
        sa.Column("said", sa.String(200)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("watch_since", UtcDateTime()),
        sa.Column("completed_at", UtcDateTime()),
        sa.Column("reversed_at", UtcDateTime()),
        sa.UniqueConstraint("key", name="uq_payout_key"),
        sa.UniqueConstraint("reference", name="uq_payout_reference"),
        sa.CheckConstraint("amount > 0 AND fee >= 0", name="ck_payout_amounts"),
    )
    op.create_index("ix_payout_member_id_created_at_id", "payout", ["member_id", "created_at", "id"])
    op.create_index("ix_payout_provider_id", "payout", ["provider_id"])
    op.create_table(
        "send",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("sender_id", Id(), sa.ForeignKey("member.id", name="fk_send_sender_id"), nullable=False),
        sa.Column("recipient_id", Id(), sa.ForeignKey("member.id", name="fk_send_recipient_id"), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("note", sa.String(140)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("key", name="uq_send_key"),
        sa.UniqueConstraint("reference", name="uq_send_reference"),
        sa.CheckConstraint("amount > 0 AND parked >= 0 AND parked <= amount", name="ck_send_amounts"),
        sa.CheckConstraint("sender_id <> recipient_id", name="ck_send_two_members"),
    )
    op.create_index("ix_send_sender_id_created_at_id", "send", ["sender_id", "created_at", "id"])
    op.create_index("ix_send_recipient_id_created_at_id", "send", ["recipient_id", "created_at", "id"])
    op.create_table(
        "provider_event",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("transaction_id", sa.String(100), nullable=False),
        sa.Column("event", sa.String(100), nullable=False),
        sa.Column("variant", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint(
            "transaction_id", "event", "variant", name="uq_provider_event_transaction_id_event_variant"
        ),
    )
    op.create_table(
        "breaker",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", UtcDateTime()),
    )
