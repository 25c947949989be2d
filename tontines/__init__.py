"""Tontines: a group collects, one share after the other takes the pot, and everyone can see and check it.

See `docs/tontines.md`. Services take a session and never commit; they speak to nobody and publish events.
"""

from tontines.cash import answer_cash, declare_cash
from tontines.charter import accept_charter
from tontines.contributions import contribute, contribute_when_funded, pay_waiting
from tontines.cycle_tables import Cycle, Round
from tontines.cycles import rounds_of
from tontines.dues import dues_owed
from tontines.group import find_membership
from tontines.group_tables import Membership, Tontine
from tontines.jobs import register
from tontines.joining import ask_to_join, decide_asking
from tontines.life import create_tontine
from tontines.officers import appoint
from tontines.pots import approve_pot, approvers_of_pot, beneficiaries_of, request_pot
from tontines.rules import Order, Rules
from tontines.starting import start_cycle
from tontines.states import Role
