"""Proposals for text that is no address: what was probably meant, never put in its place."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.columns import INVISIBLE
from checks.syntax.domains import judge_domains
from checks.syntax.likeness import edits_allowed
from checks.syntax.reference import SyntaxReference
from checks.syntax.shape import ORDINARY_BYTES, is_ordinary
from checks.syntax.words import any_of

_LONGEST: Final = 320
"""Bytes of text worth repairing: an address and what may stand around it."""

# a doubled hyphen is punycode or nothing: neither is guessed at
_HOST_LIKE: Final = r"^(?:[a-z0-9.]+-)*[a-z0-9.]+$"

# each of them once, in this order, on lower-case text
_STEPS: Final = (
    (r"^.*<\s*([^<>@]+@[^<>@]+?)\s*>.*$", "${1}"),  # Ana Lima <ana@a.test>
    (r"^\s*(?:e-?mail|mailto|correo)\s*:\s*", ""),
    ("[\uff20\ufe6b]", "@"),  # full-width and small at-signs
    (r"\s*[\[(]\s*(?:at|arroba)\s*[\])]\s*|\s+(?:at|arroba)\s+", "@"),
    (INVISIBLE, ""),
    (r"^[\p{P}\p{S}]+|[\p{P}\p{S}]+$", ""),
    (r"[,;\u{3002}\u{FF0E}]", "."),  # gmail,com and the full stops of other keyboards
    (r"\.{2,}", "."),
    (r"[.@]*@[.@]*", "@"),
)


def propose(texts: pl.Series, reference: SyntaxReference) -> pl.Series:
    """Return a repaired address for each text, in its order; null where none is likely.

    A proposal is an ordinary ASCII address under a top-level domain that exists. Letters are
    never carried from one script to another; only accents are taken off a domain.
    """
    text = pl.col("text")
    mended: pl.Expr = pl.when(text.str.len_bytes() <= _LONGEST).then(text)
    for pattern, replacement in _STEPS:
        mended = mended.str.replace_all(pattern, replacement)
    parts = (
        texts.rename("text")
        .to_frame()
        .with_row_index("row")
        .with_columns(mended=_with_at_sign(mended, reference))
        .filter(pl.col("mended").str.count_matches("@", literal=True) == 1)
        .with_columns(
            pl.col("mended").str.split_exact("@", 1).struct.rename_fields(["local", "domain"])
        )
        .unnest("mended")
        .with_columns(domain=_with_dots(_without_accents(pl.col("domain")), reference))
        .filter(pl.col("domain").str.contains(_HOST_LIKE))
    )
    judged = judge_domains(parts["domain"].unique(maintain_order=True), reference)
    proposal = pl.col("local") + pl.lit("@") + pl.coalesce("meant", "domain")
    top = proposal.str.extract(r"\.([^.]*)$", 1)
    fit = (
        (proposal.str.len_bytes() <= ORDINARY_BYTES)
        & is_ordinary(proposal)
        & top.is_in(reference.top_level_domains)
        & (proposal != pl.col("text"))
    )
    proposals = (
        parts.join(judged, on="domain", how="left").filter(fit).select("row", suggestion=proposal)
    )
    rows = pl.DataFrame({"row": pl.arange(len(texts), dtype=pl.UInt32(), eager=True)})
    return rows.join(proposals, on="row", how="left", maintain_order="left")["suggestion"]


def _with_at_sign(text: pl.Expr, reference: SyntaxReference) -> pl.Expr:
    """Put back an at-sign lost before a popular domain: `ana.limagmail.com`.

    Only before names that end no other word, and not after a `2`: that may be the at-sign's key
    without shift.
    """
    unmistakable = [name for name in reference.popular_domains if edits_allowed(name.split(".")[0])]
    return text.str.replace(rf"^([^@]{{2,}}[^@2.\s])({any_of(unmistakable)})$", "${1}@${2}")


def _with_dots(domain: pl.Expr, reference: SyntaxReference) -> pl.Expr:
    """Put the dots back into a popular domain: `gmailcom`."""
    undotted = {domain.replace(".", ""): domain for domain in reversed(reference.popular_domains)}
    return domain.replace(undotted)


def _without_accents(domain: pl.Expr) -> pl.Expr:
    return domain.str.normalize("NFKD").str.replace_all(r"\p{Mn}", "")
