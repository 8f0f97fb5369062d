"""What verifiers and bureaus claim of an address: it moves a score, and outranks nothing we know.

A claim comes without the reply that it rests on, so it gives no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

_PREFIX: Final = "claim_"


def claim_facts(findings: pl.DataFrame) -> pl.DataFrame:
    """Return `address, claim, claimed_at`: the newest claim on each address in FINDINGS."""
    return (
        findings.filter(pl.col("check") == "verifier")
        .sort("address", "checked_at", "evidence", descending=[False, True, False])
        .unique("address", keep="first", maintain_order=True)
        .select(
            "address",
            pl.col("evidence").str.json_path_match("$.claim").alias("claim"),
            pl.col("checked_at").alias("claimed_at"),
        )
    )


def standing_claim(answers: Sequence[str]) -> pl.Expr:
    """Return the claim, unless a server of the address told us, or something happened since.

    `answers` are the reasons by which a server has told something of a mailbox.
    """
    happened = pl.max_horizontal(
        "last_delivered_at", "last_soft_at", "last_hard_at", "confirmed_at", "file_confirmed_at"
    )
    told = pl.col("mailbox_reason").is_in(answers).fill_null(value=False)
    since = (pl.col("claimed_at") > happened).fill_null(value=True)
    return pl.when(~told & since).then("claim").alias("claim")


def claim_weights(evidence: Mapping[str, float]) -> dict[str, float]:
    """Return what each claim weighs; a model from before there were any weighs none.

    >>> claim_weights({"claim_valid": 0.8, "accepts_all": 0.5})
    {'valid': 0.8}
    """
    return {
        name.removeprefix(_PREFIX): weight
        for name, weight in evidence.items()
        if name.startswith(_PREFIX)
    }
