"""Members: who somebody is, where they can be reached, and what they may hold and move."""

from members.invitations import Invitation, invite, join
from members.limits import Limits, Tier, limits_of
from members.members import (
    Address,
    Member,
    MemberPhone,
    addresses_of,
    find_by_address,
    find_by_phone,
    phones_of,
    register,
    use_phone,
    verify_phone,
    wallet_owner,
)

__all__ = [
    "Address",
    "Invitation",
    "Limits",
    "Member",
    "MemberPhone",
    "Tier",
    "addresses_of",
    "find_by_address",
    "find_by_phone",
    "invite",
    "join",
    "limits_of",
    "phones_of",
    "register",
    "use_phone",
    "verify_phone",
    "wallet_owner",
]
