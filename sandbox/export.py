"""The creditor's export: rows with repeats and invoices, under the headings of its country."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

from sandbox.draws import kinds, stream
from sandbox.market import Country, Market
from sandbox.mistakes import abbreviated, mistyped_tax_id, other_case_or_dots

HEADINGS: Final[dict[Country, dict[str, str]]] = {
    "BR": {
        "debtor_id": "id_devedor",
        "name": "nome",
        "tax_id": "cpf_cnpj",
        "email": "email",
        "email2": "email2",
        "phone": "telefone",
        "invoice_id": "contrato",
        "amount": "valor",
        "due_date": "vencimento",
        "source": "origem_email",
        "source_date": "data_email",
        "confirmed_at": "confirmado_em",
    },
    "MX": {
        "debtor_id": "id_deudor",
        "name": "nombre",
        "tax_id": "rfc",
        "email": "correo",
        "email2": "correo2",
        "phone": "telefono",
        "invoice_id": "factura",
        "amount": "importe",
        "due_date": "vencimiento",
        "source": "origen_correo",
        "source_date": "fecha_correo",
        "confirmed_at": "confirmado_el",
    },
}

_SOURCE_WORDS: Final[dict[Country, dict[str, str]]] = {
    "BR": {"debtor": "devedor", "creditor": "credor", "agency": "assessoria", "bureau": "bureau"},
    "MX": {"debtor": "deudor", "creditor": "acreedor", "agency": "despacho", "bureau": "buró"},
}

_DOTTED = 0.6  # of Brazilian tax ids: written with their dots and dashes
_NEW_ID = ("same_person_two_ids", "name_variant")


def lay_out_cells(
    market: Market, debtors: pl.DataFrame, contacts: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """Return one row per debtor: what the columns of its first record hold."""
    rng = stream(seed, "cells")
    size = debtors.height
    habits = market.common("habits")
    about = ("error", "source", "age", "confirmed_age")
    slot1 = contacts.filter(pl.col("slot") == 1).select(
        "person", *about, raw1="raw", asked1="asked"
    )
    slot2 = contacts.filter(pl.col("slot") != 1).select("person", raw2="raw", asked2="asked")
    cells = debtors.join(slot1, on="person", how="left", maintain_order="left").join(
        slot2, on="person", how="left", maintain_order="left"
    )
    chances = {"missing": habits["tax_id_missing"], "typo": habits["tax_id_typo"]}
    has_phone = pl.Series(rng.random(size) >= habits["phone_missing"])
    has_date = pl.Series(rng.random(size) >= habits["source_date_missing"])
    cells = cells.with_columns(
        kinds(rng, chances, size).alias("tax_id_error"),
        pl.when(has_phone | (pl.col("error") == "swapped_field")).then("phone").alias("phone"),
        pl.when(has_date).then("age").alias("age"),
        pl.Series("dotted", rng.random(size) < _DOTTED),
    )
    wrong = pl.col("tax_id_error")
    written = pl.when(wrong == "typo").then(mistyped_tax_id(pl.col("tax_id"))).otherwise("tax_id")
    return cells.with_columns(pl.when(wrong != "missing").then(written).alias("written_tax_id"))


def repeat_records(market: Market, cells: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return one row per record of the export: originals, second invoices and duplicates.

    Columns added: `copy` (original | invoice | exact | case_or_dot | same_person_two_ids |
    name_variant), `debtor_id`, `invoice_id`, `amount`, `overdue` (days).
    """
    rng = stream(seed, "records")
    size = cells.height
    shares = {"invoice": market.second_invoice, **market.common("duplicates")}
    masks = [rng.random(size) < share for share in shares.values()]
    persons = [np.arange(size)] + [np.flatnonzero(mask) for mask in masks]
    copies = [np.full(len(some), place) for place, some in enumerate(persons)]
    copy_words = pl.Series(["original", *shares], dtype=pl.String)
    records = pl.DataFrame(
        {
            "person": np.concatenate(persons),
            "copy": copy_words.gather(np.concatenate(copies)),
        }
    ).with_columns(pl.col("person").cast(pl.Int64))
    records = records.join(cells, on="person", how="left", maintain_order="left").with_row_index(
        "serial"
    )
    return _with_ids(_with_amounts(records, rng), size)


def _with_amounts(records: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    size = records.height
    cents = np.maximum(1_000, np.exp(rng.normal(10.6, 1.1, size))).astype(np.int64)
    overdue = np.maximum(3, rng.gamma(1.3, 260.0, size)).astype(np.int64)
    return records.with_columns(pl.Series("cents", cents), pl.Series("overdue", overdue))


def _with_ids(records: pl.DataFrame, debtors: int) -> pl.DataFrame:
    """Give ids; an exact copy repeats its original to the letter, invoice and amount too."""
    new = pl.col("copy").is_in(_NEW_ID)
    number = pl.when(new).then(debtors + pl.col("serial").cast(pl.Int64)).otherwise("person")
    same_row = pl.col("copy").is_in(["exact", "case_or_dot"])
    invoice = pl.when(same_row).then("person").otherwise(pl.col("serial").cast(pl.Int64))
    first = records.head(debtors).select("person", first_cents="cents", first_overdue="overdue")
    return records.join(first, on="person", how="left", maintain_order="left").with_columns(
        number.cast(pl.String).str.zfill(8).alias("debtor_id"),
        ("C" + invoice.cast(pl.String).str.zfill(9)).alias("invoice_id"),
        pl.when(same_row).then("first_cents").otherwise("cents").alias("cents"),
        pl.when(same_row).then("first_overdue").otherwise("overdue").alias("overdue"),
    )


def write_rows(market: Market, records: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Return the export itself, every column text, under the country's headings."""
    copy = pl.col("copy")
    _, retyped = other_case_or_dots(pl.col("asked1"), pl.col("raw1"))
    raw1 = (
        pl.when((copy == "case_or_dot") & pl.col("asked1").is_not_null())
        .then(retyped)
        .otherwise("raw1")
    )
    joined = pl.col("error") == "two_in_cell"
    swapped = pl.col("error") == "swapped_field"
    email = (
        pl.when(joined)
        .then(pl.concat_str(raw1, "raw2", separator="; "))
        .when(swapped)
        .then("phone")
        .otherwise(raw1)
    )
    columns = {
        "debtor_id": pl.col("debtor_id"),
        "name": pl.when(copy == "name_variant").then(abbreviated(pl.col("name"))).otherwise("name"),
        "tax_id": _tax_id_cell(market, copy),
        "email": email,
        "email2": pl.when(~joined).then("raw2"),
        "phone": pl.when(swapped).then("raw1").otherwise("phone"),
        "invoice_id": pl.col("invoice_id"),
        "amount": _money(market.country),
        "due_date": _day(as_of, pl.col("overdue")),
        "source": pl.col("source").replace_strict(
            _SOURCE_WORDS[market.country], return_dtype=pl.String
        ),
        "source_date": _day(as_of, (pl.col("age") * 365.25).cast(pl.Int64)),
        "confirmed_at": _day(as_of, (pl.col("confirmed_age") * 365.25).cast(pl.Int64)),
    }
    heading = HEADINGS[market.country]
    nothing = pl.col("raw1").is_null()
    columns["source"] = pl.when(~nothing).then(columns["source"])
    columns["source_date"] = pl.when(~nothing).then(columns["source_date"])
    columns["confirmed_at"] = pl.when(~nothing).then(columns["confirmed_at"])
    return records.select(expression.alias(heading[name]) for name, expression in columns.items())


def _tax_id_cell(market: Market, copy: pl.Expr) -> pl.Expr:
    """Tax ids as clerks write them: dotted or bare; half of the name variants have none."""
    plain = pl.col("written_tax_id")
    written = plain
    if market.country == "BR":
        person = plain.str.replace(r"^(.{3})(.{3})(.{3})(.{2})$", "$1.$2.$3-$4")
        company = plain.str.replace(r"^(.{2})(.{3})(.{3})(.{4})(.{2})$", "$1.$2.$3/$4-$5")
        dotted = company if market.companies else person
        written = pl.when("dotted").then(dotted).otherwise(plain)
    return (
        pl.when((copy == "name_variant") & (pl.col("person") % 2 == 0))
        .then(None)
        .otherwise(written)
    )


def _day(as_of: dt.date, days_ago: pl.Expr) -> pl.Expr:
    return (pl.lit(as_of) - pl.duration(days=days_ago)).dt.strftime("%d/%m/%Y")


def _money(country: Country) -> pl.Expr:
    """Write cents as 1.234,56 (Brazil) or 1,234.56 (Mexico)."""
    thousands, decimal = (".", ",") if country == "BR" else (",", ".")
    whole = (pl.col("cents") // 100).cast(pl.String)
    grouped = whole.str.replace(
        r"^(\d+)(\d{3})(\d{3})$", f"$1{thousands}$2{thousands}$3"
    ).str.replace(
        r"^(\d+)(\d{3})$",
        f"$1{thousands}$2",
    )
    cents = (pl.col("cents") % 100).cast(pl.String).str.zfill(2)
    return pl.concat_str(grouped, pl.lit(decimal), cents)
