"""Shares in words and francs: who holds one, and what the next pot should hold."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.money import Money
from handlers.tontine.people import cut
from handlers.tontine.words import names_of
from tontines import Cycle, Holding, Round, RoundState, holdings_of, rounds_of, shares_of, turns_of


async def holders_said(session: AsyncSession, cycle: Cycle, share_id: UUID) -> str:
    """`Binta`, or `Binta + Esther` for two halves."""
    names = await names_of(session, cycle.tontine_id)
    return " + ".join(cut(names[each.membership_id]) for each in await holdings_of(session, share_id))


async def others_of(session: AsyncSession, part: Holding, tontine_id: UUID) -> str:
    """Who holds the other part of a share."""
    names = await names_of(session, tontine_id)
    others = [each for each in await holdings_of(session, part.share_id) if each.id != part.id]
    return " + ".join(cut(names[each.membership_id]) for each in others)


async def expected_pot(session: AsyncSession, cycle: Cycle) -> Money:
    """What a pot of the cycle holds once everybody has paid."""
    staying = sum(share.left_at is None for share in await shares_of(session, cycle.id))
    paying = staying if cycle.rules.beneficiary_contributes else staying - 1
    return Money(cycle.rules.contribution * paying)


async def pots_to_come(session: AsyncSession, cycle: Cycle, membership_id: UUID) -> list[tuple[Round, int]]:
    """The rounds whose pots come to a member and are decided, with what each should bring them, in francs.

    What an auctioned turn leaves to the fund does not come to them.
    """
    turns = {turn.share_id: turn for turn in await turns_of(session, cycle.id)}
    rounds = {each.number: each for each in await rounds_of(session, cycle.id)}
    pot = (await expected_pot(session, cycle)).amount
    found: list[tuple[Round, int]] = []
    for share in await shares_of(session, cycle.id):
        held = [each for each in await holdings_of(session, share.id) if each.membership_id == membership_id]
        if not held or share.left_at is not None or share.id not in turns:
            continue
        round_ = rounds[turns[share.id].position]
        if round_.state is not RoundState.CLOSED:
            halves = sum(each.halves for each in held)
            found.append((round_, cycle.rules.part(pot - turns[share.id].price, halves)))
    return sorted(found, key=lambda pot: pot[0].number)
