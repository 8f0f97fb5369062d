"""A sample of a portfolio: the same debtors whenever and wherever it is taken."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import polars as pl

from data.intake import Portfolio, SourceSums

KEY = ("creditor_id", "debtor_id")


def sample_portfolio(portfolio: Portfolio, debtors: int) -> Portfolio:
    """Return the portfolio cut to so many debtors, chosen by a stable hash of their ids.

    Rows of other debtors leave with their debtors, from the sums too; quarantine stays.
    """
    names = portfolio.debtors.select(KEY)
    order = [hashlib.sha256("\x1f".join(row).encode()).hexdigest() for row in names.iter_rows()]
    chosen = names.with_columns(order=pl.Series(order, dtype=pl.String)).sort("order").head(debtors)

    def cut(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(chosen, on=KEY, how="semi", maintain_order="left")

    records = cut(portfolio.records)
    kept = dict(records["source"].value_counts().iter_rows())
    sources = tuple(_counted(each, kept.get(each.source, 0)) for each in portfolio.sums.sources)
    return replace(
        portfolio,
        sums=replace(portfolio.sums, sources=sources),
        records=records,
        contacts=cut(portfolio.contacts),
        invoices=cut(portfolio.invoices),
        debtors=cut(portfolio.debtors),
    )


def _counted(source: SourceSums, accepted: int) -> SourceSums:
    return replace(source, rows=accepted + source.quarantined, accepted=accepted)
