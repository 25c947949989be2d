"""The composition root: settings become an engine, a provider, channels and flows. Nothing else builds objects."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from telegram.error import TelegramError

import complaints
import payments
import tontines
from bot.channels import Channel
from bot.channels.telegram import TelegramChannel
from bot.channels.whatsapp import WhatsAppChannel
from bot.commands import Commands
from bot.groups import GroupDesk
from bot.intake import Intake
from bot.proving import register_proving
from bot.receipts import register_receipts
from bot.reception import Reception
from bot.ways import Ways
from bot.whatsapp_intake import WhatsAppIntake
from console import COMMAND as CONSOLE
from console import House, ask_in_group, begin_to_count, console_command, console_routes, register_reports
from core import i18n
from core.db import Database
from core.jobs import Jobs
from core.money import Money
from core.settings import Settings
from handlers import notices
from handlers.alerts import Alerts
from handlers.commands import commands
from handlers.complaint_notices import register_complaint_notices
from handlers.guard_notices import register_guard
from handlers.identity import register_identity
from handlers.link import register_linking
from handlers.releasing import begin_to_release, register_releasing
from handlers.tontine import Links, register_tontine, tontine_acts
from handlers.watch import Watch, begin_to_watch
from identity import Safe, register_retention
from operators import Decisions
from payments import (
    Access,
    CallbackDoor,
    DailyComparison,
    GetMiPay,
    GetMiPayV1,
    Methods,
    Seal,
    ServiceSync,
    WebhookDoor,
    WebhookSecrets,
)
from webhook_server import Doors
from worker import Worker

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class App:
    """The whole house, built and connected."""

    settings: Settings
    database: Database
    telegram: TelegramChannel
    commands: Commands
    intake: Intake
    doors: Doors
    worker: Worker

    async def introduce(self) -> None:
        """Set the commands menu and the description in each language; French is for everybody else too.

        Members can do without: a failure is logged, and the next start tries again. What is done again and again begins
        here too: the watch, the count of each day, the nightly look at parked money, and where GetMiPay serves by
        services, asking for those.
        """
        await self.database.run(begin_to_watch)
        await self.database.run(begin_to_count)
        await self.database.run(begin_to_release)
        if self.settings.speaks_v1:
            await self.database.run(payments.begin_to_sync)
            await self.database.run(payments.begin_to_compare)
        try:
            for language, scope in [("fr", None), *((language, language) for language in i18n.LANGUAGES)]:
                private, group = self.commands.menus(language)
                await self.telegram.set_commands(scope, private, group)
                description, short = i18n.text(language, "bot.description"), i18n.text(language, "bot.short")
                await self.telegram.describe(scope, description, short)
        except TelegramError as error:
            log.warning("telegram.not_introduced", reason=str(error))


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[App]:
    """Build the house from `settings`, and take it down at the end. Raises ValueError where a setting is wrong."""
    methods = Methods(settings.payment_methods, payments.narrowed if settings.speaks_v1 else None)
    seal = Seal(settings.getmipay_secret_key.get_secret_value())
    link_life = timedelta(minutes=settings.link_minutes)
    database = Database(settings.database_url, settings.listen_url)
    telegram = TelegramChannel(
        settings.telegram_bot_token.get_secret_value(), settings.telegram_api_url,
        per_second=settings.telegram_per_second,
    )  # fmt: skip
    whatsapp = _whatsapp(settings)
    channels: list[Channel] = [telegram, whatsapp] if whatsapp else [telegram]
    jobs = Jobs()
    async with provider_of(settings) as provider:
        payments.register_jobs(jobs, provider, link_life, seal)
        if isinstance(provider, GetMiPayV1):
            ServiceSync(provider).register(jobs)
            DailyComparison(provider).register(jobs)
        tontines.register(jobs)
        notices.register(jobs, methods)
        alerts = Alerts(settings.operators_chat)
        alerts.register(jobs)
        Watch(alerts, Money(settings.merchant_balance_low)).register(jobs)
        safe = _safe(settings)
        register_retention(jobs, timedelta(days=settings.documents_days))
        register_identity(jobs, safe, {each.name: each for each in channels}, alerts)
        register_releasing(jobs)
        complaints.register_reminders(jobs)
        register_complaint_notices(jobs, alerts)
        try:
            await telegram.open()
            base = settings.webhook_base
            links = Links(Ways({each.name: each.deep_link for each in channels}), base)
            known = commands(
                methods, link_life, links, settings.default_country, seal, console_command(base),
                takes_documents=safe.is_there,
            )  # fmt: skip
            register_tontine(jobs, links)
            register_linking(jobs)
            register_guard(jobs)
            register_proving(jobs, known, {each.name: each for each in channels})
            register_receipts(jobs)
            register_reports(jobs)
            acts = tontine_acts(links)
            acts = replace(acts, commands={**acts.commands, CONSOLE: ask_in_group(base)})
            desk = GroupDesk(known, acts, telegram.deep_link)
            reception = Reception(database, known, desk)
            intake = Intake(database, telegram, reception)
            doors = Doors(
                settings, database, WebhookDoor(_secrets(settings)), telegram, intake, ways=links.ways,
                whatsapp=WhatsAppIntake(database, whatsapp, reception) if whatsapp else None,
                callbacks=_callbacks(settings) if settings.speaks_v1 else None,
                console=console_routes(House(database, decisions(), methods, base, safe, settings.operators_chat)),
            )  # fmt: skip
            yield App(settings, database, telegram, known, intake, doors, Worker(database, jobs, channels))
        finally:
            for channel in channels:
                await channel.close()
            await database.close()


def decisions() -> Decisions:
    """Everything that takes two operators, for whoever lets them decide: the command line, the console."""
    known = Decisions()
    payments.register_decisions(known)
    complaints.register_compensations(known)
    return known


def _whatsapp(settings: Settings) -> WhatsAppChannel | None:
    if not settings.uses_whatsapp:
        return None
    return WhatsAppChannel(
        settings.whatsapp_phone_id, settings.whatsapp_token.get_secret_value(), settings.whatsapp_api_url,
        number=settings.whatsapp_number, business_id=settings.whatsapp_business_id,
        per_second=settings.whatsapp_per_second,
    )  # fmt: skip


def _safe(settings: Settings) -> Safe:
    return Safe(settings.documents_key.get_secret_value(), settings.documents_key_previous.get_secret_value())


def provider_of(settings: Settings) -> GetMiPay | GetMiPayV1:
    """GetMiPay in the dialect of the settings; nothing is called before it is asked for something."""
    access = Access(
        api_url=settings.getmipay_api_url,
        api_key=settings.getmipay_api_key.get_secret_value(),
        secret_key=settings.getmipay_secret_key.get_secret_value(),
        callback_url=settings.getmipay_callback_url,
        return_url=f"{settings.webhook_base}/payment/return",
    )
    return GetMiPayV1(access) if settings.speaks_v1 else GetMiPay(access)


def _callbacks(settings: Settings) -> CallbackDoor:
    return CallbackDoor(settings.getmipay_secret_key.get_secret_value())


def _secrets(settings: Settings) -> WebhookSecrets:
    return WebhookSecrets(
        settings.getmipay_webhook_secret.get_secret_value(),
        settings.getmipay_webhook_secret_previous.get_secret_value(),
    )
