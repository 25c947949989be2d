"""Everything a person can ask for, by the names people have for it, in the order of the menu."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bot.commands import Command, Commands, Hints
from bot.words import parts_of
from core.errors import Refusal
from core.money import parse_amount
from core.phones import COUNTRIES, parse_phone
from handlers.balance import balance
from handlers.complaints import complain, reply, settled
from handlers.deposit import deposit
from handlers.freezing import freeze
from handlers.help import help_
from handlers.history import history_of
from handlers.identity import show_identity
from handlers.language import language
from handlers.link import LINK, link
from handlers.pin import pin
from handlers.send import send
from handlers.start import INVITED, start
from handlers.tontine import Links, tontine_commands
from handlers.withdraw import withdraw
from payments import Methods, Seal


def commands(
    methods: Methods, link_life: timedelta, links: Links, home: str, seal: Seal, *others: Command,
    takes_documents: bool = False,
) -> Commands:  # fmt: skip
    """The commands of the house; numbers without a country code are read as `home`'s until a member has used one.

    `seal` closes the one-time codes that payers type; `takes_documents` where there is a key to keep documents with;
    `others` are commands from elsewhere in the house.
    """
    return Commands(
        [
            Command("deposit", deposit(methods, link_life, home, seal), {"fr": "recharger", "en": "topup"},
                    ("recharge", "deposer", "depot", "deposit", "top-up", "top", "payer"), _payment_hints),
            Command("withdraw", withdraw(methods, home), {"fr": "retirer", "en": "withdraw"},
                    ("retrait", "retire", "withdrawal", "cashout"), _payment_hints),
            Command("send", send(links.ways, home), {"fr": "envoyer", "en": "send"},
                    ("envoi", "envoie", "transferer", "transfert", "transfer"), _send_hints),
            Command("balance", balance, {"fr": "solde", "en": "balance"}, ("portefeuille", "wallet")),
            *tontine_commands(links),
            Command("history", history_of(methods), {"fr": "historique", "en": "history"}, ("operations",)),
            Command("identity", show_identity(takes_documents=takes_documents), {"fr": "identite", "en": "identity"},
                    ("identification", "verification", "plafonds", "limites", "limits")),
            Command("complaint", complain(methods, home), {"fr": "reclamation", "en": "complaint"},
                    ("reclamer", "plainte", "probleme", "complain", "problem"), _complaint_hints),
            Command("complaint_reply", reply),
            Command("complaint_settled", settled),
            Command("language", language, {"fr": "langue", "en": "language"}, ("lang",), _language_hints),
            Command("link", link(links.ways), {"fr": "lier", "en": "link"}, ("relier", "code"), _code_hints,
                    payload=LINK),
            Command("pin", pin, {"fr": "pin", "en": "pin"}, ("code-pin",)),
            Command("freeze", freeze, words=("geler", "bloquer", "block")),
            Command("help", help_, {"fr": "aide", "en": "help"}, in_group=True),
            Command("start", start, {"fr": "start", "en": "menu"},
                    ("bonjour", "bonsoir", "salut", "hello", "hi", "cauri"), payload=INVITED),
            *others,
        ],
        links.public,
    )  # fmt: skip


def _payment_hints(words: str) -> Hints:
    """`5000 wave 70 12 34 56`, in any order: what it says is not asked again."""
    amount, phone, others = parts_of(words, _reads(parse_amount), _is_number_somewhere)
    return _given(amount=amount, phone=phone, method=others)


def _send_hints(words: str) -> Hints:
    amount, phone, _ = parts_of(words, _reads(parse_amount), _is_number_somewhere)
    return _given(amount=amount, recipient=phone)


def _language_hints(words: str) -> Hints:
    return _given(language=words)


def _code_hints(words: str) -> Hints:
    return _given(code=words)


def _complaint_hints(words: str) -> Hints:
    """A complaint's reference, or that of what went wrong; anything else is asked for in its turn."""
    first = words.partition(" ")[0].upper()
    if first.startswith("K-"):
        return {"complaint": first}
    return {"payment": first} if first[:2] in {"D-", "R-", "S-"} else {}


def _is_number_somewhere(text: str) -> bool:
    """Whether a country we serve has such numbers; whose country's it is, the question that reads it knows."""
    return any(_reads(partial(parse_phone, region_hint=region))(text) for region in COUNTRIES)


def _reads(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def is_readable(text: str) -> bool:
        try:
            parse(text)
        except Refusal:
            return False
        return True

    return is_readable


def _given(**hints: str | None) -> Hints:
    return {key: value for key, value in hints.items() if value}
