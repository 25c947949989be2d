"""Who stands behind the counter in the tests."""

from core.db import Database
from operators import Operator, Role, add_operator


async def hired(database: Database, name: str, role: Role) -> Operator:
    """Somebody taken on at the server's command line."""
    return await database.run(lambda session: add_operator(session, name, role))
