"""Reading `[suppress]` files: who must not be written to, as people keep such lists."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import InputRefusedError
from checks.frames import SUPPRESSIONS, empty, shaped
from checks.identity import check_tax_ids
from checks.model import DecisionReason
from data.feedback.addresses import normalised_addresses
from data.feedback.outside import open_outside
from data.hashing import keyed_hash
from data.intake.addresses import split_cells
from data.intake.staging import source_name
from data.intake.tables import Table
from data.intake.vocabulary import load_vocabulary
from data.tables import EVERY_CREDITOR

_IDENTIFIERS: Final = ("email", "debtor_id", "tax_id", "invoice_id")
_ROWS: Final = pl.Schema(dict.fromkeys((*_IDENTIFIERS, "creditor"), pl.String()))
_OF_THE_DEBT: Final = {DecisionReason.SUPPRESS_SETTLED, DecisionReason.SUPPRESS_DISPUTED}
"""Reasons that say something of a debt and nothing against writing to the person."""


def read_suppressions(
    path: Path,
    reason: DecisionReason,
    creditor_id: str,
    hash_key: bytes,
    since: datetime,
    *,
    debtors: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return SUPPRESSIONS of one file for one creditor, sorted by subject and key.

    Columns are known by intake's synonyms (e-mail, debtor, tax and invoice id, creditor); a
    one-column list needs no name. A settled or disputed invoice silences itself alone, a row
    without one its debtor; a wrong person silences the address, a row without one its debtor;
    any other reason silences both. Addresses count for every creditor but where the reason is of
    the debt. A tax id stands for its debtors in DEBTORS `debtors`, and for itself as a debtor id.
    Rows that a creditor column gives to another creditor are left out.

    Raises InputRefusedError for a file of which one row cannot be read: whoever stands there
    would be written to.
    """
    source = source_name(path)
    table = open_outside(path, lambda name: load_vocabulary().rank(name) is not None)
    rows = empty(_ROWS) if table is None else _read_rows(table, source)
    rows = rows.filter(pl.col("creditor").is_null() | (pl.col("creditor") == creditor_id))
    rows = _meant(rows, reason)
    address_scope = creditor_id if reason in _OF_THE_DEBT else EVERY_CREDITOR
    found = pl.concat(
        [
            _keys("address", address_scope, _address_keys(rows["email"], hash_key)),
            _keys("debtor", creditor_id, _debtor_ids(rows, creditor_id, debtors)),
            _keys("invoice", creditor_id, rows["invoice_id"]),
        ]
    )
    stamped = found.with_columns(
        reason=pl.lit(reason.value), since=since, until=pl.lit(None), source=pl.lit(source)
    )
    return shaped(stamped, SUPPRESSIONS).sort("subject", "key")


def _read_rows(table: Table, source: str) -> pl.DataFrame:
    """Return `_ROWS`: one row per row of the file, null where it says nothing."""
    columns = _columns(table)
    is_list = len(table.header) == 1 and not columns
    if not columns and not is_list:
        problem = f"no column of '{source}' is known to say who must not be written to"
        raise InputRefusedError(problem, "name one e-mail, debtor_id, tax_id or invoice_id")
    columns = columns or {"email": 0}
    batches = list(table.batches({str(place): place for place in set(columns.values())}))
    _refuse_faults(pl.concat([batch.faults for batch in batches]), source)
    rows = pl.concat([batch.rows for batch in batches])
    cell = {name: pl.col(str(place)).str.strip_chars() for name, place in columns.items()}
    filled = {name: pl.when(text != "").then(text) for name, text in cell.items()}
    absent = {name: pl.lit(None) for name in _ROWS if name not in columns}
    rows = shaped(rows.select(**filled).with_columns(**absent), _ROWS)
    return _of_list(table, rows) if is_list else rows


def _columns(table: Table) -> dict[str, int]:
    """Return the column of each role, the first of several; none where no one is identified."""
    ranks = [load_vocabulary().rank(name) for name in table.header]
    found = {rank.role: place for place, rank in reversed(list(enumerate(ranks))) if rank}
    known = {role: place for role, place in found.items() if role in _ROWS}
    return known if set(known) & set(_IDENTIFIERS) else {}


def _refuse_faults(faults: pl.DataFrame, source: str) -> None:
    faults = faults.filter(pl.col("reason") != "empty_row")
    if faults.is_empty():
        return
    first = faults["line"].sort().item(0)
    problem = f"row {first} of '{source}' cannot be read, {faults.height} rows in all"
    raise InputRefusedError(problem, "mend the file: who stands there would be written to")


def _of_list(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Take a list's texts with an @ for addresses, the others for whatever id they may be.

    Its first line is taken in too: where it was a title after all, nobody has that id.
    """
    if not table.headerless:
        first = pl.DataFrame({"email": [table.header[0]]}, schema_overrides={"email": pl.String})
        rows = pl.concat([rows, first], how="diagonal")
    is_address = pl.col("email").str.contains("@", literal=True)
    ids = [pl.when(~is_address).then("email").alias(name) for name in _IDENTIFIERS[1:]]
    return rows.with_columns(pl.when(is_address).then("email").alias("email"), *ids)


def _meant(rows: pl.DataFrame, reason: DecisionReason) -> pl.DataFrame:
    """Leave of each row what its reason is about."""
    names_bill, names_address = pl.col("invoice_id").is_not_null(), pl.col("email").is_not_null()
    person = ("debtor_id", "tax_id")
    ambiguous = pl.col("invoice_id").eq_missing(pl.col("debtor_id"))  # an unnamed list's id
    if reason in _OF_THE_DEBT:
        names_person = pl.any_horizontal(pl.col(person).is_not_null())
        return rows.with_columns(
            pl.when(~names_bill | ambiguous).then(pl.col(person)).name.keep(),
            email=pl.when(~names_bill & ~names_person).then("email"),
        )
    if reason is DecisionReason.SUPPRESS_WRONG_PERSON:
        rows = rows.with_columns(pl.when(~names_address).then(pl.col(person)).name.keep())
    return rows.with_columns(invoice_id=pl.lit(None, pl.String))


def _address_keys(cells: pl.Series, hash_key: bytes) -> pl.Series:
    split = split_cells(cells.drop_nulls().unique(), load_vocabulary())
    addresses = normalised_addresses(split.explode(empty_as_null=False).drop_nulls())
    return keyed_hash(hash_key, addresses["address"])


def _debtor_ids(rows: pl.DataFrame, creditor_id: str, debtors: pl.DataFrame | None) -> pl.Series:
    tax_ids = check_tax_ids(rows["tax_id"])["tax_id"].drop_nulls()
    found = [rows["debtor_id"], tax_ids]
    if debtors is not None:
        own = debtors.filter(pl.col("creditor_id") == creditor_id)
        found.append(own.filter(pl.col("tax_id").is_in(tax_ids.implode()))["debtor_id"])
    return pl.concat([ids.alias("key") for ids in found])


def _keys(subject: str, creditor_id: str, keys: pl.Series) -> pl.DataFrame:
    distinct = keys.drop_nulls().unique().cast(pl.String).to_frame("key")
    return distinct.with_columns(creditor_id=pl.lit(creditor_id), subject=pl.lit(subject))
