"""`cauri reconcile`: our books against GetMiPay's, now."""

import app
import operators
import payments
from core.money import Money
from core.settings import Settings
from operations.readiness import NotReady, opened, refuse_old_tables
from operations.staff import named
from operators import Act
from payments import BookDifference, GetMiPayV1, Reconciliation


async def reconcile(
    settings: Settings, operator: str, source: str, statement: bytes | None
) -> tuple[Reconciliation, list[BookDifference]]:
    """Compare the lines of the statement called `source` or, without one, GetMiPay's balance.

    Gives back what came of it, and all differences that are open now. Raises NotReady and StatementUnreadable.
    """
    lines = payments.read_statement(statement) if statement is not None else None
    told = await _balance(settings) if lines is None else None

    async with opened(settings.database_url) as database:
        await refuse_old_tables(database)
        async with database.reading() as session:
            by = await named(session, operator)
        operators.require(by, Act.RECONCILE)
        if lines is not None:
            done = await payments.compare_statement(database, lines, source, by)
        else:
            assert told is not None  # noqa: S101 - one or the other
            balance = told
            done = await database.run(lambda session: payments.compare_balance(session, balance, by))
        async with database.reading() as session:
            return done, await payments.open_differences(session)


async def _balance(settings: Settings) -> Money:
    async with app.provider_of(settings) as provider:
        if not isinstance(provider, GetMiPayV1):
            raise NotReady("GetMiPay tells its balance only in the dialect v1: take its statement, with --statement.")
        told = await provider.balance()
    if told is None:
        raise NotReady("GetMiPay does not tell its balance: `cauri check` says why.")
    return told
