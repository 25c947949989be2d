"""Taps on a round's card: pay at once, or see where one stands. Only who tapped reads the answer."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.groups import GroupTurn, Toast
from core import i18n
from core.money import Money
from handlers.tontine.card import lives_in
from handlers.tontine.contribute import CONTRIBUTE, PAY_IN_PRIVATE
from handlers.tontine.links import id_of, token_of
from handlers.tontine.waiting import TOP_UP, pay_or_wait
from members import Member
from tontines import Membership, Round, Tontine
from tontines.dues import dues_owed
from tontines.fines import fines_owed
from tontines.group import active_membership, lock_tontine
from tontines.money_tables import Due
from tontines.states import ContributionState
from tontines.turns import turns_to_come


@dataclass(frozen=True, slots=True)
class _Tapped:
    """Whose card was tapped, and by whom."""

    tontine: Tontine
    round: Round
    member: Member
    membership: Membership


async def pay(turn: GroupTurn, argument: str) -> Toast:
    """Pay all that the tapper owes from their wallet: at once up to their own limit, else after a word in private.

    The tontine is locked before what is owed is read, so that two quick taps pay once.
    """
    found = await _found(turn, argument)
    if isinstance(found, Toast):
        return found
    tontine = await lock_tontine(turn.session, found.tontine.id)
    dues = await dues_owed(turn.session, found.membership.id)
    owed = sum(due.outstanding for due in dues)
    if not owed:
        return Toast(_text(found.member, "tap.nothing_owed", tontine=tontine.name))
    if owed > found.member.tap_limit:
        return Toast(start=f"{PAY_IN_PRIVATE}{token_of(tontine.id)}")
    contribution = await pay_or_wait(
        turn.session, tontine.id, found.member.id, Money(owed), payer=found.member, key=f"tap:{turn.incoming.id}"
    )
    if contribution.state is not ContributionState.MADE:
        return Toast(start=f"{TOP_UP}{token_of(contribution.id)}")
    numbers = await _numbers(turn.session, dues)
    return Toast(_text(found.member, "tap.paid", amount=Money(owed), tontine=tontine.name, rounds=numbers))


async def where_i_am(turn: GroupTurn, argument: str) -> Toast:
    """Say what the tapper owes here, and when their own turn comes."""
    found = await _found(turn, argument)
    if isinstance(found, Toast):
        return found
    member, session = found.member, turn.session
    owed = sum(due.outstanding for due in await dues_owed(session, found.membership.id))
    fines = sum(fine.amount for fine in await fines_owed(session, found.membership.id))
    key = "tap.owes" if owed else "tap.owes_nothing"
    said = [_text(member, key, amount=Money(owed))]
    if fines:
        said.append(_text(member, "tap.owes_fines", amount=Money(fines)))
    if mine := await turns_to_come(session, found.tontine.id, member.id):
        said.append(_text(member, "tap.my_turn", number=mine[0].number))
    return Toast("\n".join(said))


async def _found(turn: GroupTurn, argument: str) -> _Tapped | Toast:
    """What was tapped; or what to answer who is not known yet, and a card in a group that is not its own."""
    if turn.member is None:
        return Toast(start=CONTRIBUTE)
    round_id = id_of(argument)
    round_ = await turn.session.get(Round, round_id) if round_id else None
    if round_ is None:
        return Toast(_text(turn.member, "group.old_button"))
    if not await lives_in(turn.session, turn.here, round_.tontine_id):
        return Toast(_text(turn.member, "tap.other_group"))
    tontine = await turn.session.get_one(Tontine, round_.tontine_id)
    membership = await active_membership(turn.session, tontine.id, turn.member.id)
    return _Tapped(tontine, round_, turn.member, membership)


async def _numbers(session: AsyncSession, dues: list[Due]) -> str:
    """The rounds that these dues are for, by number."""
    rounds: dict[UUID, int] = {}
    for due in dues:
        rounds[due.round_id] = (await session.get_one(Round, due.round_id)).number
    return ", ".join(str(number) for number in rounds.values())


def _text(member: Member, key: str, **params: object) -> str:
    return i18n.text(member.language, key, **params)
