"""The operator's console: links and sessions by which operators come in, and indexes by which they find people."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from core.db import Id, UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_WORD = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
_AT_ONCE = 1_000


def upgrade() -> None:
    op.create_table(
        "console_link",
        sa.Column(
            "operator_id", Id(), sa.ForeignKey("operator.id", name="fk_console_link_operator_id"), primary_key=True
        ),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_console_link_token_hash"),
    )
    op.create_table(
        "console_session",
        sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "operator_id", Id(), sa.ForeignKey("operator.id", name="fk_console_session_operator_id"), nullable=False
        ),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_console_session_operator_id", "console_session", ["operator_id"])
    words = op.create_table(
        "name_word",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("word", _WORD, primary_key=True),
        sa.Column("subject_id", Id(), primary_key=True),
    )
    op.create_index("ix_name_word_subject_id", "name_word", ["subject_id"])
    op.create_table(
        "payment_day",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("method", sa.String(32), primary_key=True),
        sa.Column("country", sa.String(4), primary_key=True),
        sa.Column("state", sa.String(32), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_member_phone_e164", "member_phone", ["e164"])
    kept_aside = sa.text("error IS NOT NULL")
    op.create_index(
        "ix_inbound_message_kept_aside", "inbound_message", ["received_at"], sqlite_where=kept_aside,
        postgresql_where=kept_aside,
    )  # fmt: skip
    for kind in ("member", "tontine"):
        _write_names(words, kind)


def _write_names(words: sa.Table, kind: str) -> None:
    """Whoever is here already is found by name too."""
    connection = op.get_bind()
    subjects = sa.table(kind, sa.column("id", Id()), sa.column("name", sa.String()))
    after = None
    while True:
        some = sa.select(subjects.c.id, subjects.c.name).order_by(subjects.c.id).limit(_AT_ONCE)
        found = list(connection.execute(some if after is None else some.where(subjects.c.id > after)))
        if not found:
            return
        after = found[-1].id
        rows = [{"kind": kind, "word": word, "subject_id": row.id} for row in found for word in _words_of(row.name)]
        if rows:
            connection.execute(sa.insert(words), rows)


def _words_of(name: str) -> list[str]:
    """As `core.names` had them when this was written."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    found = "".join(letter if letter.isalnum() else " " for letter in bare).split()
    return list(dict.fromkeys(word[:32] for word in found))[:12]
