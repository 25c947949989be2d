"""What operators do to a wallet as a whole: stop what leaves it, let it leave again, and take a forgotten PIN away."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from members import Freezing, freeze, reset_pin, unfreeze
from operators import Act, Operator, checked_reason, record, require


async def freeze_wallet(session: AsyncSession, operator: Operator, member_id: UUID, reason: str) -> bool:
    """Let nothing leave the wallet; False where that is so already. Raises NotAllowed, ReasonMissing."""
    require(operator, Act.FREEZE)
    await record(session, operator, Act.FREEZE, f"member:{member_id}", reason=checked_reason(reason))
    return await freeze(session, member_id, Freezing.OPERATOR)


async def unfreeze_wallet(session: AsyncSession, operator: Operator, member_id: UUID, reason: str) -> bool:
    """Let money leave again; False where nothing was stopped. `reason` says how the operator made sure.

    Raises NotAllowed, ReasonMissing.
    """
    require(operator, Act.UNFREEZE)
    await record(session, operator, Act.UNFREEZE, f"member:{member_id}", reason=checked_reason(reason))
    return await unfreeze(session, member_id)


async def take_pin_away(session: AsyncSession, operator: Operator, member_id: UUID, verified: str) -> None:
    """The member forgot their PIN, and `verified` says how the operator made sure that it is them who asks.

    Nothing leaves the wallet for a day, and every conversation of theirs is told. Raises NotAllowed, ReasonMissing.
    """
    require(operator, Act.RESET_PIN)
    await record(session, operator, Act.RESET_PIN, f"member:{member_id}", verified=checked_reason(verified))
    await reset_pin(session, member_id)
