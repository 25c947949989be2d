"""What is taken away in files: a member's account for a spreadsheet, and the whole tontine for its officers."""

import csv
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import tontines
from core import clock, i18n
from handlers.tontine.account import Account, account_of
from handlers.tontine.words import names_of
from tontines import Charter, Cycle, Membership, Round, Tontine
from tontines.statement_file import write_file

Cell = str | int

_COLUMNS = ("kind", "date", "cycle", "round", "what", "owed", "paid", "left", "amount")
# What a spreadsheet would take for a formula: a name may well begin so.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def account_csv(account: Account, language: str) -> bytes:
    """The account as rows for a spreadsheet: francs without unit, days as that language's spreadsheets read them."""
    return _csv(_rows(account, language), language)


async def tontine_files(session: AsyncSession, tontine: Tontine, language: str) -> dict[str, bytes]:
    """The whole tontine: its rules, cycles, draws and minutes; its statement; and a table of its members' accounts."""
    return {
        "tontine-facts.json": _pretty(await _facts(session, tontine)),
        "tontine-statement.jsonl": write_file(await tontines.statement(session, tontine.id)),
        "tontine-members.csv": await _members_csv(session, tontine, language),
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files, by name, in one."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in files.items():
            folder.writestr(zipfile.ZipInfo(name, clock.now().timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _csv(rows: Iterable[Iterable[Cell]], language: str) -> bytes:
    """UTF-8 with the mark that Excel needs to see that it is; French spreadsheets cut at semicolons."""
    written = StringIO()
    table = csv.writer(written, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    table.writerows([_harmless(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell


def _rows(account: Account, language: str) -> Iterator[list[Cell]]:
    def text(key: str, **params: object) -> str:
        return i18n.text(language, key, **params).unescape()

    def day(when: datetime) -> str:
        return when.astimezone(ZoneInfo(account.zone)).strftime("%d/%m/%Y" if language == "fr" else "%Y-%m-%d")

    yield [text(f"papers.column.{column}") for column in _COLUMNS]
    for owed in account.owed:
        amounts = [owed.owed.amount, owed.paid.amount, owed.left.amount]
        yield [text("papers.owed"), day(owed.deadline), owed.cycle, owed.round, "", *amounts, ""]
    for paid in account.paid:
        source = text(f"papers.source.{paid.source}")
        what = f"{source}, {text('papers.by', name=paid.by)}" if paid.by else source
        key = "papers.taken_back" if paid.is_reversed else "papers.paid"
        yield [text(key), day(paid.at), "", "", what, "", "", "", paid.amount.amount]
    for fine in account.fines:
        state = text(f"papers.fine.{fine.state}")
        yield [text("papers.fines"), day(fine.at), fine.cycle, fine.round, state, "", "", "", fine.amount.amount]
    for had in account.received:
        source = text(f"papers.source.{had.source}" if had.is_confirmed else "papers.cash_to_confirm")
        yield [text("papers.received"), day(had.at), had.cycle, had.round, source, "", "", "", had.amount.amount]
    for other in account.others:
        what = text(f"papers.other.{other.other}")
        yield [text("papers.others"), day(other.at), "", "", what, "", "", "", other.amount.amount]


async def _members_csv(session: AsyncSession, tontine: Tontine, language: str) -> bytes:
    names = await names_of(session, tontine.id)
    columns = ("member", "owed", "paid", "left", "fines_left", "received")
    rows: list[list[Cell]] = [[i18n.text(language, f"papers.column.{column}").unescape() for column in columns]]
    for membership_id, name in names.items():
        account = await account_of(session, await session.get_one(Membership, membership_id))
        totals = (
            account.total_owed, account.total_paid, account.total_left, account.total_fines, account.total_received
        )  # fmt: skip
        rows.append([name, *(total.amount for total in totals)])
    return _csv(rows, language)


async def _facts(session: AsyncSession, tontine: Tontine) -> dict[str, Any]:
    """The tontine as data; people by name and membership, without numbers or addresses."""
    members = await session.scalars(select(Membership).where(Membership.tontine_id == tontine.id))
    names = await names_of(session, tontine.id)
    cycles = await session.scalars(select(Cycle).where(Cycle.tontine_id == tontine.id).order_by(Cycle.number))
    charters = await session.scalars(select(Charter).where(Charter.tontine_id == tontine.id).order_by(Charter.version))
    officers = await tontines.officers_of(session, tontine.id)
    return {
        "name": tontine.name,
        "state": tontine.state,
        "created_at": tontine.created_at.isoformat(),
        "rules": tontine.stated_rules,
        "charters": [
            {"version": each.version, "articles": each.articles, "hash": each.hash} for each in charters
        ],
        "members": [
            {"id": str(each.id), "name": names[each.id], "state": each.state, "halves": each.halves} for each in members
        ],
        "officers": {role.value: str(membership_id) for role, membership_id in officers.items()},
        "fund": (await tontines.fund_balance(session, tontine.id)).amount,
        "cycles": [await _cycle(session, each) for each in list(cycles)],
    }  # fmt: skip


async def _cycle(session: AsyncSession, cycle: Cycle) -> dict[str, Any]:
    draw = await tontines.public_draw(session, cycle.id)
    return {
        "number": cycle.number,
        "rules": cycle.stated_rules,
        "started_at": cycle.started_at.isoformat(),
        "ended_at": cycle.ended_at.isoformat() if cycle.ended_at else None,
        "shares": [await _share(session, each.id, each.number) for each in await tontines.shares_of(session, cycle.id)],
        "turns": {str(each.position): str(each.share_id) for each in await tontines.turns_of(session, cycle.id)},
        "draw": draw.model_dump(mode="json") if draw else None,
        "rounds": [_round(each) for each in await tontines.rounds_of(session, cycle.id)],
        "summary": cycle.summary,
    }


async def _share(session: AsyncSession, share_id: UUID, number: int) -> dict[str, Any]:
    held = await tontines.holdings_of(session, share_id)
    holders = [{"member": str(each.membership_id), "halves": each.halves} for each in held]
    return {"id": str(share_id), "number": number, "holders": holders}


def _round(round_: Round) -> dict[str, Any]:
    return {
        "number": round_.number,
        "state": round_.state,
        "opens_at": round_.opens_at.isoformat(),
        "deadline": round_.deadline.isoformat(),
        "minutes": round_.minutes,
    }


def _pretty(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=2).encode()
