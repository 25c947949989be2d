"""Identity: a member shows who they are, an operator looks, and the member's limits rise.

Pictures of documents are kept encrypted, apart from the requests, and only for as long as they are needed.
"""

from identity.deciding import OwnRequest, accept, look_at, refuse
from identity.pictures import LARGEST, Unreadable, cleaned
from identity.requests import (
    AlreadyAsked,
    AlreadyIdentified,
    Document,
    IdentityPicture,
    IdentityRequest,
    IdentityState,
    NotWaiting,
    Reason,
    count_waiting,
    follow,
    give_up_on_picture,
    keep_picture,
    last_request,
    request_named,
    request_verification,
    waiting_requests,
)
from identity.retention import forget_later, register_retention
from identity.safe import Safe, Unopenable, seal_again

__all__ = [
    "LARGEST",
    "AlreadyAsked",
    "AlreadyIdentified",
    "Document",
    "IdentityPicture",
    "IdentityRequest",
    "IdentityState",
    "NotWaiting",
    "OwnRequest",
    "Reason",
    "Safe",
    "Unopenable",
    "Unreadable",
    "accept",
    "cleaned",
    "count_waiting",
    "follow",
    "forget_later",
    "give_up_on_picture",
    "keep_picture",
    "last_request",
    "look_at",
    "refuse",
    "register_retention",
    "request_named",
    "request_verification",
    "seal_again",
    "waiting_requests",
]
