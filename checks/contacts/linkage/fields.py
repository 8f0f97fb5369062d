"""From a table's columns to what is compared, what pairs are found by, and what is vetoed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from checks.columns import said_of
from checks.contacts.linkage.blocks import Joins, Trait
from checks.contacts.linkage.cluster import Vetoes
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.dates import DAY, day_of
from checks.contacts.linkage.mailboxes import MAILBOX, mailboxes, phone_numbers
from checks.contacts.linkage.people import Kinds, read_full_names, read_name_columns
from checks.contacts.linkage.places import FINEST_FIRST, STREET, with_implications
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
    value_lists_through,
    values_of,
    values_through,
)
from checks.contacts.model import MatchReference

_OWNERS: Final = 10
"""A mailbox or number of so many valid tax ids is an accountant's or nobody's: it tells nothing."""

_COPIES: Final = 12
"""Records of one person that may well carry the same wrong id."""

_YEAR: Final = 4
_PLAIN: Final[Mapping[Role, tuple[Scale, Callable[[pl.Expr], pl.Expr]]]] = {
    Role.STREET: (STREET, folded),
    Role.POSTCODE: (CODE, compact),
    Role.CITY: (TEXT, folded),
    Role.STATE: (CATEGORY, folded),
    Role.COUNTRY: (CATEGORY, folded),
    Role.OTHER: (TEXT, folded),
}
_FEW_VALUES: Final = frozenset({Role.STATE, Role.COUNTRY})


@dataclass(frozen=True)
class Material:
    """Everything that linking needs to know of a table of `records` rows."""

    records: int
    fields: tuple[Field, ...]
    traits: tuple[Trait, ...]
    vetoes: Vetoes


def read_material(
    table: pl.DataFrame, roles: Mapping[str, Role], reference: MatchReference
) -> Material:
    """Return what to compare in a table of texts; columns without a role play no part."""
    ids = _read_tax_ids(table, _columns(roles, Role.TAX_ID))
    names = read_name_columns(table, roles, reference.names)
    full = read_full_names(table, roles, reference.names, ids.kinds)
    parts = [
        ids.part,
        _Part(names.fields, names.traits),
        _Part(full.fields, full.traits),
        *_read_lists(table, roles, reference, ids.identity),
        *(_read_day(column, table[column]) for column in _columns(roles, Role.BIRTH_DATE)),
        *_read_all_plain(table, roles),
    ]
    kinds = ids.kinds.merged(full.kinds).merged(_born(table, roles))
    others = (kinds.codes, names.generation, full.generation)
    return Material(
        table.height,
        tuple(field for part in parts for field in part.fields),
        tuple(trait for part in parts for trait in part.traits),
        Vetoes(ids.identity, tuple(codes for codes in others if (codes != MISSING).any())),
    )


@dataclass(frozen=True)
class _Part:
    """What some columns give."""

    fields: tuple[Field, ...] = ()
    traits: tuple[Trait, ...] = ()


@dataclass(frozen=True)
class _Ids:
    part: _Part
    identity: Codes
    kinds: Kinds


def _columns(roles: Mapping[str, Role], wanted: Role) -> list[str]:
    return [column for column, role in roles.items() if role is wanted]


def _born(table: pl.DataFrame, roles: Mapping[str, Role]) -> Kinds:
    """Return who is a person because a birth date says so."""
    dated = np.zeros(table.height, np.bool_)
    for column in _columns(roles, Role.BIRTH_DATE):
        dated |= values_through(table[column], day_of).codes != MISSING
    return Kinds(np.where(dated, 0, MISSING))


def _read_all_plain(table: pl.DataFrame, roles: Mapping[str, Role]) -> list[_Part]:
    columns = _plain_columns(roles)
    parts = [_read_plain(column, table[column], role) for column, role in columns]
    places = sum(role in FINEST_FIRST for _, role in columns)
    linked = with_implications([part.fields[0] for part in parts[:places]])
    known = [_Part((field,), part.traits) for field, part in zip(linked, parts, strict=False)]
    return known + parts[places:]


def _plain_columns(roles: Mapping[str, Role]) -> list[tuple[str, Role]]:
    """Return the columns that are compared as they are, parts of an address finest first."""
    order = {role: place for place, role in enumerate(FINEST_FIRST)}
    plain = [(column, role) for column, role in roles.items() if role in _PLAIN]
    return sorted(plain, key=lambda one: order.get(one[1], len(order)))


def _read_tax_ids(table: pl.DataFrame, columns: Sequence[str]) -> _Ids:
    nobody = np.full(table.height, MISSING)
    part, identity, kinds = _Part(), nobody, Kinds(nobody)
    for column in columns:
        written = values_of(table[column].cast(pl.String))
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
        part = _Part((*part.fields, field), (*part.traits, *traits))
    return _Ids(part, identity, kinds)


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


def _read_lists(
    table: pl.DataFrame,
    roles: Mapping[str, Role],
    reference: MatchReference,
    identity: Codes,
) -> list[_Part]:
    parts = []
    for role, scale, read in (
        (Role.EMAIL, MAILBOX, lambda cells: mailboxes(cells, reference.alias_rules)),
        (Role.PHONE, CODE, phone_numbers),
    ):
        columns = [table[column] for column in _columns(roles, role)]
        if not columns:
            continue
        lists = _without_generic(value_lists_through(columns, read), identity)
        field = Field(" ".join(_columns(roles, role)), role, scale, lists)
        traits = [Trait(role.value, role.value, lists.codes, alone=True, holders=lists.holders)]
        if role is Role.EMAIL:
            traits.append(_local_parts(lists))
        parts.append(_Part((field,), tuple(traits)))
    return parts


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


def _read_day(column: str, raw: pl.Series) -> _Part:
    days = values_through(raw, day_of)
    years = values_of(days.texts.str.head(_YEAR))
    return _Part(
        (Field(column, Role.BIRTH_DATE, DAY, days),),
        (
            Trait(column, column, days.codes, alone=True),
            Trait(f"{column}: year", column, of_each(days.codes, years.codes)),
        ),
    )


def _read_plain(column: str, raw: pl.Series, role: Role) -> _Part:
    scale, fold = _PLAIN[role]
    values = values_through(
        raw, lambda texts: said_of(texts, fold)
    )
    few = role in _FEW_VALUES or len(values.texts) ** 2 < len(raw)
    trait = Trait(column, column, values.codes, joins=Joins.IF_SMALL if few else Joins.ALWAYS)
    return _Part((Field(column, role, scale, values),), (trait,))
