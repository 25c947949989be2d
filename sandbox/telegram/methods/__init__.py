"""Every Bot API method the sandbox speaks, by its name in lower case (Telegram does not mind the case)."""

from typing import Final

from sandbox.telegram.methods import chats, editing, profile, receiving, sending
from sandbox.telegram.methods.call import Method

METHODS: Final[dict[str, Method]] = {
    name.lower(): method
    for subject in (sending, editing, receiving, profile, chats)
    for name, method in subject.METHODS.items()
}
