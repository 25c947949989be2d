"""Tontines: a group collects, one share after the other takes the pot, and everyone can see and check it.

See `docs/tontines.md`. Services take a session and never commit; they speak to nobody and publish events.
"""

from tontines.accounts import money_left, tontine_of
from tontines.approvals import Approvers, approvers
from tontines.auctions import Auction, auction_of, bid_of, bidders_of, place_bid
from tontines.board import Board, BoardRow, OwedNow, board, owed_now
from tontines.calendar import day_of_round, deadline, opens_at
from tontines.cash import answer_cash, cash_to_hand_over, confirm_cash_received, declare_cash
from tontines.caution import pay_caution, return_caution
from tontines.chain import StatementLine, statement, verify_statement
from tontines.charter import accept_charter, articles, charter_in_force, has_accepted
from tontines.contributions import (
    KeyReused,
    cancel_waiting,
    contribute,
    contribute_when_funded,
    contributions_of,
    pay_waiting,
    payable_early,
    waiting_of,
)
from tontines.cycle_tables import Bid, Cycle, Draw, Holding, Need, Round, Share, Swap, Turn
from tontines.cycles import holders_in, holdings_of, rounds_of, running_cycle, shares_of, turns_of
from tontines.decision_tables import Ballot, Consent, Replacement, Reversal, Vote
from tontines.default import agree_to_set_off, declare_default, end_default, late_dues
from tontines.delays import ask_delay, decide_delay, delays_of
from tontines.draw import DrawVerdict, PublicDraw, Words, verify_draw
from tontines.drawing import add_words, public_draw
from tontines.dues import dues_of_round, dues_owed, is_late
from tontines.events import EVENTS
from tontines.fines import ask_waiver, confirm_waiver, fines_owed, pay_fine
from tontines.fund import ask_grant, decide_grant, fund_balance, give_to_fund
from tontines.group import active_membership, find_membership, lock_tontine, memberships_of, tontines_in, tontines_of
from tontines.group_tables import Charter, Guarantee, Membership, Officer, Tontine
from tontines.guarantors import answer_guarantee, ask_guarantee, guaranteed_by, release_guarantee
from tontines.jobs import register
from tontines.joining import ask_to_join, change_shares, decide_asking, opt_in
from tontines.leaving import leave
from tontines.life import change_rules, close_tontine, create_tontine, move_chat, place_in_chat
from tontines.money_tables import Allotment, Contribution, Delay, Due, Fine, Grant, Pot, Receipt
from tontines.needs import needs_of, put_first, state_need, withdraw_need
from tontines.officers import appoint, officers_of
from tontines.paying import receipts_of, turn_of
from tontines.pots import approve_pot, approvers_of_pot, beneficiaries_of, decline_pot, refuse_unpayable, request_pot
from tontines.replacing import answer_replacement, offer_replacement
from tontines.reversals import ask_reversal, confirm_reversal, decline_reversal, reversers_of, reversible_of
from tontines.rotation import Part
from tontines.rules import Order, Period, Rules, ShortPot, check_rules
from tontines.starting import preview_shares, start_cycle
from tontines.states import (
    ContributionState,
    DecisionState,
    FineState,
    MembershipState,
    PotState,
    Role,
    RoundState,
    Source,
    TontineState,
)
from tontines.summary import Debt, ShareTotal, Summary, settle_up, summarise
from tontines.swaps import answer_swap, ask_swap
from tontines.turns import turns_to_come
from tontines.undecided import next_to_decide, shares_without_turn
from tontines.uniting import BothInOne, ContributionWaits, follow
from tontines.votes import Question, cast_ballot, electorate, propose_late_joiner, propose_president

__all__ = [
    "EVENTS",
    "Allotment",
    "Approvers",
    "Auction",
    "Ballot",
    "Bid",
    "Board",
    "BoardRow",
    "BothInOne",
    "Charter",
    "Consent",
    "Contribution",
    "ContributionState",
    "ContributionWaits",
    "Cycle",
    "Debt",
    "DecisionState",
    "Delay",
    "Draw",
    "DrawVerdict",
    "Due",
    "Fine",
    "FineState",
    "Grant",
    "Guarantee",
    "Holding",
    "KeyReused",
    "Membership",
    "MembershipState",
    "Need",
    "Officer",
    "Order",
    "OwedNow",
    "Part",
    "Period",
    "Pot",
    "PotState",
    "PublicDraw",
    "Question",
    "Receipt",
    "Replacement",
    "Reversal",
    "Role",
    "Round",
    "RoundState",
    "Rules",
    "Share",
    "ShareTotal",
    "ShortPot",
    "Source",
    "StatementLine",
    "Summary",
    "Swap",
    "Tontine",
    "TontineState",
    "Turn",
    "Vote",
    "Words",
    "accept_charter",
    "active_membership",
    "add_words",
    "agree_to_set_off",
    "answer_cash",
    "answer_guarantee",
    "answer_replacement",
    "answer_swap",
    "appoint",
    "approve_pot",
    "approvers",
    "approvers_of_pot",
    "articles",
    "ask_delay",
    "ask_grant",
    "ask_guarantee",
    "ask_reversal",
    "ask_swap",
    "ask_to_join",
    "ask_waiver",
    "auction_of",
    "beneficiaries_of",
    "bid_of",
    "bidders_of",
    "board",
    "cancel_waiting",
    "cash_to_hand_over",
    "cast_ballot",
    "change_rules",
    "change_shares",
    "charter_in_force",
    "check_rules",
    "close_tontine",
    "confirm_cash_received",
    "confirm_reversal",
    "confirm_waiver",
    "contribute",
    "contribute_when_funded",
    "contributions_of",
    "create_tontine",
    "day_of_round",
    "deadline",
    "decide_asking",
    "decide_delay",
    "decide_grant",
    "declare_cash",
    "declare_default",
    "decline_pot",
    "decline_reversal",
    "delays_of",
    "dues_of_round",
    "dues_owed",
    "electorate",
    "end_default",
    "find_membership",
    "fines_owed",
    "follow",
    "fund_balance",
    "give_to_fund",
    "guaranteed_by",
    "has_accepted",
    "holders_in",
    "holdings_of",
    "is_late",
    "late_dues",
    "leave",
    "lock_tontine",
    "memberships_of",
    "money_left",
    "move_chat",
    "needs_of",
    "next_to_decide",
    "offer_replacement",
    "officers_of",
    "opens_at",
    "opt_in",
    "owed_now",
    "pay_caution",
    "pay_fine",
    "pay_waiting",
    "payable_early",
    "place_bid",
    "place_in_chat",
    "preview_shares",
    "propose_late_joiner",
    "propose_president",
    "public_draw",
    "put_first",
    "receipts_of",
    "refuse_unpayable",
    "register",
    "release_guarantee",
    "request_pot",
    "return_caution",
    "reversers_of",
    "reversible_of",
    "rounds_of",
    "running_cycle",
    "settle_up",
    "shares_of",
    "shares_without_turn",
    "start_cycle",
    "state_need",
    "statement",
    "summarise",
    "tontine_of",
    "tontines_in",
    "tontines_of",
    "turn_of",
    "turns_of",
    "turns_to_come",
    "verify_draw",
    "verify_statement",
    "waiting_of",
    "withdraw_need",
]
