"""`cauri identity`: who has shown who they are, for whoever has the server's command line."""

import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import identity
from core.settings import Settings
from identity import IdentityRequest, Reason, Safe, Unopenable
from operations.readiness import NotReady, opened, refuse_old_tables
from operations.staff import named
from operations.terminal import finish, known_settings

T = TypeVar("T")

commands = typer.Typer(no_args_is_help=True, help="Members who show who they are.")

Reference = Annotated[str, typer.Argument(help="The request's reference, I-….")]
By = Annotated[str, typer.Option("--operator", help="The operator who does it; it stands in the log.")]


@commands.command(name="list")
def list_() -> None:
    """List the requests that wait for a decision, who has waited longest first."""
    for request in finish(_in_the_database(identity.waiting_requests)):
        typer.echo(f"{request.reference}: {request.name}, {request.document}, since {request.asked_at:%Y-%m-%d %H:%M}")


@commands.command()
def show(
    reference: Reference,
    operator: By,
    to: Annotated[Path, typer.Option(help="Where to put the picture; delete it once you have looked.")],
) -> None:
    """Write the picture of a request into a file that only you can read."""
    safe = safe_of(known_settings())

    async def look(session: AsyncSession) -> bytes:
        request, by = await _request(session, reference), await named(session, operator)
        picture = await identity.look_at(session, safe, request, by)
        if picture is None:
            raise NotReady(f"The picture of {request.reference} is not here: not yet, or not any more.")
        return picture

    try:
        picture = finish(_in_the_database(look))
    except Unopenable:
        raise typer.BadParameter("none of the keys opens it", param_hint="DOCUMENTS_KEY") from None
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(picture)
    except FileExistsError:
        raise typer.BadParameter(f"{to} is there already", param_hint="--to") from None
    typer.echo(f"✅ {to}: delete it once you have looked.")


@commands.command()
def accept(reference: Reference, operator: By) -> None:
    """The document is theirs: their limits rise, and what was set aside goes into their wallet."""

    async def decide(session: AsyncSession) -> None:
        await identity.accept(session, await _request(session, reference), await named(session, operator))

    finish(_in_the_database(decide))
    typer.echo("✅ Accepted; the member is told.")


@commands.command()
def refuse(
    reference: Reference,
    operator: By,
    reason: Annotated[Reason, typer.Option(help="Each is a sentence that the member reads.")],
    note: Annotated[str, typer.Option(help="A few words more, which the member reads too.")] = "",
) -> None:
    """Not like this: the member is told why, and may ask again."""

    async def decide(session: AsyncSession) -> None:
        request, by = await _request(session, reference), await named(session, operator)
        await identity.refuse(session, request, by, reason, note)

    finish(_in_the_database(decide))
    typer.echo("✅ Refused; the member is told.")


@commands.command()
def seal_again() -> None:
    """Seal every picture with DOCUMENTS_KEY; afterwards DOCUMENTS_KEY_PREVIOUS can go."""
    safe = safe_of(known_settings())

    async def seal_all() -> None:
        after: UUID | None = None
        while after := await _in_the_database(partial(identity.seal_again, safe=safe, after=after)):
            pass

    try:
        finish(seal_all())
    except Unopenable:
        raise typer.BadParameter("some pictures were sealed with another key", param_hint="DOCUMENTS_KEY") from None
    typer.echo("✅ Every picture is sealed with DOCUMENTS_KEY.")


def safe_of(settings: Settings) -> Safe:
    """What opens the pictures, by the settings."""
    return Safe(settings.documents_key.get_secret_value(), settings.documents_key_previous.get_secret_value())


async def _in_the_database(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        return await database.run(work)


async def _request(session: AsyncSession, reference: str) -> IdentityRequest:
    found = await identity.request_named(session, reference)
    if found is None:
        raise NotReady(f"There is no request {reference}: `cauri identity list` names those that wait.")
    return found
