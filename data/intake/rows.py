"""One file's cells as typed rows: amounts, days and texts read, nothing folded yet."""

from __future__ import annotations

from collections.abc import Mapping as Table
from typing import Final

import polars as pl

from checks.frames import MOMENT, MONEY
from data.intake.amounts import guess_decimal_mark, parse_amounts
from data.intake.country import DECIMAL_MARK_OF
from data.intake.mapping import Mapping
from data.intake.moments import guess_date_order, is_no_date, parse_distinct_days, parse_moments
from data.intake.roles import dated_role
from data.intake.settings import Country, DateOrder, DecimalMark, IntakeSettings
from data.intake.vocabulary import Vocabulary, fold

ROWS: Final = pl.Schema(
    {
        "source": pl.String(),
        "line": pl.Int64(),
        "by_row_number": pl.Boolean(),
        "creditor": pl.String(),  # texts are trimmed; null: blank or a word for "nothing known"
        "debtor_id": pl.String(),
        "tax_id": pl.String(),
        "name": pl.String(),
        "kind": pl.String(),  # pf | pj
        "language": pl.String(),
        "emails": pl.List(pl.String()),  # cells as they stood, by column; null: blank
        "source_dates": pl.List(pl.Date()),  # of the same columns; null: not told
        "confirmations": pl.List(MOMENT),  # of the same columns; null: not told
        "phones": pl.List(pl.String()),
        "has_invoice": pl.Boolean(),
        "invoice_id": pl.String(),
        "amount": MONEY,
        "currency": pl.String(),  # ISO 4217; null: not given
        "due_date": pl.Date(),
        "source_class": pl.String(),  # debtor | creditor | ...; null: not given
        "legal_basis": pl.String(),
    },
)
"""One row per readable input row."""

_LONGEST_TEXT: Final = 300
_LONGEST_EMPTY: Final = 24
_SPREADSHEET_TEXT: Final = r'^="(.*)"$'


def to_rows(
    source: str,
    cells: pl.DataFrame,
    mapping: Mapping,
    *,
    settings: IntakeSettings,
    country: Country,
    vocabulary: Vocabulary,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return `ROWS` and how many amounts, days and words could not be read.

    `cells` has `line` and the String columns of `mapping.fields()`.
    """
    reader = _CellReader(cells, vocabulary)
    order = settings.date_order or guess_date_order(reader.text("due_date"))
    mark = settings.decimal or guess_decimal_mark(reader.text("amount"), DECIMAL_MARK_OF[country])
    rows = pl.DataFrame(
        [
            cells.get_column("line"),
            reader.text("creditor"),
            reader.text("debtor_id"),
            reader.text("tax_id"),
            reader.text("name"),
            reader.word("kind", vocabulary.kind),
            reader.word("language", vocabulary.language),
            *reader.emails(order),
            reader.several("phone").alias("phones"),
            reader.text("invoice_id"),
            reader.amount(mark),
            reader.word("currency", vocabulary.currency),
            reader.day("due_date", order),
            reader.source_class(),
            reader.text("legal_basis"),
        ],
    )
    rows = rows.with_columns(
        source=pl.lit(source),
        by_row_number=pl.lit(mapping.by_row_number),
        has_invoice=reader.has_invoice(),
    )
    return rows.select(ROWS.names()).cast(ROWS), reader.unreadable


class _CellReader:
    """Reads columns by role, counting what it cannot make sense of."""

    def __init__(self, cells: pl.DataFrame, vocabulary: Vocabulary) -> None:
        self._cells = cells
        self._vocabulary = vocabulary
        self._texts: dict[str, pl.Series] = {}
        self.unreadable: dict[str, int] = {}

    def text(self, role: str) -> pl.Series:
        """Return trimmed texts; what says "nothing known" is null."""
        if role not in self._texts:
            if role in self._cells.columns:
                text = self._cells.get_column(role).to_frame().select(_tidy(pl.col(role)))
                self._texts[role] = _without_empty(text.to_series(), self._vocabulary)
            else:
                self._texts[role] = pl.repeat(
                    None, self._cells.height, dtype=pl.String, eager=True
                ).alias(role)
        return self._texts[role]

    def several(self, role: str) -> pl.Series:
        names = [name for name in self._cells.columns if name.startswith(f"{role}_")]
        if not names:
            return pl.Series(role, [[]], dtype=pl.List(pl.String)).new_from_index(
                0, self._cells.height
            )
        joined = pl.concat_list(names).list.drop_nulls().alias(role)
        return self._cells.select(joined).to_series()

    def emails(self, order: DateOrder) -> list[pl.Series]:
        """Return `emails`, `source_dates` and `confirmations`, each by column.

        Dates are never lent to another column: the owner who confirmed one mailbox has said
        nothing of the next.
        """
        names = [name for name in self._cells.columns if name.startswith("email_")]
        places = range(1, len(names) + 1)
        columns = {
            "emails": [self._cells.get_column(name) for name in names],
            "source_dates": [self.day(dated_role("source_date", n), order) for n in places],
            "confirmations": [self.moment(dated_role("confirmed_at", n), order) for n in places],
        }
        return [self._listed(name, found) for name, found in columns.items()]

    def _listed(self, name: str, columns: list[pl.Series]) -> pl.Series:
        if not columns:
            return pl.Series(name, [[]], dtype=ROWS[name]).new_from_index(0, self._cells.height)
        return pl.select(pl.concat_list(columns).alias(name)).to_series()

    def amount(self, mark: DecimalMark) -> pl.Series:
        raw = self.text("amount")
        return self._counted("amount", raw, parse_amounts(raw, mark))

    def day(self, role: str, order: DateOrder) -> pl.Series:
        raw = self._without_no_date(role)
        return self._counted(role, raw, parse_distinct_days(raw, order))

    def moment(self, role: str, order: DateOrder) -> pl.Series:
        raw = self._without_no_date(role)
        return self._counted(role, raw, parse_moments(raw, order))

    def word(self, role: str, words: Table[str, str]) -> pl.Series:
        raw = self.text(role)
        table = {cell: words.get(fold(cell)) for cell in raw.drop_nulls().unique()}
        known = raw.replace_strict(table, default=None, return_dtype=pl.String)
        return self._counted(role, raw, known)

    def source_class(self) -> pl.Series:
        by, where = (self.word(role, self._vocabulary.source) for role in ("provided_by", "source"))
        return by.zip_with(by.is_not_null(), where).alias("source_class")

    def has_invoice(self) -> pl.Series:
        known = [self.text(role).is_not_null() for role in ("invoice_id", "amount", "due_date")]
        return known[0] | known[1] | known[2]

    def _without_no_date(self, role: str) -> pl.Series:
        raw = self.text(role).to_frame(role)
        cell = pl.col(role)
        return raw.select(pl.when(~is_no_date(cell)).then(cell)).to_series()

    def _counted(self, role: str, raw: pl.Series, read: pl.Series) -> pl.Series:
        lost = int((raw.is_not_null() & read.is_null()).sum())
        if lost:
            self.unreadable[role] = self.unreadable.get(role, 0) + lost
        return read.alias(role)


def _tidy(cell: pl.Expr) -> pl.Expr:
    """Take off `="..."`, blanks around and runs of blanks and controls inside."""
    return (
        cell.str.replace(_SPREADSHEET_TEXT, "${1}")
        .str.replace_all(r"[\s\p{C}]+", " ")
        .str.strip_chars()
        .str.head(_LONGEST_TEXT)
    )


def _without_empty(text: pl.Series, vocabulary: Vocabulary) -> pl.Series:
    """Make null what stands for "nothing known": judged on distinct short texts only."""
    name = text.name
    cell = pl.col(name)
    short = (cell.str.len_chars() <= _LONGEST_EMPTY) & ~cell.str.contains("[1-9]")
    candidates = text.to_frame().filter(short).unique()
    folded = (
        cell.str.to_lowercase()
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars()
    )
    empty = candidates.filter((folded == "") | folded.is_in(list(vocabulary.empty)))
    known = ~cell.is_in(empty.get_column(name).to_list())
    return text.to_frame().select(pl.when(known).then(cell)).to_series()
