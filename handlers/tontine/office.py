"""What can be done in a tontine beside paying: the officers' menu, and what every member may ask for."""

from collections.abc import Collection
from dataclasses import dataclass

from markupsafe import Markup

from bot import shortcuts
from bot.chat import Chat
from bot.views import Button, in_columns
from handlers.tontine import words
from handlers.tontine.which import TONTINE, Ways, ask_tontine, buttons_for, my_membership, roles_of
from tontines import Tontine
from tontines.officers import DECIDING
from tontines.states import MembershipState, Role, TontineState

_PRESIDENT = frozenset({Role.PRESIDENT})
_LETS_IN = frozenset({Role.PRESIDENT, Role.SECRETARY})
_DECIDES = frozenset(DECIDING)
_NOT_RUNNING = frozenset({TontineState.GATHERING, TontineState.BETWEEN})
_HAS_RUN = frozenset({TontineState.RUNNING, TontineState.BETWEEN})
_RUNNING = frozenset({TontineState.RUNNING})

# More than so many buttons are not read: the menu then has parts.
_READ_AT_ONCE = 6
_PART, _ALL = "part", "all"


@dataclass(frozen=True)
class Act:
    """A flow of the menu: `office.act.<flow>` is its label. `roles` may do it, every member when there are none."""

    flow: str
    roles: Collection[Role] = ()
    states: Collection[TontineState] = frozenset(TontineState)


# What is waited for stands before all else; the rest in parts, `office.part.<part>`, of what belongs together.
FIRST = (
    Act("tontine_start", _PRESIDENT, _NOT_RUNNING),
    Act("tontine_renew", (), {TontineState.BETWEEN}),
)
PARTS = {
    "rounds": (
        Act("tontine_swap", (), _RUNNING),
        Act("tontine_late", (), _RUNNING),
        Act("hand_over", (), _RUNNING),
    ),
    "people": (
        Act("tontine_askings", _LETS_IN),
        Act("tontine_appoint", _PRESIDENT),
        Act("tontine_candidate"),
        Act("guarantee"),
        Act("leave"),
    ),
    "money": (
        Act("cash", {Role.TREASURER}, _RUNNING),
        Act("waiver", frozenset(Role), _HAS_RUN),
        Act("reversal", frozenset(Role), _HAS_RUN),
        Act("default", _DECIDES, _RUNNING),
        Act("set_off", (), _RUNNING),
        Act("solidarity"),
    ),
    "rules": (
        Act("tontine_rules", _PRESIDENT),
        Act("tontine_shares"),
        Act("tontine_close", frozenset(Role), _NOT_RUNNING),
    ),
}


async def office(chat: Chat) -> None:
    """The menu: what this person may do in this tontine as it stands."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    roles = await roles_of(chat.session, await my_membership(chat, tontine))
    ways = await buttons_for(chat.session, chat.member, tontine)
    offered = {part: _open_to(acts, roles, tontine) for part, acts in PARTS.items()}
    part = chat.run.hints.get(_PART, "")
    if part in offered:
        buttons = [*_rows(chat, ways, offered[part]), [await _part(chat, tontine, _ALL)]]
        chat.say("office.in_part", name=tontine.name, part=_label(chat, part), in_place=True, buttons=buttons)
        return
    first = _open_to(FIRST, roles, tontine)
    if len(first) + sum(map(len, offered.values())) <= _READ_AT_ONCE:
        rows = _rows(chat, ways, [*first, *(act for acts in offered.values() for act in acts)])
    else:
        rows = [*_rows(chat, ways, first, columns=1), *await _parts(chat, ways, tontine, offered)]
    said = ", ".join(words.role(chat.member.language, role) for role in roles)
    chat.say(
        "office.menu" if roles else "office.menu_member", name=tontine.name, roles=said, in_place=part == _ALL,
        waiting=await _who_waits(chat, tontine, roles),
        buttons=[*rows, [ways.to("tontine", chat.text("tontine.button.open"))]],
    )  # fmt: skip


def _open_to(acts: Collection[Act], roles: Collection[Role], tontine: Tontine) -> list[Act]:
    mine = [act for act in acts if not act.roles or any(role in act.roles for role in roles)]
    return [act for act in mine if tontine.state in act.states]


def _rows(chat: Chat, ways: Ways, acts: Collection[Act], columns: int = 2) -> list[list[Button]]:
    buttons = [ways.to(act.flow, chat.text(f"office.act.{act.flow}")) for act in acts]
    return [list(row) for row in in_columns(buttons, columns)]


async def _parts(chat: Chat, ways: Ways, tontine: Tontine, offered: dict[str, list[Act]]) -> list[list[Button]]:
    """A button for each part; an act that would stand alone in its part stands here itself."""
    buttons = []
    for part, acts in offered.items():
        if len(acts) == 1:
            buttons.append(ways.to(acts[0].flow, chat.text(f"office.act.{acts[0].flow}")))
        elif acts:
            buttons.append(await _part(chat, tontine, part))
    return [list(row) for row in in_columns(buttons, 2)]


async def _part(chat: Chat, tontine: Tontine, part: str) -> Button:
    hints = {TONTINE: str(tontine.id), _PART: part}
    return Button(_label(chat, part), data=await shortcuts.shortcut(chat.session, chat.member.id, "office", hints))


def _label(chat: Chat, part: str) -> Markup:
    return chat.text(f"office.part.{part}")


async def _who_waits(chat: Chat, tontine: Tontine, roles: Collection[Role]) -> str:
    asked = await words.people_of(chat.session, tontine.id, MembershipState.ASKED)
    if not asked or not _LETS_IN & set(roles):
        return ""
    return chat.text("office.waiting", count=len(asked))
