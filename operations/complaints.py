"""`cauri complaints`: what members say is wrong, for whoever has the server's command line."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import app
import complaints
from complaints import Complaint, ComplaintNote
from core.money import Money
from operations.readiness import NotReady, opened, refuse_old_tables
from operations.staff import named
from operations.terminal import finish, known_settings
from operators import Act, find_decision, record, require

T = TypeVar("T")

commands = typer.Typer(no_args_is_help=True, help="What members say is wrong.")

Reference = Annotated[str, typer.Argument(help="The complaint's reference, K-….")]
By = Annotated[str, typer.Option("--operator", help="The operator who does it; it stands in the log.")]
Words = Annotated[str, typer.Option("--say", help="What the member reads.")]


@commands.command(name="list")
def list_() -> None:
    """List the complaints that are not over, the most urgent first."""
    for each in finish(_in_the_database(complaints.open_complaints)):
        about = f" about {each.about_reference}" if each.about_reference else ""
        first = f"answer by {each.answer_by:%Y-%m-%d %H:%M}, " if each.answered_at is None else ""
        typer.echo(
            f"{each.reference}: {each.category}{about}, {each.state}; {first}end by {each.end_by:%Y-%m-%d %H:%M}"
        )


@commands.command()
def show(reference: Reference, operator: By) -> None:
    """Show what was said in a complaint."""

    async def look(session: AsyncSession) -> tuple[Complaint, list[ComplaintNote]]:
        by, found = await named(session, operator), await _complaint(session, reference)
        require(by, Act.SEE)
        await record(session, by, Act.SEE, f"complaint:{found.reference}")
        return found, await complaints.notes_of(session, found.id)

    found, notes = finish(_in_the_database(look))
    typer.echo(f"{found.reference}: {found.category} about {found.about_reference or 'nothing named'}, {found.state}")
    for note in notes:
        typer.echo(f"{note.at:%Y-%m-%d %H:%M} {note.author}: {note.words}")


@commands.command()
def answer(reference: Reference, operator: By, say: Words) -> None:
    """Answer the member, who may answer in turn."""

    async def act(session: AsyncSession) -> None:
        await complaints.answer(session, await _complaint(session, reference), await named(session, operator), say)

    finish(_in_the_database(act))
    typer.echo("✅ Answered; the member is told.")


@commands.command()
def close(
    reference: Reference,
    operator: By,
    say: Words,
    amount: Annotated[int, typer.Option(help="Whole francs for the member, out of the house's income.")] = 0,
    reason: Annotated[str, typer.Option(help="Why money is due; for the log.")] = "",
) -> None:
    """Say the last word. With --amount it is proposed, and happens once another operator approves."""
    known = app.decisions()

    async def act(session: AsyncSession) -> None:
        by, found = await named(session, operator), await _complaint(session, reference)
        if not amount:
            await complaints.end(session, found, by, say)
            return
        await complaints.propose_compensation(session, known, found, by, Money(amount), words=say, reason=reason)

    finish(_in_the_database(act))
    typer.echo("✅ Closed; the member is told." if not amount else "✅ Proposed: another operator approves it.")


@commands.command()
def approve(reference: Reference, operator: By) -> None:
    """Approve a proposed compensation: the money moves and the complaint is closed, at once."""
    known = app.decisions()

    async def act(session: AsyncSession) -> None:
        by = await named(session, operator)
        subject = f"complaint:{(await _complaint(session, reference)).reference}"
        decision = await find_decision(session, subject, complaints.COMPENSATION)
        if decision is None:
            raise NotReady(f"Nothing is proposed about {reference}.")
        await known.approve(session, by, decision.id)

    finish(_in_the_database(act))
    typer.echo("✅ Paid and closed; the member is told.")


async def _in_the_database(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        return await database.run(work)


async def _complaint(session: AsyncSession, reference: str) -> Complaint:
    found = await complaints.complaint_named(session, reference)
    if found is None:
        raise NotReady(f"There is no complaint {reference}: `cauri complaints list` names those that are not over.")
    return found
