"""From a shape to the `SYNTAX` frame: reasons, verdicts, flags and proposals."""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.columns import INVISIBLE
from checks.frames import SYNTAX, shaped
from checks.model import VERDICT_OF, Reason, Verdict
from checks.syntax.domains import judge_domains, special_use_pattern
from checks.syntax.reference import SyntaxReference
from checks.syntax.repairs import propose
from checks.syntax.shape import ADDRESS_BYTES, reason_against
from checks.syntax.words import any_of, has_role

# x@, 0000@, aaaaaa@: a key held down; three for the two that forms are usually filled with
_HELD_KEY: Final = "|".join(
    ["x{3,}", "0{3,}", *(f"{key}{{5,}}" for key in "abcdefghijklmnopqrstuvwyz123456789")]
)
_RISKY: Final = [reason.value for reason in Reason if VERDICT_OF[reason] is Verdict.RISKY]


def judge_addresses(rows: pl.DataFrame, reference: SyntaxReference) -> pl.DataFrame:
    """Return `SYNTAX` for `email_raw, address, domain, is_mixed` of addresses of valid shape."""
    judged = judge_domains(rows["domain"].unique(), reference)
    address = pl.col("address")
    rows = rows.join(judged, on="domain", how="left", maintain_order="left").with_columns(
        is_role=has_role(address, reference.role_names),
        is_placeholder=address.str.contains(_placeholder_address(reference)),
        is_free=pl.col("is_free").fill_null(value=False),
        is_disposable=pl.col("is_disposable").fill_null(value=False),
    )
    told = pl.any_horizontal(
        "is_placeholder", "is_mixed", pl.col("domain_reason", "meant").is_not_null()
    )
    rows = rows.with_columns(told=told)
    return pl.concat(
        [
            _without_reason(rows.filter(~pl.col("told"))),
            _with_reason(rows.filter("told")),
        ]
    )


def _without_reason(rows: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String())
    return shaped(rows.with_columns(verdict=nothing, reason=nothing, suggestion=nothing), SYNTAX)


def _with_reason(rows: pl.DataFrame) -> pl.DataFrame:
    reason = (
        pl.when("is_placeholder")
        .then(pl.lit(Reason.PLACEHOLDER.value))
        .when("is_mixed")
        .then(pl.lit(Reason.MIXED_SCRIPT.value))
        .otherwise("domain_reason")
    )
    proposal = pl.col("address").str.replace("@.*$", "@") + pl.col("meant")
    is_open = pl.col("reason").is_null() | (pl.col("reason") == Reason.SUSPECTED_TYPO.value)
    return _with_verdict(
        rows.with_columns(reason=reason).with_columns(suggestion=pl.when(is_open).then(proposal))
    )


def judge_refused(rows: pl.DataFrame, reference: SyntaxReference) -> pl.DataFrame:
    """Return `SYNTAX` for `email_raw, text` of texts that are no address."""
    trimmed = pl.col("text").str.replace_all(rf"^{INVISIBLE}+|{INVISIBLE}+$", "")
    rows = rows.select("email_raw", address=trimmed, lowered=_cut("text").str.to_lowercase())
    is_placeholder = _cut("address").str.to_lowercase().str.contains(_placeholder_text(reference))
    is_special = pl.col("lowered").str.contains(rf"@(?:.*\.)?{special_use_pattern(reference)}$")
    reason = reason_against(pl.col("lowered"))
    rows = rows.with_columns(reason=reason).with_columns(
        reason=pl.when(is_placeholder)
        .then(pl.lit(Reason.PLACEHOLDER.value))
        .when((pl.col("reason") == Reason.BAD_DOMAIN.value) & is_special)
        .then(pl.lit(Reason.SPECIAL_USE_DOMAIN.value))
        .otherwise("reason"),
        suggestion=pl.when(~is_placeholder).then(propose(rows["lowered"], reference)),
        domain=pl.lit(None, dtype=pl.String()),
        is_role=pl.lit(value=False),
        is_free=pl.lit(value=False),
        is_disposable=pl.lit(value=False),
    )
    return _with_verdict(rows)


def _with_verdict(rows: pl.DataFrame) -> pl.DataFrame:
    verdict = (
        pl.when(pl.col("reason").is_in(_RISKY))
        .then(pl.lit(Verdict.RISKY.value))
        .when(pl.col("reason").is_not_null())
        .then(pl.lit(Verdict.UNDELIVERABLE.value))
    )
    return shaped(rows.with_columns(verdict=verdict), SYNTAX)


def _cut(text: str) -> pl.Expr:
    return pl.when(pl.col(text).str.len_bytes() <= ADDRESS_BYTES).then(text)


def _placeholder_address(reference: SyntaxReference) -> str:
    names = any_of(reference.placeholder_names)
    pairs = any_of(reference.placeholder_addresses)
    return rf"^(?:(?:{names}|{_HELD_KEY})[0-9]{{0,3}}@|{pairs}(?:\.|$))"


def _placeholder_text(reference: SyntaxReference) -> str:
    names = any_of(reference.placeholder_names, accents=True)
    cells = any_of(reference.placeholder_cells, accents=True)
    pairs = any_of(reference.placeholder_addresses, accents=True)
    return rf"^\W*(?:(?:{names}|{_HELD_KEY})(?:\W*$|[0-9]{{0,3}}@)|{cells}\W*$|{pairs}(?:\.|\W*$))"
