"""Counting debtors and what they owe, by any columns, without crossing currencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from reports.summary import Money


class Group(NamedTuple):
    """One group of debtors: its words (empty for null), how many, what they owe."""

    words: tuple[str, ...]
    debtors: int
    invoices: int
    amounts: tuple[Money, ...]


def tally(view: pl.DataFrame, by: Sequence[str]) -> list[Group]:
    """Group debtors by the text columns `by`, sorted by them.

    >>> view = pl.DataFrame(
    ...     {"decision": ["send", "send", None], "invoices": [1, 2, 1],
    ...      "amount": [Decimal("1.10"), Decimal("2.20"), None], "currency": ["BRL", "BRL", None]},
    ...     schema_overrides={"amount": pl.Decimal(18, 2)})
    >>> [(g.words, g.debtors, g.invoices) for g in tally(view, ["decision"])]
    [(('',), 1, 1), (('send',), 2, 3)]
    >>> tally(view, ["decision"])[1].amounts
    (Money(currency='BRL', amount=Decimal('3.30')),)
    """
    named = view.with_columns(pl.col(by).fill_null(""))
    owed: dict[tuple[str, ...], list[Money]] = defaultdict(list)
    for *words, currency, amount in _sums(named, by).iter_rows():
        owed[tuple(words)].append(Money(currency, amount))
    counts = named.group_by(by).agg(pl.len(), pl.col("invoices").sum()).sort(by)
    return [
        Group(tuple(words), debtors, invoices, tuple(owed[tuple(words)]))
        for *words, debtors, invoices in counts.iter_rows()
    ]


def amounts_of(view: pl.DataFrame) -> tuple[Money, ...]:
    """Return what all debtors of the view owe, one amount a currency."""
    return tuple(Money(currency, amount) for currency, amount in _sums(view, []).iter_rows())


def _sums(view: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    keys = [*by, "currency"]
    known = view.drop_nulls(["amount", "currency"])
    return known.group_by(keys).agg(pl.col("amount").sum()).sort(keys).select(*keys, "amount")


def in_currency(amounts: Sequence[Money], currency: str) -> Money:
    """Return the amount in one currency, zero where there is none.

    >>> in_currency((), "BRL")
    Money(currency='BRL', amount=Decimal('0'))
    """
    found = (money for money in amounts if money.currency == currency)
    return next(found, Money(currency, Decimal(0)))
