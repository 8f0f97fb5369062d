"""The syntax check: every distinct address once, ordinary ones as whole columns."""

from __future__ import annotations

import polars as pl

from checks.columns import INVISIBLE
from checks.syntax.library import ask_library
from checks.syntax.reference import SyntaxReference
from checks.syntax.scripts import is_mixed
from checks.syntax.shape import ADDRESS_BYTES, ORDINARY_BYTES, is_impossible, is_ordinary
from checks.syntax.verdicts import judge_addresses, judge_refused


def check_syntax(
    email_raw: pl.Series, reference: SyntaxReference, *, trim: bool = False
) -> pl.DataFrame:
    """Return `SYNTAX`, one row per distinct non-null value of `email_raw`, in no set order.

    Valid or not is email-validator's verdict (2.4: SMTPUTF8 allowed; quoted local parts, display
    names and address literals refused). Beside it stand reasons of our own: `placeholder`,
    `special_use_domain`, `mixed_script` (undeliverable), `disposable`, `suspected_typo` (risky).
    `address` is lower case with the domain as A-labels. `trim` first takes invisible characters
    off both ends, which is all that is ever changed without asking: the rest is `suggestion`.
    """
    rows = _distinct(email_raw).to_frame("email_raw")
    text = _trimmed(pl.col("email_raw")) if trim else pl.col("email_raw")
    rows = rows.with_columns(text=text)
    # lengths are cut before any pattern is tried
    short = pl.when(pl.col("text").str.len_bytes() <= ORDINARY_BYTES).then("text")
    rows = rows.with_columns(address=short.str.to_lowercase())
    rows = rows.with_columns(ordinary=is_ordinary(pl.col("address")).fill_null(value=False))
    domain = pl.col("address").str.splitn("@", 2).struct.field("field_1")
    ordinary = rows.filter("ordinary").select("email_raw", "address", domain=domain)
    rest = _ask_where_open(rows.filter(~pl.col("ordinary")).select("email_raw", "text"))
    is_accepted = pl.col("address").is_not_null()
    mixed = is_mixed(pl.col("address"), pl.col("unicode_domain"))
    return pl.concat(
        [
            judge_addresses(ordinary, pl.lit(value=False), reference),
            judge_addresses(rest.filter(is_accepted), mixed, reference),
            judge_refused(rest.filter(~is_accepted), reference),
        ],
    )


def _distinct(email_raw: pl.Series) -> pl.Series:
    texts = email_raw.cast(pl.String()).drop_nulls()
    # equal texts have equal hashes: as many hashes as texts prove that none is repeated
    return texts if texts.hash().n_unique() == len(texts) else texts.unique(maintain_order=True)


def _trimmed(text: pl.Expr) -> pl.Expr:
    return text.str.replace(rf"^{INVISIBLE}+", "").str.replace(rf"{INVISIBLE}+$", "")


def _ask_where_open(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `ACCEPTED` to rows of `email_raw, text` that the ordinary grammar does not take."""
    fits = pl.col("text").str.len_bytes() <= ADDRESS_BYTES
    lowered = pl.when(fits).then("text").str.to_lowercase()
    is_open = (fits & ~is_impossible(lowered)).fill_null(value=False)
    rows = rows.with_columns(is_open=is_open)
    asked = rows.filter("is_open")
    asked = pl.concat([asked, ask_library(asked["text"])], how="horizontal")
    closed = rows.filter(~pl.col("is_open"))
    return pl.concat([asked, closed], how="diagonal")
