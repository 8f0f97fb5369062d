"""Which debtors are one person or company."""

from __future__ import annotations

import polars as pl

from checks.contacts import find_clusters
from data.reference.matching import load_match_reference
from flows.run import Run


def match(run: Run) -> None:
    """Cluster the debtors of each creditor."""
    contacts = run.read("found_contacts").join(run.read("syntax"), on="email_raw", how="left")
    shaped = contacts.select(
        "creditor_id",
        "debtor_id",
        address=pl.when(pl.col("domain").is_not_null()).then(pl.col("address")),
    )
    clusters = find_clusters(run.read("debtors"), shaped, load_match_reference())
    run.commit("match", {"clusters": clusters})
