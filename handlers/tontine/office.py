"""What can be done in a tontine beside paying: the officers' menu, and what every member may ask for."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.chat import Chat
from bot.views import Button, in_columns
from handlers.tontine import words
from handlers.tontine.which import ask_tontine, buttons_for, my_membership, roles_of
from tontines.officers import DECIDING
from tontines.states import MembershipState, Role, TontineState

_PRESIDENT = frozenset({Role.PRESIDENT})
_LETS_IN = frozenset({Role.PRESIDENT, Role.SECRETARY})
_DECIDES = frozenset(DECIDING)
_NOT_RUNNING = frozenset({TontineState.GATHERING, TontineState.BETWEEN})
_HAS_RUN = frozenset({TontineState.RUNNING, TontineState.BETWEEN})
_RUNNING = frozenset({TontineState.RUNNING})


@dataclass(frozen=True)
class Act:
    """A flow of the menu: `office.act.<flow>` is its label. `roles` may do it, every member when there are none."""

    flow: str
    roles: Collection[Role] = ()
    states: Collection[TontineState] = frozenset(TontineState)


ACTS = (
    Act("tontine_start", _PRESIDENT, _NOT_RUNNING),
    Act("tontine_askings", _LETS_IN),
    Act("tontine_appoint", _PRESIDENT),
    Act("tontine_rules", _PRESIDENT),
    Act("tontine_renew", (), {TontineState.BETWEEN}),
    Act("tontine_shares"),
    Act("tontine_swap", (), _RUNNING),
    Act("cash", {Role.TREASURER}, _RUNNING),
    Act("waiver", frozenset(Role), _HAS_RUN),
    Act("default", _DECIDES, _RUNNING),
    Act("solidarity"),
    Act("guarantee"),
    Act("set_off", (), _RUNNING),
    Act("hand_over", (), _RUNNING),
    Act("leave"),
    Act("tontine_late", (), _RUNNING),
    Act("tontine_candidate"),
    Act("tontine_close", frozenset(Role), _NOT_RUNNING),
)


async def office(chat: Chat) -> None:
    """The menu: what this person may do in this tontine as it stands."""
    tontine = await ask_tontine(chat)
    if tontine is None:
        return
    membership = await my_membership(chat, tontine)
    roles = await roles_of(chat.session, membership)
    ways = await buttons_for(chat.session, chat.member, tontine)
    acts = [
        act
        for act in ACTS
        if tontine.state in act.states and (not act.roles or any(role in act.roles for role in roles))
    ]
    rows = in_columns([ways.to(act.flow, chat.text(f"office.act.{act.flow}")) for act in acts], 2)
    back: list[Button] = [ways.to("tontine", chat.text("tontine.button.open"))]
    asked = await words.people_of(chat.session, tontine.id, MembershipState.ASKED)
    waiting = chat.text("office.waiting", count=len(asked)) if asked and any(r in _LETS_IN for r in roles) else ""
    said = ", ".join(words.role(chat.member.language, role) for role in roles)
    chat.say(
        "office.menu" if roles else "office.menu_member", name=tontine.name, roles=said, waiting=waiting,
        buttons=[*(list(row) for row in rows), back],
    )  # fmt: skip
