"""A tontine at work in the town: its people in their group, and a clock that can be put forward.

It is set up through the domain, because how people set one up is another story; from there on they chat.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import ledger
import tontines
from core import clock
from core.ids import new_id
from core.jobs import JobRow
from core.money import Money
from handlers.watch import WATCH
from ledger import AccountKind
from members import find_by_address, wallet_owner
from members.members import Member
from tests.stories.group import Neighbour, group_of
from tests.stories.town import Person, Town, plain, until
from tests.tontines.kit import fund, rules_of
from tontines import Role, Round, RoundState

# What is done in a moment, like the drawing of a card, is waited for.
_SOON = timedelta(milliseconds=400)
# After as many messages as are said there in a row.
_PAUSE = timedelta(seconds=12)
FIRST_NAMES = ("Binta", "Chantal", "Djeneba", "Esther", "Habiba", "Issa", "Jean", "Karim", "Lamine", "Nadia")


@dataclass
class Circle:
    """People who hold a tontine together. Names are first names; the first is president, the second treasurer."""

    town: Town
    chat: int
    people: dict[str, Neighbour]
    elsewhere: dict[str, Person] = field(default_factory=dict)
    """Who takes part on WhatsApp, and so reads no group."""
    id: UUID = field(default_factory=lambda: UUID(int=0))
    clock: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __getitem__(self, name: str) -> Neighbour:
        return self.people[name]

    async def taps(self, name: str, label: str) -> dict[str, Any]:
        """Tap the newest button of that label in the group; gives what only the tapper sees: `text` or `url`."""
        person = self.people[name]
        return await person.toast(await touch(person, label))

    async def all_tap(self, *names: str) -> None:
        """These people tap « Payer » at the same time, and the card shows that they have paid."""
        await asyncio.gather(*(touch(self.people[name], "Payer ma cotisation") for name in names))
        await self.card_says(*(f"✅ {name}" for name in names))

    async def pays_elsewhere(self, *names: str) -> None:
        """These people, who are not in the group, pay by the card they got in private; the group sees it."""
        for person in (self.elsewhere[name] for name in names):
            await person.hears_button("Cotiser")
            await touch(person, "Cotiser")
            # The button of the round before still stands there.
            await person.hears_button("✅ Payer")
            await touch(person, "✅ Payer")
            await person.hears("payée")
        await self.card_says(*(f"✅ {name}" for name in names))

    async def pays_out(self, number: int, asker: str, approver: str) -> None:
        """One officer asks for the pot of a round, another approves it."""
        await self.alone(asker).hears("La cagnotte est", f"tour {number} :")
        await touch(self.alone(asker), "Remettre la cagnotte")
        await self.alone(approver).hears("demande la remise de la cagnotte", f"tour {number} :")
        await touch(self.alone(approver), "Approuver la remise")
        await self.is_in(number, RoundState.CLOSED)

    def alone(self, name: str) -> Person:
        """The same person in the private chat."""
        if name in self.elsewhere:
            return self.elsewhere[name]
        alone = self.people[name].alone
        assert alone is not None
        return alone

    async def start(self, *names: str, halves: dict[str, int] | None = None, **rules: Any) -> None:
        """Let these people form a tontine and start its first cycle, their turns in this order."""
        async with self.town.database.transaction() as session:
            members = {name: await self.member(session, name) for name in names}
            president = members[names[0]].id
            tontine = await tontines.create_tontine(
                session, president, "Les Amies", rules_of(**rules), key=f"circle:{self.chat}",
                channel="telegram" if self.people else None, chat=str(self.chat) if self.people else None,
            )  # fmt: skip
            self.id = tontine.id
            await tontines.accept_charter(session, self.id, president, 1)
            for name in names[1:]:
                asked = await tontines.ask_to_join(session, self.id, members[name].id, (halves or {}).get(name, 2))
                await tontines.decide_asking(session, asked.id, by=president, approve=True)
                await tontines.accept_charter(session, self.id, members[name].id, 1)
            for role, name in zip((Role.TREASURER, Role.SECRETARY), names[1:], strict=False):
                await tontines.appoint(session, self.id, role, members[name].id, by=president)
            await tontines.start_cycle(session, self.id, by=president)

    async def joins(self, name: str) -> None:
        """One more who takes part without a share: somebody who could replace another."""
        async with self.town.database.transaction() as session:
            member = await self.member(session, name)
            asked = await tontines.ask_to_join(session, self.id, member.id)
            president = (await tontines.officers_of(session, self.id))[Role.PRESIDENT]
            by = (await session.get_one(tontines.Membership, president)).member_id
            await tontines.decide_asking(session, asked.id, by=by, approve=True)
            await tontines.accept_charter(session, self.id, member.id, 1)

    async def member(self, session: AsyncSession, name: str) -> Member:
        """The member behind a first name."""
        found = await find_by_address(session, *(self.elsewhere.get(name) or self.people[name]).address)
        assert found is not None
        return found

    async def has(self, name: str, francs: int) -> None:
        """Put money into somebody's wallet, as deposits would have."""
        async with self.town.database.transaction() as session:
            await fund(session, (await self.member(session, name)).id, francs)

    async def wallet(self, name: str) -> int:
        """What is in somebody's wallet, by the ledger."""
        return await self.town.balance_of(self.elsewhere.get(name) or self.people[name])

    async def owes(self, name: str) -> int:
        async with self.town.database.reading() as session:
            mine = await tontines.find_membership(session, self.id, (await self.member(session, name)).id)
            assert mine is not None
            return sum(due.outstanding for due in await tontines.dues_owed(session, mine.id))

    async def cycle(self) -> tontines.Cycle:
        """The first cycle, as it stands."""
        async with self.town.database.reading() as session:
            cycle = await session.scalar(select(tontines.Cycle).where(tontines.Cycle.tontine_id == self.id))
            assert cycle is not None
            return cycle

    async def round(self, number: int) -> Round:
        cycle = await self.cycle()
        async with self.town.database.reading() as session:
            return (await tontines.rounds_of(session, cycle.id))[number - 1]

    async def opens(self, number: int, shown: str = "Tour {} sur") -> None:
        """Put the clock forward until the round has opened and its card stands in the group.

        In one leap: what was still to come of the rounds before, which are closed, says nothing any more.
        """
        await self._forward((await self.round(number)).opens_at - clock.now())
        await self.settles()
        await self.is_in(number, RoundState.OPEN)
        await self.card_says(shown.format(number))

    async def deadline_passes(self, number: int, days: int = 0) -> None:
        """Put the clock forward to shortly after a deadline, and wait until all that comes by itself has come."""
        await self.forward_to((await self.round(number)).deadline + timedelta(days=days, minutes=1))

    async def bids(self, number: int) -> dict[UUID, int]:
        """What was bid for a round's turn, by membership."""
        round_ = await self.round(number)
        async with self.town.database.reading() as session:
            return await tontines.bidders_of(session, round_.id)

    async def is_in(self, number: int, state: RoundState) -> None:
        """Wait until the round is in this state."""

        async def reached() -> bool:
            return (await self.round(number)).state is state

        await asyncio.wait_for(until(reached), self.town.patience_s)

    async def forward_to(self, moment: datetime) -> None:
        """Live until a moment, each step that comes by itself done at its own time."""
        while (due := await self._next_due()) is not None and due <= moment:
            await self._forward(due - clock.now())
            await self.settles()
        await self._forward(moment - clock.now())
        await self.settles()

    async def forward(self, minutes: int) -> None:
        """Live on for so long."""
        await self.forward_to(clock.now() + timedelta(minutes=minutes))

    async def settles(self) -> None:
        """Wait until nothing is left to be done now."""

        async def quiet() -> bool:
            return not await self._to_do()

        try:
            await asyncio.wait_for(until(quiet), self.town.patience_s)
        except TimeoutError:
            raise AssertionError(f"never done: {await self._to_do()}") from None

    async def _to_do(self) -> list[str]:
        async with self.town.database.reading() as session:
            due = select(JobRow).where((JobRow.run_at <= clock.now() + _SOON) | JobRow.error.is_not(None))
            due = due.where(JobRow.kind != WATCH)
            return [f"{job.kind} {job.payload} {job.error}" for job in await session.scalars(due)]

    async def card(self) -> str:
        """The card as it stands in the group."""
        cards = [plain(said["text"]) for said in await newest(next(iter(self.people.values())))]
        return next((card for card in reversed(cards) if card.startswith("🪙")), "")

    async def card_says(self, *parts: str) -> str:
        """Wait until the card has all these words; the pause after each message to a group is not lived through."""
        await self.settles()
        await self._forward(_PAUSE)
        if not self.people:
            return ""

        async def says() -> str | None:
            card = await self.card()
            return card if all(part in card for part in parts) else None

        try:
            return str(await asyncio.wait_for(until(says), self.town.patience_s))
        except TimeoutError:
            said = await next(iter(self.people.values())).said_to_me()
            raise AssertionError(f"the card never said {parts}:\n{said}") from None

    async def audit(self) -> None:
        """Every franc is accounted for."""
        async with self.town.database.reading() as session:
            found = await ledger.audit(session)
        assert found.is_clean, found

    async def in_account(self, owner: str, kind: AccountKind = AccountKind.POT) -> Money:
        async with self.town.database.reading() as session:
            account = await ledger.account(session, owner, kind)
            return (await ledger.balance(session, account.id)).posted if account else Money(0)

    async def _forward(self, by: timedelta) -> None:
        if by > timedelta(0):
            await self.clock.enter_async_context(self.town.ahead(by))

    async def _next_due(self) -> datetime | None:
        async with self.town.database.reading() as session:
            # Nobody lives through each minute in which it was looked whether something lies about.
            due = select(JobRow.run_at).where(JobRow.kind != WATCH)
            return await session.scalar(due.order_by(JobRow.run_at).limit(1))


async def circle(town: Town, *names: str, francs: int = 0, on_whatsapp: tuple[str, ...] = ()) -> Circle:
    """These people in a group of their own with the assistant, each with so many francs in the wallet.

    Those `on_whatsapp` come as well, and are in no group.
    """
    people, elsewhere = {}, {}
    for name in (*names, *on_whatsapp):
        person = await town.newcomer(name, f"+226701000{len(people) + len(elsewhere) + 10}")
        if name in on_whatsapp:
            elsewhere[name] = await town.person(person.name, "whatsapp")
        else:
            people[name] = person
    await asyncio.gather(*(_arrives(person) for person in (*people.values(), *elsewhere.values())))
    if elsewhere:
        await town.submits_templates()
    chat = 0
    if people:
        creator, *others = people.values()
        chat = await group_of(town, "La tontine", creator, *others)
    neighbours = {name: Neighbour.of(person, str(chat)) for name, person in people.items()}
    ring = Circle(town, chat, neighbours, elsewhere)
    if francs:
        for name in (*names, *on_whatsapp):
            await ring.has(name, francs)
    return ring


async def newest(person: Person) -> list[dict[str, Any]]:
    """The end of a chat, oldest first."""
    answer = await person.town.sandbox.get(f"{person._api}/{person._chat}/messages", params={"limit": 30})
    return list(answer.json()["messages"])


async def touch(person: Person, label: str) -> str:
    """Tap the newest button whose label has these words, whenever it was said; gives the tap's id."""

    async def there() -> dict[str, int] | None:
        for message in reversed(await newest(person)):
            for row, buttons in enumerate(message.get("inline_keyboard") or []):
                for column, button in enumerate(buttons):
                    if label in plain(button.get("description") or button["text"]):
                        return {"message_id": message["message_id"], "row": row, "column": column}
        return None

    try:
        button = await asyncio.wait_for(until(there), person.town.patience_s)
    except TimeoutError:
        raise AssertionError(f"{person.name} has no button {label!r}: {await person.said_to_me()}") from None
    await person._note_now()
    answer = await person.town.sandbox.post(f"{person._api}/{person._chat}/tap", json=button)
    assert answer.is_success, answer.text
    return str(answer.json().get("callback_query_id"))


async def spend(session: AsyncSession, member_id: UUID, francs: int) -> None:
    """Money that left the wallet some other way."""
    house = await ledger.open_account(session, "house", AccountKind.PROVIDER)
    wallet = await ledger.open_account(session, wallet_owner(member_id), AccountKind.WALLET)
    out = ledger.Post(
        id=new_id(), debit=wallet.id, credit=house.id, amount=Money(francs), kind="payout", journal=new_id(), leg=0
    )
    await ledger.post(session, out)


async def _arrives(person: Person) -> None:
    await person.starts()
    await person.hears("Votre solde")
