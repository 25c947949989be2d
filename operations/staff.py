"""`cauri operators`: who works behind the counter, for whoever has the server's command line."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import operators
from console import LINK_LIFE, make_link, way_in
from core.i18n import LANGUAGES
from core.settings import Settings
from operations.readiness import NotReady, opened, refuse_old_tables
from operations.terminal import finish, known_settings
from operators import Operator, Role

commands = typer.Typer(no_args_is_help=True, help="Who works behind the counter, and in which role.")

Name = Annotated[str, typer.Argument(help="As they are called here; it stands in the log of what they do.")]


@commands.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    telegram: Annotated[int | None, typer.Option(help="Their own id at Telegram, where they are written to.")] = None,
    language: Annotated[str, typer.Option(help=f"One of: {', '.join(LANGUAGES)}.")] = "fr",
) -> None:
    """Take an operator on."""
    if language not in LANGUAGES:
        raise typer.BadParameter(f"there are {', '.join(LANGUAGES)}", param_hint="--language")
    finish(_add(name, role, telegram, language))
    typer.echo(f"✅ {name} is an operator: {role}.")


@commands.command(name="list")
def list_() -> None:
    """List who is an operator now."""
    for operator in finish(_in_office()):
        where = f"{operator.channel} {operator.external_id}" if operator.channel else "no chat"
        typer.echo(
            f"{operator.name}: {operator.role}, {where}, {operator.language}, since {operator.created_at:%Y-%m-%d}"
        )


@commands.command()
def dismiss(name: Name) -> None:
    """Let an operator go: from now on they may do nothing. What they did stays in the log."""
    finish(_dismiss(name))
    typer.echo(f"✅ {name} is no operator any more.")


@commands.command()
def login(name: Name) -> None:
    """Print a one-time link into the console: for the first operator, or one whose chat is out of reach."""
    known = known_settings()
    link = finish(_login(known, name))
    typer.echo(link)
    typer.echo(f"It works once, for {LINK_LIFE.seconds // 60} minutes. Whoever has it comes in as {name}.")


@commands.command()
def verify_log() -> None:
    """Compute the log of what operators did again: was a line changed, or one taken away before the last?"""
    finish(_verify_log())
    typer.echo("✅ Each line of the log is bound to the one before.")


async def named(session: AsyncSession, name: str) -> Operator:
    """The operator of that name. Raises NotReady where nobody in office is called so."""
    operator = await operators.operator_named(session, name)
    if operator is None:
        raise NotReady(f"There is no operator {name!r}: `cauri operators list` names them.")
    return operator


async def _add(name: str, role: Role, telegram: int | None, language: str) -> None:
    channel, external_id = ("telegram", str(telegram)) if telegram is not None else (None, None)
    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        await database.run(
            lambda session: operators.add_operator(
                session, name, role, channel=channel, external_id=external_id, language=language
            )
        )


async def _in_office() -> list[Operator]:
    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        async with database.reading() as session:
            return await operators.operators_in_office(session)


async def _dismiss(name: str) -> None:
    async def go(session: AsyncSession) -> None:
        await operators.dismiss(session, await named(session, name))

    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        await database.run(go)


async def _login(known: Settings, name: str) -> str:
    async def make(session: AsyncSession) -> str:
        return await make_link(session, await named(session, name))

    async with opened(known.database_url) as database:
        await refuse_old_tables(database)
        return way_in(known.webhook_base, await database.run(make))


async def _verify_log() -> None:
    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        async with database.reading() as session:
            broken = await operators.verify_acts(session)
    if broken is not None:
        raise NotReady(f"❌ Line {broken} does not fit: it, or one before it, was changed, added or taken away.")
