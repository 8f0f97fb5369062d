"""Debtors of one creditor as a table to link, and what else is known of whom they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from checks.contacts.linkage.fields import Material, read_material
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.texts import folded, sound
from checks.contacts.linkage.values import MISSING, Codes
from checks.contacts.model import MatchReference
from checks.model import DebtorKind

NAME: Final = "name"
TAX_ID: Final = "tax_id"
EMAIL: Final = "email"
PHONE: Final = "phone"

ROLES: Final[Mapping[str, Role]] = {
    NAME: Role.NAME,
    TAX_ID: Role.TAX_ID,
    EMAIL: Role.EMAIL,
    PHONE: Role.PHONE,
}
"""What debtors are compared by; an id that was mistyped is none (`DEBTORS.tax_id`)."""

FIRST_NAMES: Final = 3
"""A tax id under more different first words of names is a clerk's or a dummy and tells nobody."""

_BETWEEN_MAILBOXES: Final = ";"
_KINDS: Final = {DebtorKind.PERSON.value: 0, DebtorKind.COMPANY.value: 1}


def table_of(debtors: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return `debtor_id, kind` and the columns of ROLES, one row per debtor, sorted.

    `debtors` are DEBTORS of one creditor, `contacts` has their `debtor_id, address` (null: none).

    >>> debtors = pl.DataFrame(
    ...     {"debtor_id": ["2", "1"], "kind": "pf", "name": "Ana", "tax_id": None, "phone": None})
    >>> contacts = pl.DataFrame({"debtor_id": ["1", "1"], "address": ["b@x.test", "a@x.test"]})
    >>> table_of(debtors, contacts).select("debtor_id", "email").rows()
    [('1', 'a@x.test;b@x.test'), ('2', None)]
    """
    mailboxes = (
        contacts.select("debtor_id", "address")
        .drop_nulls()
        .unique()
        .sort("debtor_id", "address")
        .group_by("debtor_id", maintain_order=True)
        .agg(pl.col("address").str.join(_BETWEEN_MAILBOXES).alias(EMAIL))
    )
    return (
        debtors.with_columns(_telling_tax_id())
        .join(mailboxes, on="debtor_id", how="left")
        .select("debtor_id", "kind", *(pl.col(column).cast(pl.String) for column in ROLES))
        .sort("debtor_id")
    )


def _telling_tax_id() -> pl.Expr:
    first = sound(folded(pl.col(NAME).cast(pl.String)).str.split(" ").list.first())
    names = first.drop_nulls().n_unique().over(TAX_ID)
    return pl.when(names <= FIRST_NAMES).then(TAX_ID).alias(TAX_ID)


def grouped_by_tax_id(table: pl.DataFrame, alone: pl.Series) -> pl.DataFrame:
    """Return `record_id` and `cluster` of a table: debtors of one tax id, but for those `alone`.

    >>> table = pl.DataFrame({"debtor_id": ["1", "2", "3", "4", "5"],
    ...                       "tax_id": ["a", "b", None, "a", "b"]})
    >>> grouped_by_tax_id(table, pl.Series(["5"]))["cluster"].to_list()
    [0, 1, 2, 0, 4]
    """
    place, key = pl.col("place"), pl.col("key")
    return (
        table.with_row_index("place")
        .with_columns(key=pl.when(~pl.col("debtor_id").is_in(alone.implode())).then(TAX_ID))
        .select(
            record_id="debtor_id",
            cluster=pl.when(key.is_null()).then(place).otherwise(place.min().over("key")),
        )
    )


def material_of(table: pl.DataFrame, reference: MatchReference) -> Material:
    """Return what to compare in a table of `table_of`; a person and a company never are one."""
    material = read_material(table.select(*ROLES), ROLES, reference)
    kinds = _kinds_of(table["kind"])
    if not (kinds != MISSING).any():
        return material
    vetoes = material.vetoes
    return replace(material, vetoes=replace(vetoes, others=(*vetoes.others, kinds)))


def _kinds_of(kind: pl.Series) -> Codes:
    codes = kind.cast(pl.String).replace_strict(_KINDS, default=MISSING, return_dtype=pl.Int64)
    return np.asarray(codes.to_numpy(), np.int64)
