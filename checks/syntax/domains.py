"""What is known of a domain without asking anybody: its kind, and what was meant by it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import idna
import polars as pl

from checks.model import Reason
from checks.syntax.likeness import near_names, typing_cost
from checks.syntax.reference import SyntaxReference
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
    columns = _Columns.of(reference)
    parent = domain.str.replace(r"^[^.]*\.", "")
    is_typo = domain.is_in(columns.typos) | _mended(reference).is_not_null()
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
    meant = _meant(frame.filter(~pl.col("is_disposable"))["domain"], reference)
    is_known = pl.any_horizontal(
        "is_free", "is_disposable", pl.col("domain_reason", "meant").is_not_null()
    )
    return (
        frame.join(meant, on="domain", how="left", maintain_order="left")
        .filter(is_known)
        .select(JUDGED_DOMAINS.names())
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """A reference's sets as one-row list columns, as `is_in` wants them: made once, not per call."""

    free: pl.Series
    disposable: pl.Series
    typos: pl.Series
    never_corrected: pl.Series

    @staticmethod
    @lru_cache(maxsize=4)
    def of(reference: SyntaxReference) -> _Columns:
        def column(*names: Collection[str]) -> pl.Series:
            return pl.Series([sorted(frozenset().union(*names))], dtype=pl.List(pl.String()))

        free, disposable = reference.free_domains, reference.disposable_domains
        return _Columns(
            free=column(free),
            disposable=column(disposable),
            typos=column(reference.domain_typos),
            never_corrected=column(free, disposable, reference.real_domains),
        )


def special_use_pattern(reference: SyntaxReference) -> str:
    """Return a regex group of the special-use names; one that matches nothing if they may pass."""
    return any_of(() if reference.allow_special_use else reference.special_use_domains)


def _mended(reference: SyntaxReference) -> pl.Expr:
    """Return the domain with a wrong ending put right; null where the ending is not a known one."""
    written = sorted(reference.ending_typos, key=lambda ending: (-len(ending), ending))
    pattern = r"\.((?:" + "|".join(ending.replace(".", r"\.") for ending in written) + "))$"
    ending = pl.col("domain").str.extract(pattern, 1)
    right = ending.replace_strict(reference.ending_typos, default=None, return_dtype=pl.String())
    name = pl.col("domain").str.replace(pattern, "")
    return name + pl.lit(".") + right


def _meant(domains: pl.Series, reference: SyntaxReference) -> pl.DataFrame:
    tables = {**reference.likely_domains, **reference.domain_typos}

    def by_table(domain: pl.Expr) -> pl.Expr:
        return domain.replace_strict(tables, default=None, return_dtype=pl.String())

    frame = domains.to_frame().with_columns(
        mended=pl.coalesce(_unaccented(domains, reference), _mended(reference), "domain")
    )
    frame = frame.with_columns(listed=by_table(pl.col("mended")))
    never_corrected = pl.col("mended").is_in(_Columns.of(reference).never_corrected)
    unlisted = frame.filter(pl.col("listed").is_null() & ~never_corrected)
    near = _nearest_popular(unlisted["mended"].unique(maintain_order=True), reference)
    meant = pl.coalesce("listed", "near", "mended")
    return (
        frame.join(near, on="mended", how="left", maintain_order="left")
        .select("domain", meant=pl.when(meant != pl.col("domain")).then(meant))
        .drop_nulls()
    )


def _unaccented(domains: pl.Series, reference: SyntaxReference) -> pl.Series:
    """Return the popular domain that an internationalised one is but for its accents, or null."""

    def fold(domain: str) -> str:
        letters = unicodedata.normalize("NFKD", idna.decode(domain))
        return "".join(letter for letter in letters if not unicodedata.combining(letter))

    folded = {domain: fold(domain) for domain in domains.filter(domains.str.contains("xn--"))}
    popular = {domain: name for domain, name in folded.items() if name in reference.popular_domains}
    return domains.replace_strict(popular, default=None, return_dtype=pl.String())


def _nearest_popular(domains: pl.Series, reference: SyntaxReference) -> pl.DataFrame:
    """Return `mended, near`: for each domain within reach of a popular one, the likeliest."""
    popular: dict[str, list[str]] = {}
    for domain in reference.popular_domains:
        popular.setdefault(domain.partition(".")[0], []).append(domain)
    names = list(popular)
    written = domains.filter(
        domains.str.len_bytes() <= max(map(len, reference.popular_domains)) + 2
    )
    candidates: dict[str, list[str]] = {}
    first_labels = written.str.extract(r"^([^.]*)", 1).to_list()
    for row, column in near_names(first_labels, names):
        same_ending = [
            meant
            for meant in popular[names[column]]
            if _ending(meant) == _ending(written[row]) or not _exists(written[row], reference)
        ]
        candidates.setdefault(written[row], []).extend(same_ending)
    near = {
        domain: min(meant, key=partial(typing_cost, domain))
        for domain, meant in candidates.items()
        if meant
    }
    return pl.DataFrame(
        {"mended": list(near), "near": list(near.values())},
        schema={"mended": pl.String(), "near": pl.String()},
    )


def _ending(domain: str) -> str:
    return domain.partition(".")[2]


def _exists(domain: str, reference: SyntaxReference) -> bool:
    return domain.rpartition(".")[2] in reference.top_level_domains
