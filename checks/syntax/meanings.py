"""Which domain was meant by a misspelt one: endings, tables of misspellings, nearness."""

from __future__ import annotations

import unicodedata
from functools import partial

import idna
import polars as pl

from checks.syntax.likeness import near_names, typing_cost
from checks.syntax.reference import SyntaxReference, set_columns


def mended_ending(reference: SyntaxReference) -> pl.Expr:
    """Return column `domain` with its wrong ending put right; null where the ending is none."""
    written = sorted(reference.ending_typos, key=lambda ending: (-len(ending), ending))
    pattern = r"\.((?:" + "|".join(ending.replace(".", r"\.") for ending in written) + "))$"
    ending = pl.col("domain").str.extract(pattern, 1)
    right = ending.replace_strict(reference.ending_typos, default=None, return_dtype=pl.String())
    name = pl.col("domain").str.replace(pattern, "")
    return name + pl.lit(".") + right


def meant_domains(domains: pl.Series, reference: SyntaxReference) -> pl.DataFrame:
    """Return `domain, meant` for those of the distinct domains that another may be meant by.

    In this order: a popular domain but for accents, a wrong ending, the tables of known
    misspellings, the likeliest popular domain within reach. What is known to be somebody's own is
    left alone.
    """
    tables = {**reference.likely_domains, **reference.domain_typos}

    def by_table(domain: pl.Expr) -> pl.Expr:
        return domain.replace_strict(tables, default=None, return_dtype=pl.String())

    frame = domains.to_frame().with_columns(
        mended=pl.coalesce(_unaccented(domains, reference), mended_ending(reference), "domain")
    )
    frame = frame.with_columns(listed=by_table(pl.col("mended")))
    never_corrected = pl.col("mended").is_in(set_columns(reference).never_corrected)
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
