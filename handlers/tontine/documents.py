"""A member's account as a PDF: one page or a few, to be kept or shown at a bank."""

from collections.abc import Iterable, Sequence

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from core import i18n
from core.money import Money
from handlers.tontine.account import Account, FineLine, OtherLine, OwedLine, PaidLine, ReceivedLine
from handlers.tontine.letters import FONT, printable

_FAMILY = "Noto"
_CLAY, _INK, _DIM, _SHELL = (164, 68, 31), (43, 33, 24), (117, 104, 90), (243, 234, 217)
_WHITE = (255, 255, 255)
_LINE = 6.5
# A heading never stands alone at the foot of a page: its column names and two rows go with it.
_ROOM_FOR_A_HEAD = 32


def account_pdf(account: Account, language: str) -> bytes:
    """The account as a PDF in `language`, times in the tontine's zone."""
    return _Document(account, language).written()


class _Document(FPDF):
    def __init__(self, account: Account, language: str) -> None:
        super().__init__(format="A4")
        self._account = account
        self._language = language
        # Only the letters that are used go into the file, and nothing is drawn bold: that would be a font of its own.
        self.add_font(_FAMILY, fname=FONT)
        self.set_margin(15)
        self.set_auto_page_break(auto=True, margin=22)
        self.set_title(self._text("papers.title", name=printable(account.tontine, "…")))
        self.set_author("Cauri")
        self.set_creation_date(account.at)
        self.set_lang(language)

    def written(self) -> bytes:
        self.add_page()
        self._write_head()
        self._write_totals()
        account = self._account
        self._write_table("owed", (32, 50, 34, 34, 40), [self._owed(line) for line in account.owed])
        self._write_table("paid", (48, 58, 48, 36), [self._paid(line) for line in account.paid])
        self._write_table("fines", (48, 40, 52, 50), [self._fine(line) for line in account.fines])
        self._write_table("received", (48, 40, 52, 50), [self._received(line) for line in account.received])
        self._write_table("others", (48, 92, 50), [self._other(line) for line in account.others])
        return bytes(self.output())

    def footer(self) -> None:
        """At the foot of every page: when it was written, the seal to compare, and the page."""
        seal = self._account.seal
        self.set_y(-18)
        self.set_font(_FAMILY, size=7.5)
        self.set_text_color(*_DIM)
        if seal is not None:
            self.cell(0, 4, self._text("papers.seal", line=seal.number, hash=seal.hash), new_x="LMARGIN", new_y="NEXT")
        when = i18n.moment(self._language, self._account.at, self._account.zone)
        self.cell(0, 4, self._text("papers.foot", when=when, zone=self._account.zone, page=self.page_no()))

    def _write_head(self) -> None:
        self.set_text_color(*_CLAY)
        self.set_font(_FAMILY, size=20)
        self.multi_cell(0, 10, printable(self._account.tontine, "…"), new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*_INK)
        self.set_font(_FAMILY, size=13)
        name = self._text("papers.of", name=printable(self._account.member, "…"))
        self.multi_cell(0, 8, name, new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def _write_totals(self) -> None:
        account = self._account
        self.set_fill_color(*_SHELL)
        self.set_font(_FAMILY, size=11)
        totals = {
            "owed": account.total_owed, "paid": account.total_paid, "left": account.total_left,
            "fines": account.total_fines, "received": account.total_received,
        }  # fmt: skip
        for name, amount in totals.items():
            self.cell(110, 8, self._text(f"papers.total.{name}"), fill=True)
            self.cell(0, 8, i18n.amount(amount), fill=True, align="R", new_x="LMARGIN", new_y="NEXT")

    def _write_table(self, name: str, widths: Sequence[int], rows: Iterable[Sequence[str]]) -> None:
        """A heading and its table; nothing at all where there is no row."""
        lines = list(rows)
        if not lines:
            return
        self.ln(5)
        if self.will_page_break(_ROOM_FOR_A_HEAD):
            self.add_page()
        self.set_text_color(*_CLAY)
        self.set_font(_FAMILY, size=13)
        self.cell(0, 8, self._text(f"papers.{name}"), new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*_INK)
        self.set_font(_FAMILY, size=9.5)
        self.set_fill_color(*_WHITE)
        self.set_draw_color(*_SHELL)
        head = FontFace(emphasis="", color=_DIM, fill_color=_SHELL)
        aligned = ("LEFT",) * (len(widths) - 1) + ("RIGHT",)
        with self.table(
            col_widths=widths, text_align=aligned, line_height=_LINE, headings_style=head,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES, num_heading_rows=1,
        ) as table:  # fmt: skip
            table.row([self._text(f"papers.column.{column}") for column in COLUMNS[name]])
            for line in lines:
                table.row(list(line))

    def _owed(self, line: OwedLine) -> list[str]:
        state = "papers.left.late" if line.is_late else "papers.left.open" if line.left else "papers.left.none"
        until = i18n.moment(self._language, line.deadline, self._account.zone)
        amounts = [i18n.amount(line.owed), i18n.amount(line.paid)]
        return [self._round(line), until, *amounts, self._text(state, amount=line.left)]

    def _paid(self, line: PaidLine) -> list[str]:
        source = self._text(f"papers.source.{line.source}")
        by = self._text("papers.by", name=printable(line.by, "…")) if line.by else ""
        amount = self._text("papers.reversed", amount=line.amount) if line.is_reversed else i18n.amount(line.amount)
        return [self._moment(line), source, by, amount]

    def _fine(self, line: FineLine) -> list[str]:
        return [
            self._moment(line),
            self._round(line),
            self._text(f"papers.fine.{line.state}"),
            i18n.amount(line.amount),
        ]

    def _received(self, line: ReceivedLine) -> list[str]:
        source = self._text(f"papers.source.{line.source}" if line.is_confirmed else "papers.cash_to_confirm")
        return [self._moment(line), self._round(line), source, i18n.amount(line.amount)]

    def _other(self, line: OtherLine) -> list[str]:
        return [self._moment(line), self._text(f"papers.other.{line.other}"), i18n.amount(line.amount)]

    def _moment(self, line: PaidLine | FineLine | ReceivedLine | OtherLine) -> str:
        return i18n.moment(self._language, line.at, self._account.zone)

    def _round(self, line: OwedLine | FineLine | ReceivedLine) -> str:
        return self._text("papers.round", cycle=line.cycle, round=line.round)

    def _text(self, key: str, **params: Money | str | int) -> str:
        return i18n.text(self._language, key, **params).unescape()


COLUMNS = {
    "owed": ("round", "deadline", "owed", "paid", "left"),
    "paid": ("date", "source", "by", "amount"),
    "fines": ("date", "round", "state", "amount"),
    "received": ("date", "round", "source", "amount"),
    "others": ("date", "what", "amount"),
}
