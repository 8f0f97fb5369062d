"""Who needs a person's hand: debtors to review, waiting, blocked, and without e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from checks.model import Decision
from reports.facts import RunFrames
from reports.view import KEY

MOST_ROWS: Final = 20_000
"""Rows of one list; nobody works through more, and `debtors.csv` holds them all."""

LISTED: Final = (Decision.REVIEW, Decision.OTHER_CHANNEL, Decision.HOLD, Decision.SUPPRESS)

COLUMNS: Final = (
    "creditor_id",
    "debtor_id",
    "name",
    "kind",
    "decision_reason",
    "amount",
    "currency",
    "days_overdue",
    "invoices",
    "email",
    "suggestion",
    "verdict",
    "reason",
    "score",
    "ownership",
    "other_channel",
    "phone",
)

_TAX_ID_SHAPE: Final = r"^(\d{11}|[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3})$"


@dataclass(frozen=True, slots=True)
class WorkLists:
    """The lists by decision, each with `COLUMNS`, the largest amount first; `totals` are uncut."""

    lists: Mapping[Decision, pl.DataFrame]
    totals: Mapping[Decision, int]


def work_lists(frames: RunFrames) -> WorkLists:
    """Return at most `MOST_ROWS` debtors for each decision in `LISTED`.

    A debtor id that is the debtor's CPF or RFC, mistyped ones included, is masked (rule L17).
    """
    said = (
        frames.contacts.drop_nulls("email")
        .sort(*KEY, "email", "email_raw")
        .unique([*KEY, "email"], keep="first", maintain_order=True)
        .select(*KEY, "email", "suggestion", "verdict", "reason")
    )
    tax_ids = frames.debtors.select(*KEY, "tax_id", "tax_id_flag")
    lists: dict[Decision, pl.DataFrame] = {}
    totals: dict[Decision, int] = {}
    for decision in LISTED:
        part = frames.decided.filter(pl.col("decision") == decision)
        first = part.sort(["amount", *KEY], descending=[True, False, False], nulls_last=True).head(
            MOST_ROWS
        )
        told = first.join(said, on=[*KEY, "email"], how="left", maintain_order="left")
        told = told.join(tax_ids, on=KEY, how="left", maintain_order="left")
        lists[decision] = told.with_columns(_masked_id()).select(COLUMNS)
        totals[decision] = part.height
    return WorkLists(lists, totals)


def _masked_id() -> pl.Expr:
    bare = pl.col("debtor_id").str.to_uppercase().str.replace_all(r"[^0-9A-ZÑ&]", "")
    cpf = pl.lit("***") + bare.str.slice(3, 6) + pl.lit("**")  # as the federal register masks it
    rfc = bare.str.slice(0, 4) + pl.lit("***") + bare.str.slice(-3)
    mistyped = (pl.col("tax_id_flag") == "invalid") & bare.str.contains(_TAX_ID_SHAPE)
    is_tax_id = (bare == pl.col("tax_id")) | mistyped
    length = bare.str.len_chars()  # a CPF has 11 characters, an RFC 12 or 13, a CNPJ 14
    return (
        pl.when(is_tax_id & length.is_in([11]))
        .then(cpf)
        .when(is_tax_id & length.is_in([12, 13]))
        .then(rfc)
        .otherwise(pl.col("debtor_id"))
        .alias("debtor_id")
    )
