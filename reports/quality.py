"""What the file is like: verdicts, providers, repairs, origins; counted over distinct addresses."""

from __future__ import annotations

import polars as pl

from checks.model import Decision, Verdict
from reports.summary import BasisTally, ProviderRow, RepairTally, VerdictTally


def distinct_addresses(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return one contact per address; where the shape is impossible, per text as it stood."""
    address = pl.coalesce("email", "email_raw").alias("address")
    return (
        contacts.with_columns(address)
        .sort("address", "debtor_id")
        .unique("address", keep="first", maintain_order=True)
    )


def count_verdicts(addresses: pl.DataFrame) -> tuple[VerdictTally, ...]:
    """Count addresses by verdict and reason, in the order of the four verdicts."""
    counts = addresses.group_by("verdict", "reason").len().sort("reason")
    rows = [VerdictTally(*row) for row in counts.iter_rows()]
    order = [str(verdict) for verdict in Verdict]
    return tuple(
        sorted(rows, key=lambda row: (order.index(row.verdict), -row.addresses, row.reason))
    )


def count_providers(addresses: pl.DataFrame, view: pl.DataFrame) -> tuple[ProviderRow, ...]:
    """Count addresses by provider, the largest first; `outgoing` counts debtors written to now."""
    known = addresses.drop_nulls("provider")
    outgoing = (
        view.filter(pl.col("decision").is_in([Decision.SEND, Decision.SEND_NEUTRAL]))
        .join(known.select("address", "provider"), left_on="email", right_on="address")
        .group_by("provider")
        .agg(pl.len().alias("outgoing"), pl.col("bounce").mean().round(6))
    )
    counts = known.group_by("provider").agg(
        pl.len().alias("addresses"),
        (pl.col("verdict") == Verdict.UNDELIVERABLE).sum().alias("undeliverable"),
        (pl.col("verdict") == Verdict.UNKNOWN).sum().alias("unknown"),
        pl.col("smtp_code").is_not_null().sum().alias("asked"),
    )
    table = counts.join(outgoing, on="provider", how="left").with_columns(
        pl.col("outgoing").fill_null(0)
    )
    ranked = table.sort(["addresses", "provider"], descending=[True, False])
    return tuple(ProviderRow(*row) for row in ranked.iter_rows())


def count_repairs(contacts: pl.DataFrame, *, most: int, least: int) -> tuple[RepairTally, ...]:
    """Return mistyped domains with the one proposed, the most frequent first.

    What debtors typed is outside text that may tell a person apart, so a domain stands here only
    when at least `least` debtors share it.
    """
    after_at = r"@([^@]*)$"
    pairs = contacts.drop_nulls("suggestion").select(
        pl.col("email_raw").str.extract(after_at).str.to_lowercase().alias("written"),
        pl.col("suggestion").str.extract(after_at).alias("proposed"),
        "debtor_id",
    )
    counts = pairs.drop_nulls().group_by("written", "proposed").agg(pl.col("debtor_id").n_unique())
    shared = counts.filter(pl.col("debtor_id") >= least, pl.col("written") != pl.col("proposed"))
    ranked = shared.sort(["debtor_id", "written"], descending=[True, False]).head(most)
    return tuple(RepairTally(*row) for row in ranked.iter_rows())


def count_bases(contacts: pl.DataFrame, *, most: int, least: int) -> tuple[BasisTally, ...]:
    """Count contacts by source and legal basis; an empty word where none was given.

    A basis is outside text: beyond the `most` frequent ones, and where fewer than `least`
    contacts have it, it counts as `other`.
    """
    named = contacts.select(pl.col("source", "legal_basis").fill_null(""))
    common = (
        named.group_by("legal_basis")
        .len()
        .filter(pl.col("len") >= least)
        .sort(["len", "legal_basis"], descending=[True, False])
        .head(most)["legal_basis"]
    )
    kept = pl.col("legal_basis").is_in([*common, ""])
    keys = ["source", "legal_basis"]
    counts = (
        named.with_columns(pl.when(kept).then("legal_basis").otherwise(pl.lit("other")))
        .group_by(keys)
        .len()
        .sort(keys)
    )
    return tuple(BasisTally(*row) for row in counts.iter_rows())
