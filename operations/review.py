"""`cauri review`: what waits for two people, and what they decide, at the server's command line."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import app
import operators
import payments
from core import i18n, phones
from core.money import Money
from core.phones import Phone
from members import Member, find_by_phone
from operations.readiness import NotReady, opened, refuse_old_tables
from operations.staff import named
from operations.terminal import finish, known_settings
from operators import Decision, Operator
from payments import BookDifference, Outcome, ParkedMoney, ReviewItem, Story, Way

T = TypeVar("T")

commands = typer.Typer(help="Payments that wait for a person, and whatever else two operators decide.")

Reference = Annotated[str, typer.Argument(help="As in the member's message: D-… or R-…")]
Subject = Annotated[str, typer.Argument(help="What it is about, as `cauri review` lists it.")]
By = Annotated[str, typer.Option("--operator", help="Who you are: a name of `cauri operators list`.")]
Kind = Annotated[str | None, typer.Option(help="Which one, where several wait about the same.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever approves it and for the log.")]


@commands.callback(invoke_without_command=True)
def list_(context: typer.Context) -> None:
    """List what waits: payments in review or in doubt, and decisions that want a second person."""
    if context.invoked_subcommand is None:
        items, differences, waiting = finish(_reading(_queue))
        for item in items:
            typer.echo(_line(item))
        for difference in differences:
            typer.echo(f"🧮 {difference_line(difference)}")
        for decision, name in waiting:
            typer.echo(f"⏳ {decision.subject}: {_proposal(decision, name)}")
        if not items and not differences and not waiting:
            typer.echo("Nothing waits for anybody.")


@commands.command()
def show(reference: Reference) -> None:
    """Tell everything known of one payment, in the order of time."""
    story = finish(_reading(lambda session: payments.story_of(session, reference)))
    for line in _told(story):
        typer.echo(line)


@commands.command()
def resolve(
    reference: Reference,
    outcome: Annotated[Outcome, typer.Option("--as", help="What became of it, as GetMiPay has told you.")],
    reason: Reason,
    operator: By,
    amount: Annotated[int | None, typer.Option(help="What arrived of a deposit, where it is another amount.")] = None,
) -> None:
    """Propose what became of a payment. Nothing moves before another operator approves."""
    said = Money(amount) if amount is not None else None
    known = app.decisions()
    _proposed(
        lambda session, by: payments.propose_resolution(
            session, known, by, reference, outcome, reason=reason, amount=said
        ),
        operator,
    )


@commands.command()
def release(
    member: Annotated[str, typer.Argument(help="Their verified number, a payment of theirs, or member:…")],
    reason: Reason,
    operator: By,
) -> None:
    """Propose to move what a ceiling has parked into the member's wallet, as far as it lets it by now."""
    _proposed_about(member, payments.propose_release, reason, operator)


@commands.command()
def parked() -> None:
    """List whose money a ceiling keeps from their wallet, and how much of it could be released."""
    for member, each in finish(_reading(_parked)):
        echo = f"{member.name}: {i18n.amount(each.parked)} parked, {i18n.amount(each.releasable)} may be released"
        typer.echo(f"{echo}; named by a payment of theirs, or member:{member.id}")


@commands.command()
def collect(
    member: Annotated[str, typer.Argument(help="Their verified number, a payment of theirs, or member:…")],
    reason: Reason,
    operator: By,
) -> None:
    """Propose to settle what a member owes us from their wallet, as far as it goes: nothing leaves it before."""
    _proposed_about(member, payments.propose_collection, reason, operator)


@commands.command()
def suspense() -> None:
    """List what stands in suspense, franc by franc, with what it came for."""
    for each in finish(_reading(payments.in_suspense)):
        typer.echo(
            f"{each.reference or 'nothing of ours'}: {i18n.amount(each.amount)}, since {each.since:%Y-%m-%d %H:%M}"
        )


@commands.command()
def settle(
    difference: Annotated[str, typer.Argument(help="E-…, as `cauri review` lists it.")],
    way: Annotated[Way, typer.Option("--as", help="What becomes of it.")],
    reason: Reason,
    operator: By,
    to: Annotated[str | None, typer.Option(help="Whose it is: a verified number, or a payment of theirs.")] = None,
) -> None:
    """Propose what becomes of a difference, or of what stands in suspense for it."""
    known = app.decisions()

    async def propose(session: AsyncSession, by: Operator) -> Decision:
        whose = await _member(session, to) if to else None
        return await payments.propose_way(session, known, by, difference, way, reason=reason, member=whose)

    _proposed(propose, operator)


@commands.command()
def approve(
    subject: Subject,
    operator: By,
    kind: Kind = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: you have read what `cauri review` lists.")] = False,
) -> None:
    """Approve what another operator has proposed: it is done at once."""
    known, decision = app.decisions(), finish(_reading(lambda session: _open_one(session, subject, kind)))
    if not yes:
        typer.confirm(f"{decision.subject}: {_proposal(decision)}. Approve?", abort=True)
    # By its id: what somebody proposes instead meanwhile is not what was read.
    finish(_as_operator(operator, lambda session, by: known.approve(session, by, decision.id)))
    typer.echo(f"✅ {decision.subject}: {_proposal(decision)}. Done.")


@commands.command()
def reject(
    subject: Subject,
    operator: By,
    kind: Kind = None,
    reason: Annotated[str, typer.Option(help="Why not, for the log.")] = "",
) -> None:
    """Reject what was proposed, or take back your own: nothing moves."""
    known, decision = app.decisions(), finish(_reading(lambda session: _open_one(session, subject, kind)))
    finish(_as_operator(operator, lambda session, by: known.reject(session, by, decision.id, reason)))
    typer.echo(f"✖️ {decision.subject}: {_proposal(decision)}. Rejected, and nothing moved.")


def _proposed(propose: Callable[[AsyncSession, Operator], Awaitable[Decision]], operator: str) -> None:
    decision = finish(_as_operator(operator, propose))
    typer.echo(f"⏳ {decision.subject}: {_proposal(decision)}. Another operator has to approve it:")
    typer.echo(f"   cauri review approve {decision.subject} --operator NAME")


def _proposed_about(member: str, propose: "_ProposeAbout", reason: str, operator: str) -> None:
    """The same about somebody's money, however they are named."""
    known = app.decisions()

    async def about_them(session: AsyncSession, by: Operator) -> Decision:
        whose = await _member(session, member)
        return await propose(session, known, by, whose.id, reason=reason)

    _proposed(about_them, operator)


class _ProposeAbout(Protocol):
    def __call__(
        self, session: AsyncSession, decisions: operators.Decisions, by: Operator, member_id: UUID, *, reason: str
    ) -> Awaitable[Decision]: ...


async def _queue(
    session: AsyncSession,
) -> tuple[list[ReviewItem], list[BookDifference], list[tuple[Decision, str]]]:
    items = await payments.in_review(session)
    shown = {item.decision.id for item in items if item.decision}
    others = [decision for decision in await operators.open_decisions(session) if decision.id not in shown]
    differences = await payments.open_differences(session)
    return items, differences, [(each, (await session.get_one(Operator, each.proposed_by)).name) for each in others]


async def _parked(session: AsyncSession) -> list[tuple[Member, ParkedMoney]]:
    found = await payments.parked_money(session)
    return [(await session.get_one(Member, each.member_id), each) for each in found]


async def _open_one(session: AsyncSession, subject: str, kind: str | None) -> Decision:
    """The open decision about `subject`; where there are several, the one of that kind."""
    waiting = [each for each in await operators.open_decisions(session, kind) if each.subject == subject.strip()]
    if not waiting:
        raise NotReady(f"No decision waits about {subject}: `cauri review` lists those that do.")
    if len(waiting) > 1:
        raise NotReady(f"Several wait about {subject}: say --kind, {' or '.join(each.kind for each in waiting)}.")
    return waiting[0]


async def _member(session: AsyncSession, named_by: str) -> Member:
    """Whoever has this number, this payment, or this id."""
    found: Member | None
    if named_by.startswith("member:"):
        found = await session.get(Member, UUID(named_by.removeprefix("member:")))
    elif named_by.startswith("+"):
        found = await find_by_phone(session, named_by.replace(" ", ""))
    else:
        found = await session.get_one(Member, (await payments.find_payment(session, named_by)).member_id)
    if found is None:
        raise NotReady("No member is known by that.")
    return found


async def _reading(look: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        async with database.reading() as session:
            return await look(session)


async def _as_operator(name: str, act: Callable[[AsyncSession, Operator], Awaitable[T]]) -> T:
    async def go(session: AsyncSession) -> T:
        return await act(session, await named(session, name))

    async with opened(known_settings().database_url) as database:
        await refuse_old_tables(database)
        return await database.run(go)


def difference_line(difference: BookDifference) -> str:
    """A difference, in one line."""
    ways = ", ".join(payments.ways_of(difference))
    return (
        f"{difference.reference}: {difference.kind}, {difference.about}; theirs: {difference.theirs};"
        f" ours: {difference.ours}; {i18n.amount(difference.money)}, {difference.state}, may be: {ways}"
    )


def _line(item: ReviewItem) -> str:
    payment = item.payment
    words = [f"🔎 {payment.reference}: {i18n.amount(payment.asked)}, {payment.method}, {payment.state}"]
    words += [f"doubt {payment.doubt}"] if payment.doubt else []
    words += [f"{i18n.amount(item.suspended)} in suspense"] if item.suspended else []
    words.append(f"since {payment.created_at:%Y-%m-%d %H:%M}")
    words += [f"⏳ {_proposal(item.decision)}"] if item.decision else []
    return ", ".join(words)


def _proposal(decision: Decision, name: str = "") -> str:
    said = ", ".join(f"{key} {decision.payload[key]}" for key in _SHOWN if decision.payload.get(key) is not None)
    return f"{decision.kind} ({said}){f' proposed by {name}' if name else ''}: {decision.reason}"


_SHOWN = ("outcome", "way", "amount")


def _told(story: Story) -> list[str]:
    payment = story.payment
    refused = f", refused: {payment.said}" if payment.said else ""
    where = f"   to {phones.mask(Phone(payment.phone))}, GetMiPay's id {payment.provider_id or 'not known'}{refused}"
    head = [_line(story.item), where]
    moments = [f"{each.at:%Y-%m-%d %H:%M:%S} {each.kind:8} {each.what}: {each.detail}" for each in story.moments]
    may = ", ".join(story.item.outcomes)
    return [*head, *moments, f"It may be resolved as: {may}." if may else "Nothing is to be decided."]
