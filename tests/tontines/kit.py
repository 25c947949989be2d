"""A village with members who have money, a tontine of theirs, and a clock that can be put forward."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
import tontines
from core import clock
from core.db import Database
from core.ids import new_id
from core.jobs import JobRow, Jobs
from core.money import XOF, Money
from ledger import AccountKind
from members import Member, register, wallet_owner
from tontines import Order, Role, Round, Rules, Tontine
from tontines.accounts import BANKNOTES

NAMES = ("Awa", "Binta", "Chantal", "Djeneba", "Esther", "Fatou", "Grace", "Habiba", "Issa", "Jean", "Karim", "Lamine")


@dataclass
class Village:
    """Each call is a transaction of its own, unless the village lives in one session that will be rolled back."""

    database: Database
    session: AsyncSession | None = None
    people: dict[str, Member] = field(default_factory=dict)
    clock: AsyncExitStack = field(default_factory=AsyncExitStack)
    keys: Any = field(default_factory=itertools.count)
    registry: Jobs = field(default_factory=Jobs)

    def __post_init__(self) -> None:
        tontines.register(self.registry)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        if self.session is not None:
            yield self.session
            await self.session.flush()
            return
        async with self.database.transaction() as session:
            yield session

    async def do(self, service: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        async with self.transaction() as session:
            return await service(session, *args, **options)

    def key(self) -> str:
        return f"key:{next(self.keys)}"

    async def person(self, name: str, francs: int = 0, tier: str = "identified") -> Member:
        async with self.transaction() as session:
            member = await register(session, "test", f"{name}-{new_id()}", name, "fr")
            member.tier = tier
            await session.flush()
            self.people[name] = member
            if francs:
                await fund(session, member.id, francs)
        return member

    async def people_of(self, *names: str, francs: int = 100_000) -> None:
        """Identified members with so much money in their wallets."""
        async with self.transaction() as session:
            for name in names:
                self.people[name] = await register(session, "test", f"{name}-{new_id()}", name, "fr")
                self.people[name].tier = "identified"
                await session.flush()
                if francs:
                    await fund(session, self.id(name), francs)

    def id(self, name: str) -> UUID:
        return self.people[name].id

    async def give(self, name: str, francs: int) -> None:
        async with self.transaction() as session:
            await fund(session, self.id(name), francs)

    async def wallet(self, name: str, kind: AccountKind = AccountKind.WALLET) -> int:
        return await self.stands(wallet_owner(self.id(name)), kind)

    async def stands(self, owner: str, kind: AccountKind = AccountKind.POT) -> int:
        async with self.transaction() as session:
            is_cash = kind is AccountKind.CASH or owner.endswith(":cash")
            found = await ledger.account(session, owner, kind, BANKNOTES if is_cash else XOF)
            return (await ledger.balance(session, found.id)).posted.amount if found else 0

    # Time

    def forward(self, by: timedelta) -> None:
        self.clock.enter_context(clock.ahead(by))

    async def until(self, moment: datetime) -> None:
        """Live until a moment: each step that comes by itself is done at its own time."""
        while (due := await self.do(self._next_due)) is not None and due <= moment:
            self.forward(max(timedelta(0), due - clock.now()))
            await self.run_jobs()
        self.forward(max(timedelta(0), moment - clock.now()))

    async def run_jobs(self) -> None:
        if self.session is None:
            while await self.registry.do_one(self.database):
                pass
            return
        handlers = self.registry._transactional
        ours = select(JobRow).where(JobRow.run_at <= clock.now(), JobRow.kind.in_(handlers)).order_by(JobRow.run_at)
        while (row := await self.session.scalar(ours.limit(1))) is not None:
            kind, payload = row.kind, row.payload
            await self.session.execute(delete(JobRow).where(JobRow.id == row.id))
            self.session.expunge(row)
            await handlers[kind](self.session, payload)

    async def _next_due(self, session: AsyncSession) -> datetime | None:
        ours = select(JobRow.run_at).where(JobRow.kind.in_(self.registry._transactional))
        return await session.scalar(ours.order_by(JobRow.run_at).limit(1))

    # A tontine

    async def tontine(self, *names: str, halves: dict[str, int] | None = None, **rules: Any) -> "Group":
        """A tontine that gathers these people, everybody approved and agreed: the first is president, the second
        treasurer, the third secretary."""
        async with self.transaction() as session:
            tontine = await tontines.create_tontine(
                session, self.id(names[0]), "Les Amies", rules_of(**rules), key=self.key(), channel="test", chat="42"
            )
            group = Group(self, tontine.id)
            for name in names:
                wanted = (halves or {}).get(name, 2)
                if name == names[0]:
                    mine = await tontines.find_membership(session, tontine.id, self.id(name))
                    assert mine is not None
                    mine.halves = wanted
                else:
                    mine = await tontines.ask_to_join(session, tontine.id, self.id(name), wanted)
                    await tontines.decide_asking(session, mine.id, by=self.id(names[0]), approve=True)
                await tontines.accept_charter(session, tontine.id, self.id(name), 1)
            for role, name in zip((Role.TREASURER, Role.SECRETARY), names[1:], strict=False):
                await tontines.appoint(session, tontine.id, role, self.id(name), by=self.id(names[0]))
        return group

    async def running(self, *names: str, **rules: Any) -> "Group":
        """The same, its first cycle started and its first round open."""
        group = await self.tontine(*names, **rules)
        options = {}
        if rules.get("order") is Order.DRAW:
            options["reveal_at"] = clock.now() + timedelta(hours=1)
        await self.do(tontines.start_cycle, group.id, by=self.id(names[0]), **options)
        await group.open(1)
        return group

    async def events(self, prefix: str = "") -> list[str]:
        """The names of the events published so far, oldest first."""
        async with self.transaction() as session:
            kinds = await session.scalars(select(JobRow.kind).where(JobRow.kind.like("event:%")).order_by(JobRow.id))
            return [name for kind in kinds if (name := kind.removeprefix("event:")).startswith(prefix)]

    async def audited(self) -> bool:
        async with self.transaction() as session:
            return (await ledger.audit(session)).is_clean


@dataclass
class Group:
    """One tontine of the village, spoken of by its people's names."""

    village: Village
    id: UUID

    async def row(self) -> Tontine:
        async with self.village.transaction() as session:
            return await session.get_one(Tontine, self.id, populate_existing=True)

    async def round(self, number: int) -> Round:
        async with self.village.transaction() as session:
            cycle = await self._last_cycle(session)
            return (await tontines.rounds_of(session, cycle.id))[number - 1]

    async def _last_cycle(self, session: AsyncSession) -> tontines.Cycle:
        mine = select(tontines.Cycle).where(tontines.Cycle.tontine_id == self.id)
        return (await session.scalars(mine.order_by(tontines.Cycle.number.desc()).limit(1))).one()

    async def cycle(self) -> tontines.Cycle:
        async with self.village.transaction() as session:
            return await self._last_cycle(session)

    async def open(self, number: int) -> Round:
        """Live until round `number` has opened."""
        await self.village.until((await self.round(number)).opens_at)
        return await self.round(number)

    async def past_deadline(self, number: int, days: int = 0) -> None:
        """Live until shortly after the deadline of round `number`, or some days later."""
        await self.village.until((await self.round(number)).deadline + timedelta(days=days, minutes=1))

    async def pay(self, name: str, amount: int, *, by: str | None = None, key: str | None = None) -> Any:
        village = self.village
        return await village.do(
            tontines.contribute, self.id, village.id(name), Money(amount), payer_id=village.id(by or name),
            key=key or village.key(),
        )  # fmt: skip

    async def owes(self, name: str) -> int:
        async with self.village.transaction() as session:
            mine = await tontines.find_membership(session, self.id, self.village.id(name))
            assert mine is not None
            return sum(due.outstanding for due in await tontines.dues_owed(session, mine.id))

    async def member(self, name: str) -> tontines.Membership:
        async with self.village.transaction() as session:
            found = await tontines.find_membership(session, self.id, self.village.id(name))
            assert found is not None
            return found

    async def beneficiary(self, number: int) -> list[str]:
        """The names of who takes round `number`."""
        names = {(await self.member(name)).id: name for name in self.village.people if await self._has(name)}
        round_ = await self.round(number)
        found = await self.village.do(tontines.beneficiaries_of, round_)
        return [names[each] for each in found]

    async def _has(self, name: str) -> bool:
        async with self.village.transaction() as session:
            return await tontines.find_membership(session, self.id, self.village.id(name)) is not None

    async def everybody_pays(self, *names: str, amount: int = 5000, but: Collection[str] = ()) -> None:
        for name in names:
            if name not in but:
                await self.pay(name, amount)

    async def pay_pot(self, number: int, *, by: str | None = None) -> None:
        """The pot of round `number` is asked for and approved by people who may."""
        village, round_ = self.village, await self.round(number)
        asker = by or (await self.beneficiary(number))[0]
        await village.do(tontines.request_pot, round_.id, by=village.id(asker))
        who = await village.do(tontines.approvers_of_pot, round_.id)
        names = {(await self.member(name)).id: name for name in village.people if await self._has(name)}
        for membership in sorted(who.who)[: who.needed]:
            await village.do(tontines.approve_pot, round_.id, by=village.id(names[membership]))


def rules_of(**changes: Any) -> Rules:
    """Rules of a weekly tontine of 5 000 F that starts in two days."""
    start = clock.now().date() + timedelta(days=2)
    plain = {"contribution": 5000, "starts_on": start, "period": "weekly", "days_to_pay": 3}
    return Rules.model_validate({**plain, **changes})


async def fund(session: AsyncSession, member_id: UUID, francs: int) -> None:
    """A deposit, as payments would settle it."""
    provider = await ledger.open_account(session, "house", AccountKind.PROVIDER)
    wallet = await ledger.open_account(session, wallet_owner(member_id), AccountKind.WALLET)
    post = ledger.Post(
        id=new_id(), debit=provider.id, credit=wallet.id, amount=Money(francs), kind="deposit", journal=new_id()
    )
    await ledger.post(session, post)
