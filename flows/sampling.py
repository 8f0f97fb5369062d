"""A sample of a portfolio: the same debtors whenever and wherever it is taken."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import polars as pl

from data.intake import Portfolio

KEY = ("creditor_id", "debtor_id")


def sample_portfolio(portfolio: Portfolio, debtors: int) -> Portfolio:
    """Return the portfolio cut to so many debtors, chosen by a stable hash of their ids.

    Rows of other debtors leave with their debtors; quarantine and sums stay those of the files.
    """
    names = portfolio.debtors.select(KEY)
    order = [hashlib.sha256("\x1f".join(row).encode()).hexdigest() for row in names.iter_rows()]
    chosen = names.with_columns(order=pl.Series(order, dtype=pl.String)).sort("order").head(debtors)

    def cut(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(chosen, on=KEY, how="semi", maintain_order="left")

    return replace(
        portfolio,
        records=cut(portfolio.records),
        contacts=cut(portfolio.contacts),
        invoices=cut(portfolio.invoices),
        debtors=cut(portfolio.debtors),
    )
