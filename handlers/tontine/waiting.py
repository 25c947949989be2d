"""A contribution that the wallet cannot pay yet: it waits, a top-up is offered, and it pays itself."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import Chat
from bot.views import Button
from core.jobs import Payload
from core.money import Money
from handlers.tontine.answers import answer, leading_to
from handlers.tontine.links import id_of
from handlers.tontine.people import name_of
from ledger import AccountKind
from members import Member, limits_of
from payments import Deposit, standing
from tontines import Contribution, Tontine, contribute_when_funded, pay_waiting, waiting_of
from tontines.contributions import cancel_waiting
from tontines.group import active_membership, lock_tontine
from tontines.states import ContributionState, Source

TOP_UP = "tt_"


async def pay_or_wait(
    session: AsyncSession, tontine_id: UUID, whom: UUID, amount: Money, *, payer: Member, key: str
) -> Contribution:
    """Pay a contribution for `whom`, or let it wait for the payer's wallet, instead of what waited there before."""
    await lock_tontine(session, tontine_id)
    membership = await active_membership(session, tontine_id, whom)
    for waiting in await waiting_of(session, payer.id):
        if waiting.membership_id == membership.id and waiting.source is Source.WALLET and waiting.key != key:
            await cancel_waiting(session, waiting.id, by=payer.id)
    return await contribute_when_funded(session, tontine_id, whom, amount, payer_id=payer.id, key=key)


async def top_up(chat: Chat) -> None:
    """Where a tap in the group leads when the wallet holds too little: the top-up that is needed, filled in."""
    contribution_id = id_of(chat.run.hints.get("payload", ""))
    contribution = await chat.session.get(Contribution, contribution_id) if contribution_id else None
    if contribution is None or contribution.payer_id != chat.member.id:
        chat.say("dialogue.old_button")
        return
    await pay_waiting(chat.session, chat.member.id)
    await chat.session.refresh(contribution)
    await say_what_became(chat, contribution)


async def say_what_became(chat: Chat, contribution: Contribution) -> None:
    """Tell the payer that a contribution is paid, or what it waits for."""
    facts = await facts_of(chat.session, chat.member, contribution)
    if contribution.state is ContributionState.MADE:
        chat.say("contribution.done", **facts)
    elif contribution.state is ContributionState.WAITING:
        buttons = [await waiting_buttons(chat.session, chat.member, contribution)]
        chat.say("contribution.needs_money", buttons=buttons, subject=subject_of(contribution.id), **facts)
    else:
        chat.say("contribution.lapsed", **facts)


async def waiting_buttons(session: AsyncSession, member: Member, contribution: Contribution) -> list[Button]:
    """Top up by what is missing; and, unless one answers for somebody, think again."""
    missing = await missing_for(session, member, contribution)
    buttons = [await leading_to(session, member, "top_up", "deposit", {"amount": str(missing.amount)}, amount=missing)]
    if contribution.source is Source.WALLET:
        buttons.append(await answer(session, member, "wait_no_more", "waiting-cancel", contribution.id))
    return buttons


async def missing_for(session: AsyncSession, member: Member, contribution: Contribution) -> Money:
    """What has to be topped up so that this contribution can be paid: never less than one may top up."""
    wallet = await standing(session, member.id, AccountKind.WALLET)
    return max(Money(contribution.amount) - wallet.available, limits_of(member).per_operation_at_least)


async def facts_of(session: AsyncSession, member: Member, contribution: Contribution) -> dict[str, Any]:
    """What the sentences about a contribution say, for the person who pays it."""
    return {
        "amount": Money(contribution.amount),
        "name": await name_of(session, contribution.membership_id),
        "tontine": (await session.get_one(Tontine, contribution.tontine_id)).name,
        "balance": (await standing(session, member.id, AccountKind.WALLET)).available,
    }


async def think_again(chat: Chat, contribution_id: UUID) -> None:
    """The payer takes a waiting contribution back; what was paid meanwhile stays paid."""
    contribution = await cancel_waiting(chat.session, contribution_id, by=chat.member.id)
    is_paid = contribution.state is ContributionState.MADE
    key = "contribution.done" if is_paid else "contribution.waits_no_more"
    chat.say(key, in_place=True, **await facts_of(chat.session, chat.member, contribution))


async def pay_what_waited(session: AsyncSession, payload: Payload) -> None:
    """Money has arrived in a wallet: what waited for it is paid now."""
    deposit = await session.get_one(Deposit, UUID(payload["id"]))
    await pay_waiting(session, deposit.member_id)


def subject_of(contribution_id: UUID) -> str:
    """What the message about a contribution is about."""
    return f"contribution:{contribution_id}"
