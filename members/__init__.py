"""Members: who somebody is, where they can be reached, and what they may hold and move."""

from members.addresses import Address, Meeting, addresses_of, find_by_address, meet, register, renumber
from members.freezing import FROZEN, UNFROZEN, Freezing, freeze, unfreeze
from members.guard import has_pin, reset_pin
from members.invitations import Invitation, invite, join
from members.limits import Limits, Tier, could_have_more, limits_of
from members.linking import CODE_LIFE, WrongCode, show_code, try_code, use_code
from members.members import (
    Member,
    MemberPhone,
    find_by_phone,
    member_of,
    phones_of,
    use_phone,
    verify_phone,
    wallet_owner,
)
from members.pins import Pins

__all__ = [
    "CODE_LIFE",
    "FROZEN",
    "UNFROZEN",
    "Address",
    "Freezing",
    "Invitation",
    "Limits",
    "Meeting",
    "Member",
    "MemberPhone",
    "Pins",
    "Tier",
    "WrongCode",
    "addresses_of",
    "could_have_more",
    "find_by_address",
    "find_by_phone",
    "freeze",
    "has_pin",
    "invite",
    "join",
    "limits_of",
    "meet",
    "member_of",
    "phones_of",
    "register",
    "renumber",
    "reset_pin",
    "show_code",
    "try_code",
    "unfreeze",
    "use_code",
    "use_phone",
    "verify_phone",
    "wallet_owner",
]
