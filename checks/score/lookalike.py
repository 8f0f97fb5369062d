"""Domains that look like another domain of the same debtor: the sign of a hijacked billing address.

A fraudster who diverts payments writes from `padaria-centra1.com.br` where the company is known as
`padaria-central.com.br`, and asks to change the address on file (rule L24).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

CONFUSED: Final = (("0", "o"), ("1", "l"), ("5", "s"), ("rn", "m"), ("vv", "w"), ("-", ""))
"""Letters that are read for one another (Unicode TS 39 keeps the long list; these are ASCII)."""

LETTERS_OF_A_DOMAIN: Final = 8  # shorter domains are one letter apart by accident


def add_lookalikes(contacts: pl.DataFrame) -> pl.DataFrame:
    """Add `is_lookalike`: the newer of two domains of one cluster that are one slip apart.

    Needs `creditor_id, cluster_id, domain, is_consumer, source_date, confirmed_at`. Where neither
    is newer both are suspected; a domain from which the owner was heard of never is.
    """
    key = ["creditor_id", "cluster_id"]
    domains = (
        contacts.filter(pl.col("domain").is_not_null() & ~pl.col("is_consumer"))
        .group_by(*key, "domain")
        .agg(
            pl.col("source_date").max().alias("dated"),
            pl.col("confirmed_at").is_not_null().any().alias("heard"),
        )
        .filter(pl.len().over(key) > 1)
    )
    pairs = domains.join(domains, on=key, suffix="_other").filter(
        pl.col("domain") != pl.col("domain_other"),
    )
    newer = (pl.col("dated") >= pl.col("dated_other")).fill_null(value=True)
    suspected = (
        pairs.filter(_alike(pairs) & newer & ~pl.col("heard"))
        .select(*key, "domain", pl.lit(value=True).alias("is_lookalike"))
        .unique()
    )
    return contacts.join(suspected, on=[*key, "domain"], how="left").with_columns(
        pl.col("is_lookalike").fill_null(value=False),
    )


def _alike(pairs: pl.DataFrame) -> pl.Series:
    """Tell pairs whose domains read alike, or are one letter or one change of places apart."""
    slips = cpdist(
        pairs["domain"].to_list(),
        pairs["domain_other"].to_list(),
        scorer=OSA.distance,
        score_cutoff=1,
        dtype=np.int32,
    )
    long_enough = pl.col("domain").str.len_chars() >= LETTERS_OF_A_DOMAIN
    same = _read(pl.col("domain")) == _read(pl.col("domain_other"))
    return pairs.with_columns(pl.Series("slips", slips)).select(
        alike=long_enough & (same | (pl.col("slips") == 1)),
    )["alike"]


def _read(domain: pl.Expr) -> pl.Expr:
    """Return a domain as a hasty reader sees it."""
    for written, read in CONFUSED:
        domain = domain.str.replace_all(written, read, literal=True)
    return domain
