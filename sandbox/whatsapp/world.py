"""The whole of this small WhatsApp, put together."""

from typing import Final

from aiohttp import web

from sandbox.changes import Changes
from sandbox.records import Facts, Records
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.telegram.people import People
from sandbox.whatsapp.accounts import Accounts
from sandbox.whatsapp.business import Business
from sandbox.whatsapp.knobs import KnobBoard
from sandbox.whatsapp.media import Media
from sandbox.whatsapp.messages import Messages
from sandbox.whatsapp.notices import Notices
from sandbox.whatsapp.rates import Rates
from sandbox.whatsapp.schema import SCHEMA
from sandbox.whatsapp.templates import Templates
from sandbox.whatsapp.webhook import Webhook


class World:
    """`people` are those of the sandbox's Telegram: the same members, with the same numbers."""

    def __init__(self, store: Store, settings: Settings, people: People) -> None:
        store.create_tables(SCHEMA)
        self.business = Business.of(settings)
        self.people = people
        self.records = Records(store)
        facts = Facts(self.records, "whatsapp")
        self.board = KnobBoard(facts)
        self.changes = Changes(self.records, "whatsapp")
        self.accounts = Accounts(self.records, self.changes, people)
        self.messages = Messages(self.records, self.changes)
        self.media = Media(self.records)
        self.templates = Templates(self.records)
        self.notices = Notices(self.records, self.board, self.business)
        self.webhook = Webhook(facts)
        self.rates = Rates()
        if settings.whatsapp_webhook_url:
            self.webhook.set(settings.whatsapp_webhook_url)
        with self.records.transaction():
            self.accounts.all()


WHATSAPP: Final = web.AppKey("whatsapp", World)
