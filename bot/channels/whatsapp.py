"""WhatsApp: pywa speaks to Meta's Cloud API; what comes in is decoded in `whatsapp_updates`."""

import asyncio
import mimetypes
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import quote

import httpx
import structlog
from pywa.errors import WhatsAppError
from pywa.types.callback import Button, Section, SectionList, SectionRow, URLButton
from pywa_async.client import WhatsApp
from pywa_async.types.media import Media

from bot.channels import Cost, NotAccepted, OutsideWindow
from bot.channels.whatsapp_drawing import LONGEST_BODY, LONGEST_TEXT, Bubble, Choice, draw
from bot.channels.whatsapp_errors import meaning
from bot.channels.whatsapp_marks import marked
from bot.channels.whatsapp_templates import Filled, filled, nudge_in
from bot.channels.whatsapp_updates import NAME
from bot.views import View
from core.outbox import OutboxFile
from core.pacing import Pace
from core.tls import trusted

log = structlog.get_logger(__name__)

# One message in six seconds to one person. Meta lets 45 through at once after a rest: a few are left for what a process
# said that died before it could write that down.
_IN_A_CHAT = Pace(timedelta(seconds=6), at_once=40)
# All the calls of one view together: they have to be over before another sender may take the address.
_WHOLE_SEND_S = 18
_LARGEST_IMAGE = 5 * 1024 * 1024
_IMAGES = {"image/png", "image/jpeg"}
# Meta takes plain text, PDF and office files for documents; our other papers are all of them text.
_DOCUMENTS = {"application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/plain"}
_ANY_DOCUMENT = "text/plain"


class WhatsAppChannel:
    """Our number, on Meta's Cloud API or on a server that speaks it at `api_url`; `number` is what people see."""

    name = NAME

    def __init__(
        self, phone_id: str, token: str, api_url: str, *, number: str, business_id: str | None = None,
        per_second: int = 0,
    ) -> None:  # fmt: skip
        self.phone_id = phone_id
        self.pace = Pace.below(per_second)
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, connect=5), verify=trusted())
        self.client = WhatsApp(phone_id=phone_id, token=token, session=self._http, waba_id=business_id)
        # pywa points its session at Meta itself, at the version of the API that it was made for.
        self._http.base_url = self._http.base_url.copy_with(**_place(api_url, self._http.base_url))
        self._number = number
        self._acknowledgements: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Hang up."""
        for task in self._acknowledgements:
            task.cancel()
        await asyncio.gather(*self._acknowledgements, return_exceptions=True)
        await self._http.aclose()

    def deep_link(self, payload: str) -> str:
        """A link that opens the chat with us with a message ready to be sent, which ends in `payload`."""
        return f"https://wa.me/{self._number}?text={quote(f'Cauri {payload}')}"

    async def send(
        self, chat: str, view: View, edits: str | None, file: OutboxFile | None = None, *, is_open: bool = True
    ) -> str:
        """Say a view; returns Meta's id of its last message, which has the buttons. See `Channel` for what it raises.

        Nothing can be edited here: an edit is said as a new message, or not at all when it only tidies up.
        """
        if view.tidies and edits is not None:
            return edits
        try:
            async with asyncio.timeout(_WHOLE_SEND_S):
                return await (self._say(chat, view, file) if is_open else self._say_approved(chat, view))
        except WhatsAppError as error:
            raise meaning(error) from None

    async def forget(self, chat: str, message_id: str) -> None:
        """Never asked for: on WhatsApp only who wrote a message takes it back."""

    async def nudge(self, chat: str, language: str) -> None:
        """Let somebody whose window has closed know that there is something to read, once they answer or tap."""
        try:
            await self._send_filled(chat, nudge_in(language))
        except WhatsAppError as error:
            outcome = meaning(error)
            if not isinstance(outcome, OutsideWindow):
                raise outcome from None
            log.exception("whatsapp.nudge_not_approved", reason=str(outcome))

    async def fetch(self, file_id: str, at_most: int) -> bytes:
        """A file that somebody sent; Meta keeps it for some days."""
        try:
            file = await self.client.get_media_url(file_id)
            if file.file_size > at_most:
                raise NotAccepted("too large")
            return await self.client.get_media_bytes(file.url)
        except WhatsAppError as error:
            raise meaning(error) from None
        except httpx.HTTPStatusError as error:
            if error.response.is_client_error:
                raise NotAccepted(str(error.response.status_code)) from None
            raise

    def pace_in(self, chat: str) -> Pace | None:
        """Several things at once, and then calmly."""
        return _IN_A_CHAT if self.pace else None

    def cost(self, chat: str, view: View, edits: str | None) -> Cost:
        """Each bubble is a message; what only tidies up is not said at all."""
        if view.tidies and edits is not None:
            return Cost(0, 0)
        bubbles = len(draw(view))
        return Cost(bubbles, bubbles)

    def fits_together(self, first: View, second: View) -> bool:
        """Each message is paid for and counts: mere text is put above what is said next, as far as it has room."""
        if first.rows or first.file or second.file or first.tidies or second.tidies:
            return False
        room = LONGEST_BODY if second.rows else LONGEST_TEXT
        return len(marked(first.text)) + len("\n\n") + len(marked(second.text)) <= room

    def acknowledge(self, message_id: str) -> None:
        """Show that it was read and is being answered; a mark that fails or comes late is no matter."""
        task = asyncio.create_task(self._acknowledge(message_id))
        self._acknowledgements.add(task)
        task.add_done_callback(self._acknowledgements.discard)

    async def _say(self, chat: str, view: View, file: OutboxFile | None) -> str:
        sent = ""
        for bubble in draw(view):
            sent = await self._send(chat, bubble, file if bubble.has_file else None, is_picture=bool(view.picture))
        return sent

    async def _say_approved(self, chat: str, view: View) -> str:
        found = filled(view)
        if found is None:
            raise OutsideWindow("no template for this sentence")
        return await self._send_filled(chat, found)

    async def _send_filled(self, chat: str, template: Filled) -> str:
        sent = await self.client.send_template(chat, template.name, template.language, template.params)
        return sent.id

    async def _send(self, chat: str, bubble: Bubble, file: OutboxFile | None, *, is_picture: bool) -> str:
        buttons = _buttons(bubble)
        if file is None:
            return (await self.client.send_message(chat, bubble.text, buttons=buttons)).id
        attached = None if isinstance(buttons, SectionList) else buttons
        media = await self._upload(file)
        if is_picture and _is_image(file):
            return (await self.client.send_image(chat, media, bubble.text or None, buttons=attached)).id
        return (await self.client.send_document(chat, media, file.name, bubble.text or None, buttons=attached)).id

    async def _upload(self, file: OutboxFile) -> Media:
        return await self.client.upload_media(file.content, _mime_type(file), file.name)

    async def _acknowledge(self, message_id: str) -> None:
        try:
            await self.client.indicate_typing(message_id)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the answer itself is on its way
            log.info("whatsapp.not_marked_as_read", reason=repr(error))


def _place(api_url: str, of_meta: httpx.URL) -> dict[str, object]:
    place = httpx.URL(api_url)
    path = place.path.rstrip("/") + of_meta.path
    return {"scheme": place.scheme, "host": place.host, "port": place.port, "path": path}


def _buttons(bubble: Bubble) -> list[Button] | URLButton | SectionList | None:
    if bubble.link is not None:
        return URLButton(bubble.link.title, bubble.link.url)
    if bubble.rows:
        return SectionList(bubble.opens, [Section(bubble.opens, _rows(bubble.rows))])
    return [Button(each.title, each.data) for each in bubble.buttons] or None


def _rows(choices: Iterable[Choice]) -> list[SectionRow]:
    return [SectionRow(each.title, each.data, each.description or None) for each in choices]


def _is_image(file: OutboxFile) -> bool:
    return _mime_type(file) in _IMAGES and len(file.content) <= _LARGEST_IMAGE


def _mime_type(file: OutboxFile) -> str:
    guessed = mimetypes.guess_type(file.name)[0]
    return guessed if guessed in _IMAGES | _DOCUMENTS else _ANY_DOCUMENT
