"""A register: one large portfolio in which debtors stand several times, and who they are.

    register = make_register("BR", records=40_000, seed=1)
    register.rows             # what a linker may see, text only
    register.truth            # which records are one debtor
    register.owners           # whose mailbox each address is
    register.write(folder)    # folder/register.csv and folder/truth/*.parquet

Everything follows from country, number of records and seed. Companies' domains end in ".example";
consumer domains are providers' public ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from sandbox.draws import indices, some, stream
from sandbox.market import Country
from sandbox.registers.book import Book, open_book
from sandbox.registers.cells import (
    write_births,
    write_homes,
    write_mailboxes,
    write_phones,
    write_tax_ids,
)
from sandbox.registers.debtors import make_debtors
from sandbox.registers.post import NOBODYS
from sandbox.registers.spelling import write_names

COLUMNS: Final[dict[Country, dict[str, str]]] = {
    "BR": {
        "id": "id_contrato",
        "name": "nome",
        "tax_id": "cpf_cnpj",
        "email": "email",
        "email2": "email2",
        "phone": "telefone",
        "phone2": "telefone2",
        "street": "endereco",
        "postcode": "cep",
        "city": "cidade",
        "state": "uf",
        "birth": "nascimento",
    },
    "MX": {
        "id": "id_contrato",
        "name": "nombre",
        "tax_id": "rfc",
        "email": "correo",
        "email2": "correo2",
        "phone": "telefono",
        "phone2": "telefono2",
        "street": "domicilio",
        "postcode": "cp",
        "city": "ciudad",
        "state": "estado",
        "birth": "fecha_nacimiento",
    },
}
"""Headings of the export, by what the column holds."""

_LATE: Final = 0.5  # of records: from after a move, a marriage, a new phone
_TRUTH: Final = ("truth", "owners", "debtors")


@dataclass(frozen=True, slots=True)
class Register:
    """An export and the truth behind it.

    `rows` has the columns of `COLUMNS`, all text, null where a cell is empty. `truth`, one row
    per record in the same order: `record_id`, `entity` (records with one value are one debtor).
    `owners`, one row per address that stands in the export: `email` (lower case, as shown) and
    `entity`, whose it is (-1: an accountant's, nobody's of the register); mailboxes that several
    debtors rightly use are left out. `debtors`, one row per entity: `entity`, `kind` (pf | pj),
    `relation` (why it is easily taken for `anchor`; null: nothing), `anchor` (an entity or null).
    """

    country: Country
    seed: int
    rows: pl.DataFrame
    truth: pl.DataFrame
    owners: pl.DataFrame
    debtors: pl.DataFrame

    def write(self, folder: Path) -> Path:
        """Write `register.csv` (semicolons, UTF-8) and `truth/*.parquet`; return the CSV's path."""
        truth = folder / "truth"
        truth.mkdir(parents=True, exist_ok=True)
        path = folder / "register.csv"
        self.rows.write_csv(path, separator=";")
        for name in _TRUTH:
            frame: pl.DataFrame = getattr(self, name)
            frame.write_parquet(truth / f"{name}.parquet")
        return path


def make_register(country: Country, records: int, seed: int = 1) -> Register:
    """Return the register of that country, number of records and seed.

    >>> register = make_register("MX", 100)
    >>> register.rows.shape, register.truth.columns
    ((100, 12), ['record_id', 'entity'])
    """
    book = open_book(country)
    chance = int(stream(seed, f"register {country}").integers(2**31))
    drawn = _records(book, records, chance)
    ids = write_tax_ids(book, drawn, chance)
    drawn = drawn.with_columns(ids["has_id"])
    mail = write_mailboxes(book, drawn, chance)
    phones = write_phones(book, drawn, chance)
    record_id = pl.select(
        pl.lit("C") + pl.int_range(1, records + 1).cast(pl.String).str.zfill(len(str(records)))
    ).to_series()
    cells = {
        "id": record_id,
        "name": write_names(book, drawn, chance),
        "tax_id": ids["tax_id"],
        "email": mail["email"],
        "email2": mail["email2"],
        "phone": phones["phone"],
        "phone2": phones["phone2"],
        **write_homes(book, drawn, chance).to_dict(),
        "birth": write_births(book, drawn, chance),
    }
    heading = COLUMNS[country]
    return Register(
        country=country,
        seed=seed,
        rows=pl.DataFrame({heading[name]: cell for name, cell in cells.items()}),
        truth=pl.DataFrame({"record_id": record_id, "entity": drawn["entity"]}),
        owners=_owners(drawn, mail),
        debtors=_debtors(drawn),
    )


def _records(book: Book, count: int, seed: int) -> pl.DataFrame:
    """Return `count` records of as many debtors as that takes, shuffled, with `is_late`."""
    rng = stream(seed, "register records")
    sizes = indices(rng, book.shares["entities"]["records"], count) + 1
    debtors = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    entity = np.repeat(np.arange(debtors), rng.permutation(sizes[:debtors]))[:count]
    order = rng.permutation(len(entity))
    people = make_debtors(book, int(entity.max()) + 1, seed)
    late = some(rng, _LATE, len(entity)).alias("is_late")
    return people[entity[order]].with_columns(late)


def _owners(drawn: pl.DataFrame, mail: pl.DataFrame) -> pl.DataFrame:
    """Return whose each address shown is meant to be, leaving out those that several may use."""
    shown = pl.concat(
        [
            mail.select(email="shown", entity="shown_owner"),
            pl.DataFrame({"email": mail["shown2"], "entity": drawn["entity"]}),
        ]
    ).drop_nulls()
    return (
        shown.group_by("email")
        .agg(pl.col("entity").min(), pl.col("entity").n_unique().alias("owners"))
        .filter((pl.col("owners") == 1) | (pl.col("entity") == NOBODYS))
        .select("email", "entity")
        .sort("email")
    )


def _debtors(drawn: pl.DataFrame) -> pl.DataFrame:
    kind = pl.when("is_company").then(pl.lit("pj")).otherwise(pl.lit("pf")).alias("kind")
    return drawn.select("entity", kind, "relation", "anchor").unique("entity").sort("entity")
