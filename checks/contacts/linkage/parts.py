"""What single columns give: what is compared of them, and what pairs are found by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from checks.columns import said_of
from checks.contacts.linkage.blocks import Joins, Trait
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.dates import DAY, day_of
from checks.contacts.linkage.mailboxes import MAILBOX
from checks.contacts.linkage.people import Kinds
from checks.contacts.linkage.places import STREET
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import CATEGORY, CODE, TEXT, Scale
from checks.contacts.linkage.tax_ids import TAX_ID, VALID, tax_keys
from checks.contacts.linkage.texts import compact, folded
from checks.contacts.linkage.values import (
    MISSING,
    Codes,
    ValueLists,
    Values,
    of_each,
    values_of,
    values_through,
    written_in,
)

_OWNERS: Final = 10
"""A mailbox or number of so many valid tax ids is an accountant's or nobody's: it tells nothing."""

_COPIES: Final = 12
"""Records of one person that may well carry the same wrong id."""

_YEAR: Final = 4
PLAIN: Final[Mapping[Role, tuple[Scale, Callable[[pl.Expr], pl.Expr]]]] = {
    Role.STREET: (STREET, folded),
    Role.POSTCODE: (CODE, compact),
    Role.CITY: (TEXT, folded),
    Role.STATE: (CATEGORY, folded),
    Role.COUNTRY: (CATEGORY, folded),
    Role.OTHER: (TEXT, folded),
}
"""Roles whose values are compared as they are: by which scale, and how they are read."""

_FEW_VALUES: Final = frozenset({Role.STATE, Role.COUNTRY})


@dataclass(frozen=True)
class Part:
    """What some columns give."""

    fields: tuple[Field, ...] = ()
    traits: tuple[Trait, ...] = ()


@dataclass(frozen=True)
class Ids:
    """What tax ids give: who is who (codes, n), and who is a company."""

    part: Part
    identity: Codes
    kinds: Kinds


def read_tax_ids(table: pl.DataFrame, columns: Sequence[str]) -> Ids:
    """Return what columns of tax ids give."""
    nobody = np.full(table.height, MISSING)
    part, identity, kinds = Part(), nobody, Kinds(nobody)
    for column in columns:
        written = written_in(table[column])
        keys = tax_keys(written.texts)
        known = bool(keys["identity"].is_not_null().any())
        if known:
            keys = keys.with_columns(text=_without_dummies(keys["text"], written))
        texts, root = (_said(written, keys[name]) for name in ("text", "root"))
        field = Field(column, Role.TAX_ID, TAX_ID if known else CODE, texts)
        traits = [Trait(column, column, texts.codes, alone=True, proof=known)]
        if known:
            traits.append(Trait(f"{column}: root", column, root.codes, proof=True))
            found = _said(written, keys["identity"]).codes
            identity = np.where(identity == MISSING, found, identity)
        company = keys["is_company"].cast(pl.Int64).fill_null(MISSING).to_numpy()
        kinds = kinds.merged(Kinds(of_each(written.codes, company)))
        part = Part((*part.fields, field), (*part.traits, *traits))
    return Ids(part, identity, kinds)


def _without_dummies(texts: pl.Series, written: Values) -> pl.Series:
    """Leave out invalid ids that more records hold than one person has: nobody's."""
    held = pl.DataFrame({"text": texts, "holders": written.counts})
    common = pl.col("holders").sum().over("text") > _COPIES
    invalid = ~pl.col("text").str.starts_with(VALID)
    return held.select(pl.when(~(invalid & common)).then("text").alias("text"))["text"]


def _said(written: Values, said: pl.Series) -> Values:
    """Return what is said of each distinct text, for each record."""
    values = values_of(said)
    return Values(of_each(written.codes, values.codes), values.texts)


def reached_part(role: Role, columns: Sequence[str], lists: ValueLists, identity: Codes) -> Part:
    """Return what mailboxes or phone numbers give, without those that are nobody's own."""
    own = _without_generic(lists, identity)
    scale = MAILBOX if role is Role.EMAIL else CODE
    traits = [Trait(role.value, role.value, own.codes, alone=True, holders=own.holders)]
    if role is Role.EMAIL:
        traits.append(_local_parts(own))
    return Part((Field(" ".join(columns), role, scale, own),), tuple(traits))


def _local_parts(lists: ValueLists) -> Trait:
    locals_ = values_of(lists.texts.str.replace("@.*$", ""))
    codes = of_each(lists.codes, locals_.codes)
    return Trait("mailbox name", Role.EMAIL.value, codes, holders=lists.holders)


def _without_generic(lists: ValueLists, identity: Codes) -> ValueLists:
    """Leave out values that belong to many different valid tax ids."""
    owner = identity[lists.holders]
    owned = owner != MISSING
    width = int(identity.max(initial=0)) + 1
    owners = np.unique(lists.codes[owned] * width + owner[owned]) // width
    owned_by = np.bincount(owners, minlength=len(lists.texts))
    kept = owned_by[lists.codes] < _OWNERS
    sizes = np.bincount(lists.holders[kept], minlength=len(lists.starts) - 1)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return ValueLists(lists.codes[kept], starts, lists.texts)


def read_day(raw: pl.Series) -> Part:
    """Return what a column of birth dates gives."""
    column = raw.name
    days = values_through(raw, day_of)
    years = values_of(days.texts.str.head(_YEAR))
    return Part(
        (Field(column, Role.BIRTH_DATE, DAY, days),),
        (
            Trait(column, column, days.codes, alone=True),
            Trait(f"{column}: year", column, of_each(days.codes, years.codes)),
        ),
    )


def read_plain(raw: pl.Series, role: Role) -> Part:
    """Return what a column gives whose values are compared as they are."""
    column, (scale, fold) = raw.name, PLAIN[role]
    values = values_through(raw, lambda texts: said_of(texts, fold))
    few = role in _FEW_VALUES or len(values.texts) ** 2 < len(raw)
    trait = Trait(column, column, values.codes, joins=Joins.IF_SMALL if few else Joins.ALWAYS)
    return Part((Field(column, role, scale, values),), (trait,))
