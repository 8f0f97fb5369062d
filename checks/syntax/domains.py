"""What is known of a domain without asking anybody: its kind, and what may be wrong with it."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import Reason
from checks.syntax.meanings import meant_domains, mended_ending
from checks.syntax.reference import SyntaxReference, set_columns
from checks.syntax.words import any_of

JUDGED_DOMAINS: Final = pl.Schema(
    {
        "domain": pl.String(),
        "is_free": pl.Boolean(),
        "is_disposable": pl.Boolean(),
        "domain_reason": pl.String(),  # placeholder | special_use_domain | disposable | ...
        "meant": pl.String(),  # the domain to propose instead; null: none
    },
)
"""What `judge_domains` says of each domain."""


def judge_domains(domains: pl.Series, reference: SyntaxReference) -> pl.DataFrame:
    """Return `JUDGED_DOMAINS` for those of distinct lower-case ASCII domains that are known.

    `suspected_typo` is given to known misspellings and to endings no domain has; a domain that is
    only near a popular one gets a proposal and no verdict, for it may be somebody's own.
    """
    domain = pl.col("domain")
    columns = set_columns(reference)
    parent = domain.str.replace(r"^[^.]*\.", "")
    is_typo = domain.is_in(columns.typos) | mended_ending(reference).is_not_null()
    reason = (
        pl.when(domain.str.contains(rf"^{any_of(reference.placeholder_domains)}\."))
        .then(pl.lit(Reason.PLACEHOLDER.value))
        .when(domain.str.contains(rf"(?:^|\.){special_use_pattern(reference)}$"))
        .then(pl.lit(Reason.SPECIAL_USE_DOMAIN.value))
        .when("is_disposable")
        .then(pl.lit(Reason.DISPOSABLE.value))
        .when(is_typo)
        .then(pl.lit(Reason.SUSPECTED_TYPO.value))
    )
    frame = domains.rename("domain").to_frame()
    frame = frame.with_columns(
        is_disposable=domain.is_in(columns.disposable) | parent.is_in(columns.disposable)
    )
    frame = frame.with_columns(
        is_free=domain.is_in(columns.free) & ~pl.col("is_disposable"),
        domain_reason=reason,
    )
    meant = meant_domains(frame.filter(~pl.col("is_disposable"))["domain"], reference)
    is_known = pl.any_horizontal(
        "is_free", "is_disposable", pl.col("domain_reason", "meant").is_not_null()
    )
    return (
        frame.join(meant, on="domain", how="left", maintain_order="left")
        .filter(is_known)
        .select(JUDGED_DOMAINS.names())
    )


def special_use_pattern(reference: SyntaxReference) -> str:
    """Return a regex group of the special-use names; one that matches nothing if they may pass."""
    return any_of(() if reference.allow_special_use else reference.special_use_domains)
