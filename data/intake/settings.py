"""What the configuration says of input files; every part may be left to be found out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Country = Literal["BR", "MX"]
DateOrder = Literal["dmy", "mdy", "ymd"]
DecimalMark = Literal[",", "."]

DEFAULT_CREDITOR_ID: Final = "default"
"""The creditor of a file that names none, where the configuration names none either."""


@dataclass(frozen=True, slots=True)
class FixedField:
    """One field of a fixed-width line: `start` is its first character, counted from 1."""

    name: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """`[intake]` and what `[creditor]` and `[legal]` say for whole files.

    `columns` maps a role (`data.intake.roles.ROLES`) to the columns that hold it, in order; an
    empty tuple says that no column does. `None` means "find out". `creditor_id` stands for every
    row; without it a column of role `creditor` tells several creditors apart.
    """

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    fixed: tuple[FixedField, ...] = ()
    country: Country | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None
    creditor_id: str | None = None
    legal_basis: str | None = None
    legal_source: str | None = None
    legal_date: date | None = None
