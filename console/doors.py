"""Every door of the console: what it shows or does, and the right that it takes. There is no door without one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from console import (
    balance,
    complaints,
    custody,
    decisions,
    differences,
    documents,
    exports,
    log,
    member,
    payment,
    proposing,
    queues,
    reports,
    search,
    staff,
    tontine,
)
from console.visits import Visit
from operators import Act

Show: TypeAlias = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Door:
    """`path` is below /console; what is sent with POST changes something or is written down with a reason."""

    method: str
    path: str
    act: Act
    show: Show


DOORS = (
    Door("GET", "", Act.SEE, search.search),
    Door("GET", "/members/{id}", Act.SEE, member.show),
    Door("GET", "/members/{id}/wallet", Act.SEE, member.show_wallet),
    Door("GET", "/members/{id}/operations.csv", Act.SEE, exports.give_operations),
    Door("POST", "/members/{id}/numbers", Act.SEE_NUMBER, member.show_numbers),
    Door("POST", "/members/{id}/freeze", Act.FREEZE, custody.freeze),
    Door("POST", "/members/{id}/unfreeze", Act.UNFREEZE, custody.unfreeze),
    Door("POST", "/members/{id}/pin", Act.RESET_PIN, custody.reset_pin),
    Door("GET", "/payments/{reference}", Act.SEE, payment.show),
    Door("POST", "/payments/{reference}/number", Act.SEE_NUMBER, payment.show_number),
    Door("POST", "/payments/{reference}/outcome", Act.RESOLVE_PAYMENT, proposing.propose_outcome),
    Door("POST", "/members/{id}/release", Act.RELEASE_PARKED, proposing.propose_release),
    Door("POST", "/members/{id}/collect", Act.RESOLVE_PAYMENT, proposing.propose_collection),
    Door("GET", "/differences", Act.SEE, differences.show_all),
    Door("GET", "/differences/{reference}", Act.SEE, differences.show),
    # Where it stands in suspense the right is another one, which whoever registered the kind asks for.
    Door("POST", "/differences/{reference}/way", Act.RECONCILE, proposing.propose_way),
    Door("GET", "/tontines/{id}", Act.SEE, tontine.show),
    Door("GET", "/decisions", Act.SEE, decisions.show_all),
    Door("GET", "/decisions/{id}", Act.SEE, decisions.show),
    # The right that these two take is the one of the decision's kind.
    Door("POST", "/decisions/{id}/approve", Act.SEE, decisions.approve),
    Door("POST", "/decisions/{id}/reject", Act.SEE, decisions.reject),
    Door("GET", "/complaints", Act.SEE, complaints.show_all),
    Door("GET", "/complaints/{reference}", Act.SEE, complaints.show),
    Door("POST", "/complaints/{reference}/answer", Act.ANSWER, complaints.answer),
    Door("POST", "/complaints/{reference}/end", Act.ANSWER, complaints.end),
    Door("POST", "/complaints/{reference}/compensate", Act.COMPENSATE, proposing.propose_compensation),
    Door("GET", "/documents", Act.SEE_DOCUMENT, documents.show_all),
    Door("GET", "/documents/{id}", Act.SEE_DOCUMENT, documents.show),
    Door("GET", "/documents/{id}/picture.jpg", Act.SEE_DOCUMENT, documents.give_picture),
    Door("POST", "/documents/{id}/accept", Act.VERIFY_IDENTITY, documents.accept),
    Door("POST", "/documents/{id}/refuse", Act.VERIFY_IDENTITY, documents.refuse),
    Door("GET", "/balance", Act.SEE, balance.show),
    Door("GET", "/balance/{kind}", Act.SEE, balance.show_account),
    Door("GET", "/queues", Act.SEE, queues.show),
    Door("GET", "/reports", Act.SEE, reports.show),
    Door("GET", "/reports.csv", Act.SEE, reports.give_csv),
    Door("GET", "/log", Act.MANAGE_OPERATORS, log.show),
    Door("GET", "/operators", Act.MANAGE_OPERATORS, staff.show),
    Door("POST", "/operators", Act.MANAGE_OPERATORS, staff.add),
    Door("POST", "/operators/{id}/role", Act.MANAGE_OPERATORS, staff.change_role),
    Door("POST", "/operators/{id}/dismiss", Act.MANAGE_OPERATORS, staff.dismiss),
    Door("POST", "/operators/{id}/sessions", Act.MANAGE_OPERATORS, staff.end_sessions),
)
