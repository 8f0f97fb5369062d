"""Whom an erasure is about, and how one is recognised in rows of any table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

ADDRESS_COLUMNS: Final = ("email", "email_raw", "address", "suggestion")
"""Columns that hold an address in the frames of `checks/frames.py` and in published tables."""


@dataclass(frozen=True, slots=True)
class Person:
    """One creditor's debtor with every record that is this debtor, or one address alone.

    `addresses` are normalised, `texts` adds how they were written. `debtor_ids` is empty where
    only the address is forgotten. `traces` are names, tax ids and phones. `shared` are addresses
    and traces that other records still hold lawfully: another creditor's, or a namesake's.
    """

    creditor_id: str
    debtor_ids: frozenset[str]
    addresses: frozenset[str]
    texts: frozenset[str]
    traces: frozenset[str] = frozenset()
    tax_ids: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    @property
    def own_texts(self) -> frozenset[str]:
        """Texts of addresses that nobody else holds: they leave tables that know no creditor."""
        return self.texts - self.shared

    @property
    def searched(self) -> frozenset[str]:
        """What must not be found anywhere afterwards."""
        return (self.texts | self.traces) - self.shared


def holds_person(schema: Iterable[str], person: Person) -> pl.Expr:
    """Return whether a row of a table with these columns is the person's, or has the address."""
    columns = set(schema)
    theirs = _theirs(columns, person)
    texts = person.texts if "creditor_id" in columns else person.own_texts
    known = pl.Series(sorted(texts), dtype=pl.String).implode()
    at_address = pl.any_horizontal(
        pl.lit(value=False),
        *(
            pl.col(name).is_in(known).fill_null(value=False)
            for name in ADDRESS_COLUMNS[:-1]
            if name in columns
        ),
    )
    return theirs | (at_address & _of_creditor(columns, person))


def without_person(frame: pl.DataFrame, person: Person) -> pl.DataFrame:
    """Return a table without the person: no row of theirs, the address in no other row.

    Rows of other debtors that were written to at the address stay, without it (`backups` is the
    mark of such a table); rows about the address itself go.

    >>> person = Person("c", frozenset({"7"}), frozenset({"a@b.test"}), frozenset({"a@b.test"}))
    >>> frame = pl.DataFrame({"creditor_id": ["c", "c", "d"], "debtor_id": ["7", "8", "7"],
    ...                       "email": ["x@b.test", "a@b.test", "a@b.test"]})
    >>> without_person(frame, person).rows()
    [('d', '7', 'a@b.test')]
    """
    columns = set(frame.columns)
    texts = person.texts if "creditor_id" in columns else person.own_texts
    known = pl.Series(sorted(texts), dtype=pl.String).implode()
    if "backups" in columns:
        frame = frame.filter(~_theirs(columns, person))
        at_address = pl.col("email").is_in(known) & _of_creditor(columns, person)
        return frame.with_columns(
            email=pl.when(~at_address.fill_null(value=False)).then("email"),
            backups=pl.when(_of_creditor(columns, person))
            .then(pl.col("backups").list.filter(~pl.element().is_in(known)))
            .otherwise("backups"),
        )
    frame = frame.filter(~holds_person(columns, person))
    if "suggestion" in columns:
        proposed = pl.col("suggestion").is_in(known).fill_null(value=False)
        frame = frame.with_columns(
            suggestion=pl.when(~(proposed & _of_creditor(columns, person))).then("suggestion")
        )
    return frame


def _theirs(columns: set[str], person: Person) -> pl.Expr:
    if not {"creditor_id", "debtor_id"} <= columns:
        return pl.lit(value=False)
    own = pl.col("debtor_id").is_in(sorted(person.debtor_ids)) & _of_creditor(columns, person)
    return own.fill_null(value=False)


def _of_creditor(columns: set[str], person: Person) -> pl.Expr:
    if "creditor_id" not in columns:
        return pl.lit(value=True)
    return pl.col("creditor_id") == person.creditor_id
