"""Who must not be written to: suppressions matched to addresses, persons and invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from checks.model import DecisionReason

EVERYONE: Final = "*"

STRENGTH: Final = (
    DecisionReason.SUPPRESS_ERASED,
    DecisionReason.SUPPRESS_DECEASED,
    DecisionReason.SUPPRESS_OPT_OUT,
    DecisionReason.SUPPRESS_COMPLAINT,
    DecisionReason.SUPPRESS_DISPUTED,
    DecisionReason.SUPPRESS_SETTLED,
    DecisionReason.SUPPRESS_WRONG_PERSON,
    DecisionReason.SUPPRESS_BOUNCED,
)
"""Suppression reasons, the one to name first where several hold."""

WISHES: Final = frozenset(
    {
        DecisionReason.SUPPRESS_ERASED,
        DecisionReason.SUPPRESS_OPT_OUT,
        DecisionReason.SUPPRESS_COMPLAINT,
    },
)
"""Reasons by which a person asks for silence."""

OF_A_PERSON: Final = WISHES | {DecisionReason.SUPPRESS_DECEASED}
"""Reasons that, met at one address, silence every address of the same person.

A wrong person or a bounce says something of the mailbox only.
"""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What must not be used: frames with their strongest `reason` and the columns named beside."""

    addresses: pl.DataFrame  # creditor_id, address
    debtors: pl.DataFrame  # creditor_id, debtor_id
    invoices: pl.DataFrame  # creditor_id, invoice_id


def find_suppressed(
    *,
    suppressions: pl.DataFrame,
    address_keys: pl.DataFrame,
    contacts: pl.DataFrame,
    clusters: pl.DataFrame,
    invoices: pl.DataFrame,
    as_of: datetime,
) -> Suppressed:
    """Return which addresses, debtors and invoices are suppressed at a moment.

    `suppressions` is SUPPRESSIONS, `address_keys` has `address` and its keyed hash `key`,
    `contacts` needs `creditor_id, debtor_id, address`; CLUSTERS carries a person's wish to the
    same person's other records of the same creditor.
    """
    active = suppressions.filter(
        (pl.col("since") <= as_of) & (pl.col("until").is_null() | (pl.col("until") > as_of)),
    )
    owners = contacts.select("creditor_id", "debtor_id", "address").unique()
    keyed = owners.select("creditor_id", "address").unique().join(address_keys, on="address")
    addresses = _matched(keyed, active, subject="address", by="key")
    bills = _matched(
        invoices.select("creditor_id", "debtor_id", "invoice_id"),
        active,
        subject="invoice",
        by="invoice_id",
    )
    named = _matched(
        clusters.select("creditor_id", "debtor_id"), active, subject="debtor", by="debtor_id"
    )
    silenced = [
        named,
        _debtors_without_open_bill(invoices, bills),
        _by_wish(addresses, owners, clusters),
    ]
    return Suppressed(
        addresses=_strongest(addresses, "creditor_id", "address"),
        debtors=_strongest(pl.concat(silenced), "creditor_id", "debtor_id"),
        invoices=_strongest(bills, "creditor_id", "invoice_id"),
    )


def open_invoices(invoices: pl.DataFrame, suppressed: Suppressed) -> pl.DataFrame:
    """Return the INVOICES that may still be asked for: neither settled nor disputed."""
    return invoices.join(
        suppressed.invoices, on=["creditor_id", "invoice_id"], how="anti", maintain_order="left"
    )


def _matched(rows: pl.DataFrame, active: pl.DataFrame, *, subject: str, by: str) -> pl.DataFrame:
    """Return rows with the reason of each suppression of their creditor or of everyone."""
    wanted = active.filter(pl.col("subject") == subject).select(
        "creditor_id", pl.col("key").alias(by), "reason"
    )
    own = rows.join(wanted, on=["creditor_id", by], how="inner")
    all_creditors = wanted.filter(pl.col("creditor_id") == EVERYONE).drop("creditor_id")
    return pl.concat([own, rows.join(all_creditors, on=by, how="inner")])


def _debtors_without_open_bill(invoices: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
    """Return debtors whose every invoice is settled or disputed."""
    key = ["creditor_id", "debtor_id"]
    reasons = _strongest(bills, *key, "invoice_id")
    return (
        invoices.select(*key, "invoice_id")
        .join(reasons, on=[*key, "invoice_id"], how="left")
        .group_by(key)
        .agg(
            pl.col("reason").is_not_null().all().alias("all_closed"),
            pl.col("reason").drop_nulls().sort_by(_rank(pl.col("reason").drop_nulls())).first(),
        )
        .filter("all_closed")
        .select(*key, "reason")
    )


def _by_wish(addresses: pl.DataFrame, owners: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return every record of a person who spoke up at one of the person's addresses."""
    key = ["creditor_id", "cluster_id"]
    spoken = (
        addresses.filter(pl.col("reason").is_in(sorted(OF_A_PERSON)))
        .join(owners, on=["creditor_id", "address"])
        .join(clusters, on=["creditor_id", "debtor_id"])
        .select(*key, "reason")
        .unique()
    )
    return clusters.join(spoken, on=key).select("creditor_id", "debtor_id", "reason")


def _strongest(rows: pl.DataFrame, *key: str) -> pl.DataFrame:
    return (
        rows.select(*key, "reason")
        .sort(*key, _rank(pl.col("reason")))
        .unique(key, keep="first", maintain_order=True)
    )


def _rank(reason: pl.Expr) -> pl.Expr:
    ranks = {word.value: position for position, word in enumerate(STRENGTH)}
    return reason.replace_strict(ranks, default=len(ranks), return_dtype=pl.Int64)
