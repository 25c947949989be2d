"""The refusals of the Graph API, with Meta's own codes and words."""

import secrets
from typing import Final

from sandbox.records import Json

OK: Final = 200
BAD_REQUEST: Final = 400
_HREF: Final = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"

# Status, type and title of each code spoken here.
_TITLES: Final[dict[int, tuple[int, str]]] = {
    4: (429, "Application request limit reached"),
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    130429: (429, "Rate limit hit"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (503, "Service temporarily unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131047: (400, "Re-engagement message"),
    131051: (400, "Message type unknown"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132018: (400, "There was an issue with the parameters in your template"),
}


class GraphError(Exception):
    """A call is refused; `details` is what Meta says beside the title of the code."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        status: int | None = None,
        title: str | None = None,
        kind: str = "OAuthException",
        subcode: int | None = None,
    ) -> None:
        usual_status, usual_title = _TITLES.get(code, (BAD_REQUEST, "Something went wrong"))
        super().__init__(details or title or usual_title)
        self.code = code
        self.status = status or usual_status
        self.title = title or usual_title
        self.details = details
        self.kind = kind
        self.subcode = subcode

    def as_answer(self) -> Json:
        """The body of the refused call."""
        error: Json = {"message": self._message(), "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": f"A{secrets.token_urlsafe(16)}"}}

    def as_notice(self) -> Json:
        """The same among the `errors` of a `failed` status."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details or self.title},
            "href": _HREF,
        }

    def _message(self) -> str:
        return self.title if self.code in {190, 4} or self.subcode else f"(#{self.code}) {self.title}"


def invalid(details: str) -> GraphError:
    return GraphError(131009, details)


def missing(details: str) -> GraphError:
    return GraphError(131008, details)


def bad_parameter(sentence: str) -> GraphError:
    """A parameter that is not there, not of its type, or too long for a plain field."""
    return GraphError(100, title=sentence)


def bad_token() -> GraphError:
    return GraphError(190)


def unknown_object(name: str, method: str = "post") -> GraphError:
    return GraphError(
        100,
        title=(
            f"Unsupported {method} request. Object with ID '{name}' does not exist, cannot be loaded due to missing"
            " permissions, or does not support this operation."
        ),
        kind="GraphMethodException",
        subcode=33,
    )


def window_closed() -> GraphError:
    return GraphError(
        131047,
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    )


def undeliverable() -> GraphError:
    return GraphError(131026, "Message Undeliverable.")


def too_many_for_pair() -> GraphError:
    return GraphError(
        131056,
        "Message failed to send because there were too many messages sent from this phone number to the same phone"
        " number in a short period of time.",
    )


def too_many_in_all() -> GraphError:
    return GraphError(
        130429,
        "Message failed to send because there were too many messages sent from this phone number in a short period of"
        " time",
    )
