"""What `entrega init` finds in a file, and shows of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from data.intake.addresses import with_addresses
from data.intake.amounts import guess_decimal_mark
from data.intake.confined import run_confined
from data.intake.country import CURRENCY_OF, DECIMAL_MARK_OF, guess_country
from data.intake.jobs import Job, Outcome
from data.intake.limits import Limits
from data.intake.mapping import Mapping
from data.intake.moments import guess_date_order
from data.intake.rows import to_rows
from data.intake.settings import Country, IntakeSettings
from data.intake.staging import stage_file
from data.intake.vocabulary import load_vocabulary

_LOOKED_AT: Final = 1_000
_SHOWN_ROWS: Final = 3
_LONGEST_LINE: Final = 300


@dataclass(frozen=True, slots=True)
class Proposal:
    """A file as `entrega init` understands it.

    `parsed` holds the first rows as `data.intake.rows.ROWS`: personal data, for the terminal of
    the person who gave the file and nowhere else.
    """

    source: str
    format: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    headerless: bool
    mapping: Mapping
    settings: IntakeSettings
    country: Country
    parsed: pl.DataFrame

    def shown(self) -> str:
        """Return the columns with their roles and the first rows, for the user's terminal."""
        dialect = ", ".join(filter(None, (self.format, self.encoding, self._delimiter_name())))
        width = max(map(len, map(printable, self.header)), default=0)
        columns = [
            f"  {printable(name):<{width}}  {self.role_of(place) or '(dropped)'}"
            for place, name in enumerate(self.header)
        ]
        rows = [f"  {printable(row)}" for row in understood(self.parsed)]
        return "\n".join(
            [
                f"{self.source}: {dialect}",
                "columns and their roles:",
                *columns,
                "first rows as understood:",
                *rows,
            ],
        )

    def _delimiter_name(self) -> str:
        return f"delimiter {self.delimiter!r}" if self.delimiter else ""

    def role_of(self, place: int) -> str | None:
        """Return the role guessed for a column, or None where it would be dropped."""
        return next(
            (role for role, places in self.mapping.columns.items() if place in places),
            None,
        )


def look(
    path: Path,
    settings: IntakeSettings | None = None,
    *,
    work_dir: Path | None = None,
    limits: Limits | None = None,
) -> Proposal:
    """Return what a file seems to hold, from its header and its first 1,000 rows.

    The file is copied to a private folder below `work_dir` (else the system's) and back away.

    Raises `InputRefusedError` where the file is none that could be read.
    """
    given = settings or IntakeSettings()
    with tempfile.TemporaryDirectory(prefix="intake-", dir=work_dir) as name:
        folder = Path(name)
        staged = stage_file(path, folder, limits or Limits())
        job = Job(staged.source, given, limits or Limits(), look_rows=_LOOKED_AT)
        outcome = run_confined(folder, job)
    return _propose(staged.source, outcome, given)


def _propose(source: str, outcome: Outcome, given: IntakeSettings) -> Proposal:
    cells = _mapped_cells(outcome)
    country = given.country or guess_country([cells], outcome.language)
    order, mark = given.date_order, given.decimal
    if "due_date" in cells.columns:
        order = order or guess_date_order(cells.get_column("due_date"))
    if "amount" in cells.columns:
        mark = mark or guess_decimal_mark(cells.get_column("amount"), DECIMAL_MARK_OF[country])
    settings = replace(
        given,
        country=country,
        currency=given.currency or CURRENCY_OF[country],
        date_order=order,
        decimal=mark,
    )
    parsed, _ = to_rows(
        source,
        cells,
        outcome.mapping,
        settings=settings,
        country=country,
        vocabulary=load_vocabulary(),
    )
    return Proposal(
        source=source,
        format=outcome.format,
        encoding=outcome.encoding,
        delimiter=outcome.delimiter,
        header=outcome.header,
        headerless=outcome.headerless,
        mapping=outcome.mapping,
        settings=settings,
        country=country,
        parsed=parsed.head(_SHOWN_ROWS),
    )


def _mapped_cells(outcome: Outcome) -> pl.DataFrame:
    rows = outcome.first_rows
    fields = outcome.mapping.fields()
    return pl.DataFrame(
        {"line": range(1, len(rows) + 1)}
        | {name: [row[place] for row in rows] for name, place in fields.items()},
        schema={"line": pl.Int64} | dict.fromkeys(fields, pl.String),
    )


def understood(parsed: pl.DataFrame) -> list[str]:
    """Return a line for each row of `ROWS`: what was found in it, in plain words."""
    shown = with_addresses(parsed, load_vocabulary()).select(
        pl.col("debtor_id").alias("id"),
        pl.col("name"),
        pl.col("tax_id"),
        pl.col("addresses").list.unique(maintain_order=True).list.join("; ").alias("e-mail"),
        pl.col("amount").cast(pl.String),
        pl.col("currency"),
        pl.col("due_date").cast(pl.String).alias("due"),
    )
    return [
        " | ".join(f"{column}: {value}" for column, value in row.items() if value)
        for row in shown.iter_rows(named=True)
    ]


def printable(text: str) -> str:
    r"""Return a text cut to what fits a line, without control characters.

    >>> printable("Ana\x1b[2J")
    'Ana [2J'
    """
    return "".join(char if char.isprintable() else " " for char in text[:_LONGEST_LINE])
