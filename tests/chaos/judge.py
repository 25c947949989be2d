"""The judge: reads GetMiPay's own journal, the house's tables as plain rows, and what members were told.

Nothing of the house's code decides here: sums are counted again in Python from the rows.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.db import Database
from tests.chaos.stories import Story

Row = dict[str, Any]

_UNDECIDED = {"requested", "submitted", "open", "accepted", "unknown"}
_MARKS = {"settled": "✅", "completed": "✅", "failed": "❌", "expired": "⌛", "review": "🔎", "reversed": "↩️"}


@dataclass
class Books:
    """The house's tables as they were found, ids as text."""

    accounts: dict[str, Row]
    balances: dict[str, int]
    transfers: list[Row]
    open_holds: dict[str, int]
    held_of: dict[str, int]
    deposits: list[Row]
    payouts: list[Row]
    sends: list[Row]
    contributions: list[Row]
    told: Counter[tuple[str, str]]
    jobs: list[Row]
    members: dict[str, str]
    """Who is behind a private chat on Telegram."""


@dataclass
class Verdict:
    """What was found: `differences` are faults, `waiting` is what rightly waits, by the reason why."""

    differences: list[str] = field(default_factory=list)
    waiting: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    francs: Counter[str] = field(default_factory=Counter)

    def refuse(self, what: str, **facts: object) -> None:
        self.differences.append(f"{what}: {', '.join(f'{name} {value}' for name, value in facts.items())}")


async def read_books(database: Database) -> Books:
    """All rows that matter, in one reading."""
    async with database.reading() as session:

        async def rows(statement: str) -> list[Row]:
            found = await session.execute(text(statement))
            return [{name: _plain(value) for name, value in row._mapping.items()} for row in found]

        accounts = await rows("SELECT id, owner, kind, currency, mode, balance, held FROM ledger_account")
        slots = await rows("SELECT account_id, SUM(balance) AS balance FROM ledger_slot GROUP BY account_id")
        holds = await rows(
            "SELECT id, debit_id, amount FROM ledger_hold WHERE id NOT IN (SELECT hold_id FROM ledger_resolution)"
        )
        by_slots = {row["account_id"]: int(row["balance"]) for row in slots}
        held_of: Counter[str] = Counter()
        for hold in holds:
            held_of[hold["debit_id"]] += hold["amount"]
        addresses = await rows("SELECT external_id, member_id FROM address WHERE channel = 'telegram'")
        told = await rows("SELECT event, subject FROM chaos_told") if await _has_table(session) else []
        return Books(
            accounts={row["id"]: row for row in accounts},
            balances={row["id"]: by_slots.get(row["id"], row["balance"]) for row in accounts},
            transfers=await rows("SELECT id, journal_id, debit_id, credit_id, amount, kind FROM ledger_transfer"),
            open_holds={row["id"]: row["amount"] for row in holds},
            held_of=dict(held_of),
            deposits=await rows(
                "SELECT id, member_id, key, reference, state, doubt, amount, received, suspended FROM deposit"
            ),
            payouts=await rows("SELECT id, member_id, key, reference, state, doubt, amount, fee FROM payout"),
            sends=await rows("SELECT id, key, reference, sender_id, recipient_id, amount FROM send"),
            contributions=await rows("SELECT id, key, amount, state FROM tontine_contribution WHERE source = 'wallet'"),
            told=Counter((row["event"], row["subject"]) for row in told),
            jobs=await rows("SELECT kind, key, attempts, error, run_at FROM job"),
            members={row["external_id"]: row["member_id"] for row in addresses},
        )


def read_journal(path: Path) -> tuple[dict[str, Row], Counter[str]]:
    """GetMiPay's payments by our reference, and how many calls of each reference it obeyed."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        journal.row_factory = sqlite3.Row
        payments = journal.execute("SELECT * FROM getmipay_transaction").fetchall()
        # Obeyed, whatever it was answered: 500 after acting is one of the faults. A refusal obeys nothing.
        calls = journal.execute(
            "SELECT reference, COUNT(*) AS calls FROM getmipay_request"
            " WHERE path LIKE '%/initiate' AND reference IS NOT NULL AND (status IS NULL OR status <> 429)"
            " GROUP BY reference"
        ).fetchall()
    return (
        {row["reference"]: dict(row) for row in payments},
        Counter({row["reference"]: row["calls"] for row in calls}),
    )


def judge(books: Books, journal: Path, stories: list[Story]) -> Verdict:
    """Compare what happened outside with what the house has written."""
    payments, calls = read_journal(journal)
    verdict = Verdict()
    recount(books, verdict)
    _each_deposit(books, payments, verdict)
    _each_payout(books, payments, verdict)
    _asked_once(calls, verdict)
    _merchant_balance(books, payments, verdict)
    _each_story(books, stories, verdict)
    _each_purse(books, payments, stories, verdict)
    _each_pot(books, stories, verdict)
    _each_event(books, verdict)
    _nothing_left_to_do(books, verdict)
    return verdict


def judge_chats(books: Books, journal: Path) -> Verdict:
    """The same where people talked: what they read at the end is what became of their money."""
    payments, calls = read_journal(journal)
    verdict = Verdict()
    recount(books, verdict)
    _each_deposit(books, payments, verdict)
    _each_payout(books, payments, verdict)
    _asked_once(calls, verdict)
    _merchant_balance(books, payments, verdict)
    sent = [
        Story({"what": "send", "by": each["sender_id"], "to": each["recipient_id"], "amount": each["amount"]}, each)
        for each in books.sends
    ]
    _each_purse(books, payments, sent, verdict)
    _nothing_left_to_do(books, verdict)
    _each_message(books, _chats(journal), verdict)
    return verdict


def recount(books: Books, verdict: Verdict) -> None:
    """Each balance and each hold, counted again from the rows; and all of them together are zero."""
    rebuilt: Counter[str] = Counter()
    for transfer in books.transfers:
        rebuilt[transfer["debit_id"]] -= transfer["amount"]
        rebuilt[transfer["credit_id"]] += transfer["amount"]
        verdict.francs["moved"] += transfer["amount"]
    for name, account in books.accounts.items():
        if books.balances[name] != rebuilt[name]:
            verdict.refuse("balance", owner=account["owner"], kept=books.balances[name], rebuilt=rebuilt[name])
        if account["mode"] == "member":
            held = books.held_of.get(name, 0)
            if account["held"] != held:
                verdict.refuse("held", owner=account["owner"], kept=account["held"], rebuilt=held)
            if rebuilt[name] - held < 0:
                verdict.refuse("below zero", owner=account["owner"], balance=rebuilt[name], held=held)
    if sum(books.balances.values()):
        verdict.refuse("all balances together", francs=sum(books.balances.values()))
    verdict.counts["transfers"] = len(books.transfers)


def _each_deposit(books: Books, payments: dict[str, Row], verdict: Verdict) -> None:
    """Paid at GetMiPay is credited exactly once, in the amount that arrived; not paid is not credited."""
    came_in = _through_provider(books, into_house=True)
    for deposit in books.deposits:
        payment, state = payments.get(deposit["reference"]), deposit["state"]
        verdict.counts[f"deposit {state}"] += 1
        due, credited = arrived(payment), came_in.get(deposit["id"], 0) - deposit["suspended"]
        verdict.francs["paid in"] += due
        facts = _facts(deposit, payment)
        if credited != due:
            verdict.refuse("deposit", credited=credited, paid=due, **facts)
        elif state in _UNDECIDED:
            verdict.refuse("deposit left in ⏳", **facts)
        elif state == "review":
            verdict.waiting[f"deposit in review: {_said(payment)}"] += 1
        if due and state != "settled":
            verdict.refuse("deposit paid, not settled", **facts)


def _each_payout(books: Books, payments: dict[str, Row], verdict: Verdict) -> None:
    """Paid at GetMiPay left the house exactly once; else the money is back, or still held for a reason."""
    went_out = _through_provider(books, into_house=False)
    for payout in books.payouts:
        payment, state = payments.get(payout["reference"]), payout["state"]
        verdict.counts[f"payout {state}"] += 1
        sent, left = arrived(payment), went_out.get(payout["id"], 0)
        verdict.francs["paid out"] += sent
        # The hold of the amount is the payout's own id with its last bits changed: see payments.postings.leg_id.
        held = books.open_holds.get(str(UUID(int=UUID(payout["id"]).int ^ 12)), 0)
        facts = _facts(payout, payment)
        if held not in {0, payout["amount"]} or (held and state != "review"):
            verdict.refuse("payout's hold", held=held, **facts)
        if state == "review":
            _payout_in_review(payout, payment, held, left, verdict)
        elif left != (payout["amount"] if sent else 0) or sent not in {0, payout["amount"]}:
            verdict.refuse("payout", left=left, paid=sent, **facts)
        elif state in _UNDECIDED:
            verdict.refuse("payout left in ⏳", **facts)
        elif sent and state == "failed":
            verdict.waiting["payout failed, then paid all the same: in suspense, the member stopped"] += 1
            if payout["doubt"] != "paid_twice":
                verdict.refuse("payout paid and given back", **facts)


def _payout_in_review(payout: Row, payment: Row | None, held: int, left: int, verdict: Verdict) -> None:
    """Right only where GetMiPay decides nothing: it never heard of it, has not ended it, or says odd things."""
    decides = payment is not None and payment["status"] != "pending" and _is_ordinary(payment)
    if decides or not held or left:
        verdict.refuse("payout in review", reference=payout["reference"], held=held, left=left, getmipay=_said(payment))
    verdict.waiting[f"payout in review, held: {_said(payment)}"] += 1


def _asked_once(calls: Counter[str], verdict: Verdict) -> None:
    verdict.counts["calls to GetMiPay"] = calls.total()
    for reference, times in calls.items():
        if times > 1:
            verdict.refuse("asked of GetMiPay more than once", reference=reference, times=times)


def _merchant_balance(books: Books, payments: dict[str, Row], verdict: Verdict) -> None:
    """What the ledger says GetMiPay owes us is what came in there, less what went out; what a person sees to apart."""
    in_review = {payout["reference"] for payout in books.payouts if payout["state"] == "review"}
    owed = sum(
        arrived(each) * (1 if each["kind"] == "deposit" else -1)
        for reference, each in payments.items()
        if reference not in in_review
    )
    ours = -sum(
        books.balances[name]
        for name, row in books.accounts.items()
        if (row["owner"], row["kind"]) == ("house", "provider")
    )
    verdict.francs["at GetMiPay"] = owed
    if ours != owed:
        verdict.refuse("merchant balance", ours=ours, getmipay=owed)


def _each_story(books: Books, stories: list[Story], verdict: Verdict) -> None:
    """What a member was told was done is there once; what they were told was refused is not there at all."""
    kept = {
        "deposit": {row["key"]: row for row in books.deposits}, "payout": {row["key"]: row for row in books.payouts},
        "send": {row["key"]: row for row in books.sends},
        "contribute": {row["key"]: row for row in books.contributions},
    }  # fmt: skip
    moved = Counter(transfer["journal_id"] for transfer in books.transfers)
    for story in stories:
        what, key = story.order["what"], story.order["key"]
        verdict.counts[f"{what} {'done' if story.is_done else 'refused'}"] += 1
        if what == "pot":
            continue
        row = kept[what].get(key)
        if story.is_done != (row is not None):
            verdict.refuse(f"{what} told {'done' if story.is_done else 'refused'}", key=key, row=row)
        elif row is not None and row["amount"] != story.order["amount"]:
            verdict.refuse(f"{what} of another amount", key=key, asked=story.order["amount"], kept=row["amount"])
        elif row is not None and what == "send" and moved[row["id"]] != 1:
            verdict.refuse("send", key=key, transfers=moved[row["id"]])
    asked = {story.order["key"] for story in stories}
    for what, rows in kept.items():
        for key in rows.keys() - asked:
            verdict.refuse(f"{what} nobody asked for", key=key)


def _each_purse(books: Books, payments: dict[str, Row], stories: list[Story], verdict: Verdict) -> None:
    """Each member's money is what outside facts make of it."""
    expected, actual = _from_outside(books, payments, stories), Counter[str]()
    for name, account in books.accounts.items():
        if account["owner"].startswith("member:"):
            actual[account["owner"].removeprefix("member:")] += books.balances[name]
    for member in expected.keys() | actual.keys():
        if expected[member] != actual[member]:
            verdict.refuse("member's money", member=member, expected=expected[member], kept=actual[member])
    verdict.francs["in members' hands"] = sum(actual.values())
    verdict.counts["members"] = len(actual)


def _from_outside(books: Books, payments: dict[str, Row], stories: list[Story]) -> Counter[str]:
    """Each member's money: paid in and out at GetMiPay, sent and contributed as they were told, and from pots."""
    expected: Counter[str] = Counter()
    for deposit in books.deposits:
        expected[deposit["member_id"]] += arrived(payments.get(deposit["reference"]))
    for payout in books.payouts:
        if payout["state"] not in {"failed", "review"}:
            expected[payout["member_id"]] -= arrived(payments.get(payout["reference"]))
    for order in (story.order for story in stories if story.is_done and story.order["what"] in {"send", "contribute"}):
        expected[order["by"]] -= order["amount"]
        if order["what"] == "send":
            expected[order["to"]] += order["amount"]
    for transfer in _from_pots(books):
        owner = books.accounts[transfer["credit_id"]]["owner"]
        expected[owner.removeprefix("member:")] += transfer["amount"]
    return expected


def _each_pot(books: Books, stories: list[Story], verdict: Verdict) -> None:
    """What was contributed is in pots, advances and funds, or was paid out of them to a member."""
    contributed = sum(
        story.order["amount"] for story in stories if story.is_done and story.order["what"] == "contribute"
    )
    kept = sum(balance for name, balance in books.balances.items() if books.accounts[name]["kind"] == "pot")
    given = sum(transfer["amount"] for transfer in _from_pots(books))
    verdict.francs.update({"contributed": contributed, "paid from pots": given})
    if contributed != kept + given:
        verdict.refuse("pots", contributed=contributed, kept=kept, paid=given)


def _each_event(books: Books, verdict: Verdict) -> None:
    """Whoever listens has heard of each end exactly once: an event is heard in the transaction that ends its job."""
    due = {
        "deposit.settled": {row["id"] for row in books.deposits if row["state"] in {"settled", "reversed"}},
        "payout.completed": {row["id"] for row in books.payouts if row["state"] in {"completed", "reversed"}},
        "payout.failed": {row["id"] for row in books.payouts if row["state"] == "failed"},
        "send.completed": {row["id"] for row in books.sends},
        "contribution.made": {row["id"] for row in books.contributions if row["state"] == "made"},
    }  # fmt: skip
    if not books.told:
        return
    for event, subjects in due.items():
        verdict.counts[f"heard of {event}"] = sum(books.told[event, subject] for subject in subjects)
        for subject in subjects:
            if books.told[event, subject] != 1:
                verdict.refuse("heard", event=event, of=subject, times=books.told[event, subject])


def _each_message(books: Books, chats: dict[str, list[str]], verdict: Verdict) -> None:
    """Everybody reads, at least once, what became of each payment; and nothing is left in ⏳ but a second copy."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    for chat, texts in chats.items():
        said[books.members.get(chat, "")] += texts
    for payment in [*books.deposits, *books.payouts]:
        about = [each for each in said[payment["member_id"]] if payment["reference"] in each]
        last_words = sum(each.startswith(_MARKS.get(payment["state"], "⏳")) for each in about)
        verdict.counts["receipts said twice"] += last_words > 1
        verdict.waiting["⏳ that was said twice; its other copy has turned"] += any(map(_is_open, about))
        if not last_words:
            verdict.refuse("never told", reference=payment["reference"], state=payment["state"], heard=about)
    for send in books.sends:
        for member, words in ((send["sender_id"], "envoyés à"), (send["recipient_id"], "vous a envoyé")):
            if not any(words in each and send["reference"] in each for each in said[member]):
                verdict.refuse("never told of a send", reference=send["reference"], member=member)
    _each_chat(chats, verdict)


def _each_chat(chats: dict[str, list[str]], verdict: Verdict) -> None:
    for chat, texts in chats.items():
        verdict.counts["messages read"] += len(texts)
        # « Je prépare votre lien… » turns into what becomes of it, but for a copy that was said by a sender who died.
        verdict.waiting["⏳ without a reference, said twice"] += sum(
            _is_open(each) and "éf. " not in each for each in texts
        )
        sorry = sum("une erreur s’est produite de notre côté" in each for each in texts)
        if sorry:
            verdict.refuse("apologised for a fault of ours", chat=chat, times=sorry)


def _is_open(text: str) -> bool:
    return text.startswith("⏳")


def _chats(journal: Path) -> dict[str, list[str]]:
    """What the assistant's messages say at the end, by private chat."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as telegram:
        rows = telegram.execute(
            "SELECT chat_id, content FROM telegram_messages"
            " WHERE author_id <> chat_id AND chat_id > 0 AND deleted = 0 ORDER BY message_id"
        ).fetchall()
    chats: defaultdict[str, list[str]] = defaultdict(list)
    for chat, content in rows:
        chats[str(chat)].append(json.loads(content).get("text", ""))
    return chats


def _nothing_left_to_do(books: Books, verdict: Verdict) -> None:
    for job in books.jobs:
        if job["error"]:
            verdict.refuse("job fails", kind=job["kind"], key=job["key"], error=job["error"])
        elif job["kind"].startswith(("event:", "submit_")):
            verdict.refuse("job left", kind=job["kind"], key=job["key"], attempts=job["attempts"])


def arrived(payment: Row | None) -> int:
    """What GetMiPay says was paid, in francs that we can credit."""
    is_paid = payment is not None and payment["status"] == "success" and payment["currency"] == "XOF"
    return int(payment["received"]) if payment is not None and is_paid else 0


def _is_ordinary(payment: Row) -> bool:
    return payment["currency"] == "XOF" and payment["received"] == payment["amount"]


def _facts(kept: Row, payment: Row | None) -> dict[str, object]:
    return {
        "member": kept["member_id"], "reference": kept["reference"], "state": kept["state"], "doubt": kept["doubt"],
        "getmipay": _said(payment),
    }  # fmt: skip


def _said(payment: Row | None) -> str:
    if payment is None:
        return "never heard of it"
    return " ".join(each for each in (payment["status"], payment["fault"]) if each)


def _through_provider(books: Books, *, into_house: bool) -> dict[str, int]:
    """By journal: what our merchant balance grew by, or shrank by."""
    providers = {name for name, row in books.accounts.items() if (row["owner"], row["kind"]) == ("house", "provider")}
    moved: defaultdict[str, int] = defaultdict(int)
    for transfer in books.transfers:
        grown = (transfer["debit_id"] in providers) - (transfer["credit_id"] in providers)
        moved[transfer["journal_id"]] += transfer["amount"] * (grown if into_house else -grown)
    return moved


def _from_pots(books: Books) -> list[Row]:
    """What a tontine has paid to a member."""
    return [
        transfer
        for transfer in books.transfers
        if books.accounts[transfer["debit_id"]]["kind"] == "pot"
        and books.accounts[transfer["credit_id"]]["owner"].startswith("member:")
    ]


async def _has_table(session: Any) -> bool:
    engine = session.get_bind().dialect.name
    catalogue = "sqlite_master WHERE name" if engine == "sqlite" else "pg_tables WHERE tablename"
    return bool((await session.execute(text(f"SELECT 1 FROM {catalogue} = 'chaos_told'"))).first())  # noqa: S608


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return str(UUID(bytes=value)) if len(value) == 16 else value.hex()
    return str(value) if isinstance(value, UUID) else value
