"""The charter: read page by page and accepted, in the version that was read."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.chat import Chat
from bot.questions import YesNo
from core import i18n
from core.money import Money
from handlers.tontine import words
from handlers.tontine.readiness import tell_when_ready
from handlers.tontine.which import ask_tontine, buttons_for
from tontines.charter import CharterChanged, accept_charter, articles, charter_in_force, has_accepted
from tontines.group import find_membership
from tontines.group_tables import Tontine
from tontines.rules import Rules
from tontines.states import MembershipState

# A page on a small telephone, without the sentence around it.
_PAGE_LENGTH = 1_300


def articles_in_words(language: str, stated: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """The articles as sentences, numbered."""
    return [
        Markup("{}. {}").format(number, _sentence(language, article["article"], article["params"]))
        for number, article in enumerate(stated, 1)
    ]


def rules_in_words(language: str, rules: Rules) -> Markup:
    """What the rules say, as the charter will."""
    return Markup("\n").join(articles_in_words(language, articles(rules)))


async def charter(chat: Chat) -> None:
    """Read the charter: /tontine, Règlement. Who has not accepted it yet is asked to."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    version = await read_charter(chat, tontine)
    membership = await find_membership(chat.session, tontine.id, chat.member.id)
    if membership is None or await has_accepted(chat.session, tontine, membership.id):
        chat.say("charter.is_accepted", name=tontine.name, version=version)
        return
    if not await chat.ask("accept", YesNo("tontine.button.accept_charter"), text="charter.accept", name=tontine.name):
        chat.say("charter.declined", name=tontine.name)
        return
    await accept_read(chat, tontine, version)


async def read_charter(chat: Chat, tontine: Tontine) -> int:
    """Show the charter, page after page; gives the version that was read."""
    in_force = await charter_in_force(chat.session, tontine.id)
    version = await chat.once("version", int, lambda: _value(in_force.version))
    pages = _pages(articles_in_words(chat.member.language, in_force.articles))
    for number, page in enumerate(pages, 1):
        last = number == len(pages)
        button = "tontine.button.have_read" if last else "tontine.button.read_on"
        text = "charter.page" if len(pages) > 1 else "charter.whole"
        await chat.ask(
            f"page{number}", YesNo(button), text=text, name=tontine.name, version=version, number=number,
            pages=len(pages), articles=page,
        )  # fmt: skip
    return version


async def accept_read(chat: Chat, tontine: Tontine, version: int) -> None:
    """Accept what was read; when another version came meanwhile, that one is to be read first."""
    ways = await buttons_for(chat.session, chat.member, tontine)
    try:
        membership = await accept_charter(chat.session, tontine.id, chat.member.id, version)
    except CharterChanged as refusal:
        again = ways.to("tontine_charter", chat.text("tontine.button.charter"))
        chat.say(refusal.key, buttons=[[again]], version=refusal.params["version"])
        return
    await tell_when_ready(chat.session, tontine, but=chat.member.id)
    mine = ways.to("tontine", chat.text("tontine.button.open"))
    key = "charter.accepted" if membership.state is MembershipState.ACTIVE else "charter.accepted_waiting"
    chat.say(key, name=tontine.name, version=version, buttons=[[mine]])


def _pages(sentences: Sequence[Markup]) -> list[Markup]:
    pages: list[list[Markup]] = [[]]
    for sentence in sentences:
        if pages[-1] and sum(map(len, pages[-1])) + len(sentence) > _PAGE_LENGTH:
            pages.append([])
        pages[-1].append(sentence)
    return [Markup("\n").join(page) for page in pages]


def _sentence(language: str, article: str, params: Mapping[str, Any]) -> Markup:
    said: dict[str, Any] = dict(params)
    for name in ("amount", "before", "after", "cap"):
        if name in said:
            said[name] = Money(said[name])
    if article == "start":
        said["day"] = words.day(language, date.fromisoformat(said["day"]))
        said["zone"] = ZoneInfo(said["zone"]).key.rpartition("/")[2].replace("_", " ")
    if "days" in said:
        said["days"] = words.days(language, params["days"])
    if article == "deadline" and params["days"] == 1:
        article = "deadline_same_day"
    if article == "fine" and said["before"] == said["after"]:
        article = "fine_same"
    return i18n.text(language, f"charter.article.{article}", **said)


async def _value(value: int) -> int:
    return value
