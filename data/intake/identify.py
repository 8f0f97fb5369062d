"""Who each row is about: creditor, tax id and debtor id, or quarantine."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import polars as pl

from checks.identity import check_tax_ids
from data.intake.settings import DEFAULT_CREDITOR_ID
from data.intake.vocabulary import fold

_LONGEST_ID: Final = 128
_LONGEST_SLUG: Final = 48
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
_RFC_OF_PERSON: Final = 13


def creditor_slugs(names: Iterable[str]) -> dict[str, str]:
    """Return an id for each creditor name, safe as a folder's name (`[a-z0-9-]`), none shared.

    Names that differ only in case and blanks are one creditor. Others whose plain id would be
    the same get the first digits of their SHA-256 behind it, whatever their order.

    >>> creditor_slugs(["Loja São João", "LOJA SÃO  JOÃO", "Banco 1"])
    {'Loja São João': 'loja-sao-joao', 'LOJA SÃO  JOÃO': 'loja-sao-joao', 'Banco 1': 'banco-1'}
    >>> sorted(creditor_slugs(["A&B", "A B"]).values())
    ['a-b-4e0123', 'a-b-c8687a']
    """
    same = {name: " ".join(name.split()).casefold() for name in names}
    plain = {
        text: _NOT_SLUG.sub("-", fold(text))[:_LONGEST_SLUG].strip("-") for text in same.values()
    }
    shared = Counter(plain.values())
    return {
        name: plain[text]
        if plain[text] and shared[plain[text]] == 1
        else f"{plain[text] or 'creditor'}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
        for name, text in same.items()
    }


def identify_rows(rows: pl.DataFrame, creditor_id: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that are about somebody, and the others with a `reason`.

    `rows` are `ROWS` with their `addresses`. Adds `creditor_id`, `tax_id` (normalised, null
    unless valid), `tax_kind`, `tax_id_flag` and `debtor_id`: the creditor's own id, else the
    tax id, else what else is known of the person. A row of a plain list is known by its number.
    """
    identified = _with_debtor(_with_tax_id(_with_creditor(rows, creditor_id)))
    reason = (
        pl.when(pl.col("creditor_id").is_null())
        .then(pl.lit("no_creditor"))
        .when(pl.col("debtor_id").is_null())
        .then(pl.lit("unidentified"))
        .when(pl.col("debtor_id").str.len_chars() > _LONGEST_ID)
        .then(pl.lit("id_too_long"))
    )
    judged = identified.with_columns(reason=reason)
    accepted = judged.filter(pl.col("reason").is_null()).drop("reason")
    return accepted, judged.filter(pl.col("reason").is_not_null())


def _with_creditor(rows: pl.DataFrame, creditor_id: str | None) -> pl.DataFrame:
    names = rows.get_column("creditor")
    if creditor_id is not None or names.null_count() == rows.height:
        return rows.with_columns(creditor_id=pl.lit(creditor_id or DEFAULT_CREDITOR_ID))
    slugs = creditor_slugs(sorted(names.drop_nulls().unique()))
    return rows.with_columns(
        creditor_id=pl.col("creditor").replace_strict(slugs, default=None, return_dtype=pl.String),
    )


def _with_tax_id(rows: pl.DataFrame) -> pl.DataFrame:
    checked = check_tax_ids(rows.get_column("tax_id"))
    rows = rows.rename({"tax_id": "tax_text"}).with_columns(
        tax_id=checked.get_column("tax_id"),
        tax_kind=checked.get_column("tax_kind"),
        tax_id_flag=checked.get_column("flag"),
    )
    rfc_kind = (
        pl.when(pl.col("tax_id").str.len_chars() == _RFC_OF_PERSON)
        .then(pl.lit("pf"))
        .otherwise(pl.lit("pj"))
    )
    by_tax_id = (
        pl.when(pl.col("tax_kind") == "cpf")
        .then(pl.lit("pf"))
        .when(pl.col("tax_kind") == "cnpj")
        .then(pl.lit("pj"))
        .when(pl.col("tax_kind") == "rfc")
        .then(rfc_kind)
    )
    return rows.with_columns(kind=pl.coalesce("kind", by_tax_id, pl.lit("")))


def _with_debtor(rows: pl.DataFrame) -> pl.DataFrame:
    """Give each row its debtor id.

    1. a plain list: the row's number, with the file's name where there are several lists;
    2. the creditor's own id; 3. a valid tax id; 4. an invalid one as it was typed, so that the
    rows of one person stay together; 5. a digest of name, addresses and phones: the order of
    rows does not matter, and rows that say the same are one debtor; 6. none: quarantine.
    """
    lists = rows.filter("by_row_number").get_column("source").unique()
    number = pl.col("line").cast(pl.String).str.zfill(6)
    prefix = pl.lit("linha-") if lists.len() <= 1 else pl.col("source") + "-"
    typed = pl.col("tax_text").str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")
    invalid = (pl.col("tax_id_flag") == "invalid") & (typed != "")
    return (
        rows.with_columns(
            debtor_id=pl.when("by_row_number")
            .then(prefix + number)
            .when(pl.col("debtor_id").is_not_null())
            .then("debtor_id")
            .when(pl.col("tax_id").is_not_null())
            .then("tax_id")
            .when(invalid)
            .then(typed),
        )
        .with_columns(debtor_id=pl.coalesce("debtor_id", _digests(pl.col("debtor_id"))))
        .drop("tax_text")
    )


def _digests(missing: pl.Expr) -> pl.Expr:
    told = pl.concat_str(
        pl.col("name").str.to_lowercase().fill_null(""),
        pl.col("addresses").list.unique().list.sort().list.join(" ").str.to_lowercase(),
        pl.col("phones").list.sort().list.join(" "),
        separator="\n",
    )
    some = pl.when(missing.is_null() & told.str.contains(r"[\p{L}\p{N}]")).then(told)
    return some.map_elements(_digest, return_dtype=pl.String, skip_nulls=True)


def _digest(told: str) -> str:
    return "sem-id-" + hashlib.sha256(told.encode()).hexdigest()[:16]
