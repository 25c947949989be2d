"""The `cauri` command."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import httpx
import typer

import ledger
from core import logs, schema
from core.settings import Settings
from operations import check as checks
from operations import complaints, documents, review, staff, wallets
from operations.backup import audit as count_again
from operations.backup import back_up
from operations.demo import demo as run_demo
from operations.readiness import opened
from operations.reconcile import reconcile as run_reconcile
from operations.serve import Serving
from operations.serve import serve as serve_members
from operations.terminal import fail, finish, known_settings
from operations.webhooks import EVENTS, send_webhook
from operations.whatsapp import templates as whatsapp_templates
from tontines.statement_file import check_file

main = typer.Typer(no_args_is_help=True, add_completion=False, help="Cauri, a wallet assistant that lives in chat.")
webhook = typer.Typer(no_args_is_help=True, help="GetMiPay's webhooks, by hand.")
main.add_typer(webhook, name="webhook")
whatsapp = typer.Typer(no_args_is_help=True, help="What Meta has to approve.")
main.add_typer(whatsapp, name="whatsapp")
main.add_typer(staff.commands, name="operators")
main.add_typer(documents.commands, name="identity")
main.add_typer(review.commands, name="review")
main.add_typer(complaints.commands, name="complaints")
main.add_typer(wallets.commands, name="wallets")


@whatsapp.callback()
def _of_whatsapp() -> None:
    """What Meta has to approve."""


_MARKS = {checks.Level.GOOD: "✅", checks.Level.DOUBT: "👀", checks.Level.BAD: "❌"}


@main.command()
def demo(data: Annotated[Path, typer.Option(help="Where the made-up world is kept.")] = Path("var/demo")) -> None:
    """Try everything on this machine: no account, no key, no server, no real money."""
    logs.configure("console", logging.WARNING)
    data.mkdir(parents=True, exist_ok=True)
    finish(run_demo(data, _announce_demo))


@main.command()
def run() -> None:
    """Serve members: the webhooks' doors, the worker, and Telegram."""
    _serve(Serving())


@main.command()
def serve() -> None:
    """Open the doors alone: webhooks and pages. On PostgreSQL, beside any number of `cauri work`."""
    _serve(Serving(works=False))


@main.command()
def work() -> None:
    """Do the work behind the doors alone: jobs, messages and, without PUBLIC_URL, asking Telegram."""
    _serve(Serving(opens_doors=False))


@main.command()
def migrate() -> None:
    """Bring the database's tables up to this release."""
    finish(_migrate(known_settings()))


@main.command()
def check() -> None:
    """Tell in words what is misconfigured, and what to do about it."""
    if not finish(_check(known_settings())):
        raise typer.Exit(1)


@main.command()
def audit() -> None:
    """Prove that no franc was lost or doubled: debits equal credits, and each balance, counted again, is the same."""
    if not _told(finish(count_again(known_settings().database_url))):
        raise typer.Exit(1)


@main.command()
def backup(file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file; never one that is there.")]) -> None:
    """Copy a SQLite database while members are served, and prove by an audit of the copy that no franc is missing."""
    if not _told(finish(back_up(known_settings().database_url, file))):
        raise typer.Exit(1)
    typer.echo(f"The copy is {file}")


@main.command()
def reconcile(
    operator: Annotated[str, typer.Option(help="Who you are: a name of `cauri operators list`.")],
    statement: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="GetMiPay's statement as CSV; its balance if none.")
    ] = None,
) -> None:
    """Compare our books with GetMiPay's: its balance, or a statement line by line. Ends with 1 where they differ."""
    name, content = (statement.name, statement.read_bytes()) if statement else ("balance", None)
    done, differences = finish(run_reconcile(known_settings(), operator, name, content))
    typer.echo(f"{done.source}: {done.lines} compared, {done.matched} fit, {done.found} new differences")
    for difference in differences:
        typer.echo(f"❌ {review.difference_line(difference)}")
    if differences:
        raise typer.Exit(1)
    typer.echo("✅ Nothing differs.")


@main.command()
def verify_statement(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As the assistant sent it.")],
) -> None:
    """Recompute a tontine's statement from its file alone: was a line changed, added or taken away?"""
    found = check_file(file.read_bytes())
    if found.broken_line is not None:
        fail(
            f"❌ Line {found.broken_line} does not fit: it was changed, or a line before it was added or taken away."
            f" The lines before it: {found.broken_line - 1}, and they hold."
        )
    if found.last is None:
        fail("❌ There is no line in this file.")
    typer.echo(f"✅ Each line is bound to the one before. Line {found.lines}, the last one, has the hash")
    typer.echo(found.last["hash"])
    typer.echo("Compare it with another member's: what was cut off at the end cannot be seen from the rest.")


@webhook.command()
def send(
    event: Annotated[str, typer.Argument(help=f"One of: {', '.join(EVENTS)}.")],
    reference: Annotated[str, typer.Option(help="The payment's reference, as in the member's receipt.")],
    amount: Annotated[int, typer.Option(help="Whole francs.")],
    url: Annotated[str | None, typer.Option(help="Where to post it; our own door when not given.")] = None,
) -> None:
    """Sign a webhook as GetMiPay would and post it. It moves money like a real one: use it on a sandbox."""
    if event not in EVENTS:
        fail(f"There is no event {event!r}; there are {', '.join(EVENTS)}.")
    try:
        delivery = asyncio.run(send_webhook(known_settings(), event, reference, amount, url))
    except httpx.HTTPError as error:
        fail(f"Nobody answered: {type(error).__name__}. Is `cauri run` up?")
    typer.echo(f"{delivery.url} answered {delivery.status}: {delivery.body}")
    if delivery.status != httpx.codes.OK:
        raise typer.Exit(1)


@whatsapp.command()
def templates(
    submit: Annotated[bool, typer.Option("--submit", help="Ask Meta for those that are missing.")] = False,
) -> None:
    """List the sentences that may be said to somebody who has not written for a day, and how they stand at Meta."""
    if not finish(_templates(known_settings(), submit=submit)):
        raise typer.Exit(1)


def _serve(serving: Serving) -> None:
    known = known_settings()
    if serving != Serving() and known.database_url.startswith("sqlite"):
        fail("On SQLite one process does everything: `cauri run`. Several need PostgreSQL (DATABASE_URL).")
    logs.configure(known.log_format)
    finish(serve_members(known, lambda address: typer.echo(f"Cauri listens on {address}"), serving=serving))


async def _migrate(known: Settings) -> None:
    async with opened(known.database_url) as database:
        await schema.migrate(database)
    typer.echo("The tables are up to date.")


async def _check(known: Settings) -> bool:
    good = True
    async for finding in checks.check(known):
        typer.echo(f"{_MARKS[finding.level]} {finding.about}: {finding.says}")
        good = good and finding.level is not checks.Level.BAD
    return good


def _told(found: ledger.Audit) -> bool:
    """Say what an audit has found; whether it is clean."""
    for total in found.totals:
        typer.echo(f"{total.currency}: debits {total.debits}, credits {total.credits}")
    for difference in found.differences:
        typer.echo(f"❌ {difference}")
    if found.is_clean:
        typer.echo("✅ Every franc is accounted for.")
    return found.is_clean


async def _templates(known: Settings, *, submit: bool) -> bool:
    all_approved = True
    async for standing in whatsapp_templates(known, submit=submit):
        mark = _MARKS[checks.Level.GOOD if standing.is_approved else checks.Level.DOUBT]
        typer.echo(f"{mark} {standing.name} ({standing.language}): {standing.says}")
        all_approved = all_approved and standing.is_approved
    return all_approved


def _announce_demo(address: str) -> None:
    typer.echo(
        f"\n  Cauri is ready: open {address}\n  The operator's console: write /console there, as Awa or as Moussa.\n"
        "\n  Ctrl-C stops it; the next `make demo` finds everything again.\n"
    )
