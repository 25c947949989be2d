"""The ledger's triggers find the few accounts they move by their key, instead of reading all accounts there are.

PostgreSQL expects a thousand rows of every INSERT that a trigger looks at, and so read a table of up to some hundred
thousand accounts from one end to the other, twice for each transaction that moves money.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TRIGGERS = ("ledger_transfer_moves_money", "ledger_hold_reserves", "ledger_resolution_releases")


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for function in _TRIGGERS:
            op.execute(f"ALTER FUNCTION {function}() SET enable_hashjoin = off SET enable_mergejoin = off")
