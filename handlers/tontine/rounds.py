"""The part of the three lists that is about rounds and money: commands, taps in groups, and what is heard."""

from collections.abc import Mapping

from bot.commands import Command, Hints
from bot.groups import CommandAct, TapAct
from core.events import subscribe
from core.jobs import Jobs
from handlers.tontine.answers import ANSWER, answers
from handlers.tontine.auction import BID, BID_IN_PRIVATE, BID_TAP, bid, bid_here
from handlers.tontine.auction_notices import register_auctions
from handlers.tontine.card import PAY, WHERE_I_AM
from handlers.tontine.cash import cash
from handlers.tontine.change_notices import register_changes
from handlers.tontine.contribute import CONTRIBUTE, PAY_IN_PRIVATE, contribute
from handlers.tontine.debt_notices import register_debts
from handlers.tontine.decisions import acts
from handlers.tontine.fine_waivers import WAIVER, waiver
from handlers.tontine.leaving import hand_over, leave_tontine
from handlers.tontine.minutes import register_minutes
