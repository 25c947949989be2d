"""GetMiPay's services narrow our methods: what it does not serve is not offered, and its limits are told beforehand."""

import pytest
from sqlalchemy import select

import payments
from core.db import Database
from core.money import Money
from core.phones import Phone
from payments import AmountOutOfBounds, Direction, Methods, NoMethod, OperatorDown, ServiceOffer, ServiceSync
from payments.services import ProviderService
from tests.payments.kit import PHONE, World

METHODS = Methods(narrow=payments.narrowed)


class Told:
    """Somebody who says what the services are."""

    def __init__(self, offers: list[ServiceOffer] | None) -> None:
        self.offers = offers

    async def services(self) -> list[ServiceOffer] | None:
        return self.offers


def offer(id_: str, method: str | None, country: str = "BF", **changes: object) -> ServiceOffer:
    facts = {
        "id": id_, "name": id_, "method": method, "country": country, "currency": "XOF", "depositable": True,
        "withdrawable": True, "at_least": 500, "at_most": 3000,
    } | changes  # fmt: skip
    return ServiceOffer(**facts)


async def offered(database: Database, direction: Direction, phone: Phone = PHONE) -> list[payments.Method]:
    async with database.reading() as session:
        return await METHODS.offered(session, phone, direction)


async def keep(database: Database, *offers: ServiceOffer) -> None:
    await ServiceSync(Told(list(offers))).sync(database, {})


async def test_before_the_first_list_nothing_is_offered(database: Database) -> None:
    with pytest.raises(OperatorDown):
        await offered(database, Direction.DEPOSIT)


async def test_only_what_is_served_there_is_offered_within_both_limits(database: Database) -> None:
    await keep(
        database, offer("5", "orange_money"), offer("6", "wave", depositable=False, at_most=9_000_000),
        offer("7", None), offer("8", "moov_money", country="TG"),
    )  # fmt: skip
    (orange,) = await offered(database, Direction.DEPOSIT)
    assert (orange.id, orange.code_from, orange.by_link) == ("orange_money", "*144*4*6*{amount}#", False)
    with pytest.raises(AmountOutOfBounds) as refused:
        payments.quote_deposit(Money(3001), orange)
    assert refused.value.params == {"at_least": Money(500), "at_most": Money(3000)}

    out, wave = await offered(database, Direction.PAYOUT)
    assert (out.id, out.code_from, wave.id, wave.by_link) == ("orange_money", None, "wave", True)
    assert wave.terms[Direction.PAYOUT].at_most == Money(2_000_000)
    with pytest.raises(NoMethod):
        await offered(database, Direction.DEPOSIT, Phone("+2250712345678"))


async def test_a_new_list_replaces_the_last_one_and_silence_does_not(database: Database) -> None:
    await keep(database, offer("5", "orange_money"), offer("6", "wave"))
    await keep(database, offer("6", "wave", at_most=8000))
    for silent in (None, []):
        await ServiceSync(Told(silent)).sync(database, {})
    async with database.reading() as session:
        assert [(row.id, row.at_most) for row in await session.scalars(select(ProviderService))] == [("6", 8000)]
        assert await payments.services.service_for(session, PHONE, "wave", Direction.PAYOUT) == "6"
        assert await payments.services.service_for(session, PHONE, "orange_money", Direction.PAYOUT) is None


async def test_of_two_services_for_one_method_the_first_is_taken(database: Database) -> None:
    await keep(database, offer("2", "wave"), offer("1", "wave"))
    async with database.reading() as session:
        assert await payments.services.service_for(session, PHONE, "wave", Direction.DEPOSIT) == "1"


async def test_what_is_served_no_more_when_it_is_asked_for_is_given_back(v1: World) -> None:
    awa = await v1.member()
    await v1.give(awa, 5000)
    payout = await v1.ask_payout(awa, method="wave")
    await keep(v1.database, offer("5", "orange_money"))
    await v1.work()
    assert (await v1.payout(payout)).failure == "operator_down"
    assert await v1.wallet(awa) == (5000, 0)
