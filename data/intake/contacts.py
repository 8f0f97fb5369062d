"""Accepted rows to contacts: one row per debtor and address."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from checks.frames import FOUND_CONTACTS, shaped
from data.intake.vocabulary import Vocabulary, fold

TRUST: Final = ("debtor", "creditor", "agency", "bureau", "register", "unknown")
"""Whom an address came from, the most trusted first (field guide on ownership by source)."""


def find_contacts(
    rows: pl.DataFrame,
    *,
    legal_basis: str | None,
    legal_source: str | None,
    legal_date: date | None,
    vocabulary: Vocabulary,
) -> pl.DataFrame:
    """Return `FOUND_CONTACTS`, sorted; the legal arguments stand for what rows do not say.

    `rows` are identified rows with `addresses` and `misplaced`. Source and legal basis hold
    for the whole row; an address in another field has no date, for no column speaks of it. Where
    several rows give a debtor one address, the most trusted source with its newest date is kept,
    and the latest confirmation of all.
    """
    source = vocabulary.source.get(fold(legal_source), "unknown") if legal_source else "unknown"
    keys = ("creditor_id", "debtor_id", "email_raw")
    told = rows.with_columns(
        source=pl.coalesce("source_class", pl.lit(source)),
        legal_basis=pl.coalesce("legal_basis", pl.lit(legal_basis, dtype=pl.String)),
    )
    row = ("creditor_id", "debtor_id", "source", "legal_basis")
    dated = ("email_raw", "source_date", "confirmed_at")
    in_place = told.select(
        *row,
        email_raw="addresses",
        source_date="source_dates",
        confirmed_at="confirmations",
        origin=pl.lit("file"),
    ).explode(*dated)
    misplaced = told.select(*row, email_raw="misplaced", origin=pl.lit("other_field"))
    contacts = pl.concat(
        [in_place.drop_nulls("email_raw"), misplaced.explode("email_raw", keep_nulls=False)],
        how="diagonal",
    ).with_columns(pl.col("source_date").fill_null(pl.lit(legal_date, dtype=pl.Date)))
    trust = pl.col("source").cast(pl.Enum(TRUST))
    best = contacts.sort(
        *keys,
        trust.to_physical(),
        "source_date",
        "legal_basis",
        "origin",
        descending=[False, False, False, False, True, False, False],
        nulls_last=True,
    )
    return shaped(
        best.group_by(keys, maintain_order=True).agg(
            pl.col("origin", "source", "source_date", "legal_basis").first(),
            pl.col("confirmed_at").max(),
        ),
        FOUND_CONTACTS,
    )
