"""`cauri wallets`: stop what leaves a wallet, let it leave again, and take a forgotten PIN away."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from members import Member
from operations.readiness import NotReady, opened, refuse_old_tables
from operations.staff import named
from operations.terminal import finish, known_settings
from operators import Operator
from payments.custody import freeze_wallet, take_pin_away, unfreeze_wallet

T = TypeVar("T")
OperatorsAct: TypeAlias = Callable[[AsyncSession, Operator, UUID, str], Awaitable[T]]

commands = typer.Typer(no_args_is_help=True, help="A member's wallet as a whole: frozen or not, and its PIN.")

Whose = Annotated[UUID, typer.Argument(metavar="MEMBER", help="The member's id, as in the alert about them.")]
By = Annotated[str, typer.Option(help="The operator in whose name it is done.")]


@commands.command()
def freeze(member: Whose, by: By, reason: Annotated[str, typer.Option(help="Why, in words.")]) -> None:
    """Let nothing leave the wallet any more."""
    changed = finish(_do(freeze_wallet, member, by, reason))
    typer.echo("🧊 Frozen: nothing leaves this wallet." if changed else "It was frozen already.")


@commands.command()
def unfreeze(
    member: Whose, by: By, reason: Annotated[str, typer.Option(help="How you made sure who asks, and why.")]
) -> None:
    """Let money leave the wallet again."""
    changed = finish(_do(unfreeze_wallet, member, by, reason))
    typer.echo("✅ Money may leave this wallet again." if changed else "It was not frozen.")


@commands.command()
def reset_pin(
    member: Whose, by: By, verified: Annotated[str, typer.Option(help="How you made sure that it is them who asks.")]
) -> None:
    """Take a forgotten PIN away. Nothing leaves the wallet for 24 hours, and its member is told everywhere."""
    finish(_do(take_pin_away, member, by, verified))
    typer.echo("✅ The PIN is gone; the member chooses another one when it is next needed.")


async def _do(act: OperatorsAct[T], member_id: UUID, by: str, words: str) -> T:
    async def work(session: AsyncSession) -> T:
        if await session.get(Member, member_id) is None:
            raise NotReady(f"There is no member {member_id}.")
        return await act(session, await named(session, by), member_id, words)

    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        return await database.run(work)
