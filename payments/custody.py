"""What operators do to a wallet as a whole: stop what leaves it, let it leave again, and take a forgotten PIN away."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from members import Freezing, find_by_address, freeze, reset_pin, unfreeze
from operators import Act, Operator, checked_reason, record, require


class OwnWallet(Refusal):
    """Nobody opens their own wallet: whoever has their telephone comes into the console with it."""

    key = "refusal.operator.own_wallet"


async def freeze_wallet(session: AsyncSession, operator: Operator, member_id: UUID, reason: str) -> bool:
    """Let nothing leave the wallet; False where that is so already. Raises NotAllowed, ReasonMissing."""
    require(operator, Act.FREEZE)
    await record(session, operator, Act.FREEZE, f"member:{member_id}", reason=checked_reason(reason))
    return await freeze(session, member_id, Freezing.OPERATOR)


async def unfreeze_wallet(session: AsyncSession, operator: Operator, member_id: UUID, reason: str) -> bool:
    """Let money leave again; False where nothing was stopped. `reason` says how the operator made sure.

    Raises NotAllowed, OwnWallet, ReasonMissing.
    """
    require(operator, Act.UNFREEZE)
    await _refuse_own(session, operator, member_id)
    await record(session, operator, Act.UNFREEZE, f"member:{member_id}", reason=checked_reason(reason))
    return await unfreeze(session, member_id)


async def take_pin_away(session: AsyncSession, operator: Operator, member_id: UUID, verified: str) -> None:
    """The member forgot their PIN, and `verified` says how the operator made sure that it is them who asks.

    Nothing leaves the wallet for a day, and every conversation of theirs is told. Raises NotAllowed, OwnWallet,
    ReasonMissing.
    """
    require(operator, Act.RESET_PIN)
    await _refuse_own(session, operator, member_id)
    await record(session, operator, Act.RESET_PIN, f"member:{member_id}", verified=checked_reason(verified))
    await reset_pin(session, member_id)


async def _refuse_own(session: AsyncSession, operator: Operator, member_id: UUID) -> None:
    if operator.channel and operator.external_id:
        themselves = await find_by_address(session, operator.channel, operator.external_id)
        if themselves is not None and themselves.id == member_id:
            raise OwnWallet
