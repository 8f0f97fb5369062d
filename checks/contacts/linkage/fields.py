"""From a table's columns to what is compared, what pairs are found by, and what is vetoed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from checks.contacts.linkage.blocks import Trait
from checks.contacts.linkage.cluster import Vetoes
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.mailboxes import mailboxes, phone_numbers
from checks.contacts.linkage.parts import (
    PLAIN,
    Part,
    reached_part,
    read_day,
    read_plain,
    read_tax_ids,
)
from checks.contacts.linkage.people import Kinds, full_names, read_full_names, read_name_columns
from checks.contacts.linkage.places import FINEST_FIRST, with_implications
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import WORKERS
from checks.contacts.linkage.values import MISSING, ValueLists, value_lists_through
from checks.contacts.model import MatchReference


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
    """Return what to compare in a table of texts; columns without a role play no part.

    Columns are read beside each other; what depends on the tax ids comes after them.
    """
    columns = {role: [name for name, each in roles.items() if each is role] for role in Role}
    reached = [role for role in (Role.EMAIL, Role.PHONE) if columns[role]]
    with ThreadPoolExecutor(WORKERS) as workers:
        ask = workers.submit
        told = ask(read_tax_ids, table, columns[Role.TAX_ID])
        written = ask(read_full_names, table, roles, reference.names)
        lists = [ask(_read_lists, table[columns[role]], role, reference) for role in reached]
        plain = [ask(read_plain, table[name], role) for name, role in _plain_columns(roles)]
        days = [ask(read_day, table[name]) for name in columns[Role.BIRTH_DATE]]
        single = ask(read_name_columns, table, roles, reference.names)
        ids = told.result()
        full = ask(full_names, written.result(), ids.kinds)
        own = [
            ask(reached_part, role, columns[role], each.result(), ids.identity)
            for role, each in zip(reached, lists, strict=True)
        ]
    names = [each.result() for each in (single, full)]
    born = [each.result() for each in days]
    parts = [
        ids.part,
        *(Part(each.fields, each.traits) for each in names),
        *(each.result() for each in own),
        *born,
        *_linked_places([each.result() for each in plain]),
    ]
    kinds = ids.kinds.merged(names[1].kinds).merged(_born(born, table.height))
    others = (kinds.codes, *(each.generation for each in names))
    return Material(
        table.height,
        tuple(chain.from_iterable(part.fields for part in parts)),
        tuple(chain.from_iterable(part.traits for part in parts)),
        Vetoes(ids.identity, tuple(codes for codes in others if (codes != MISSING).any())),
    )


def _plain_columns(roles: Mapping[str, Role]) -> list[tuple[str, Role]]:
    """Return the columns that are compared as they are, parts of an address finest first."""
    order = {role: place for place, role in enumerate(FINEST_FIRST)}
    plain = [(column, role) for column, role in roles.items() if role in PLAIN]
    return sorted(plain, key=lambda one: order.get(one[1], len(order)))


def _read_lists(table: pl.DataFrame, role: Role, reference: MatchReference) -> ValueLists:
    columns = table.get_columns()
    if role is Role.PHONE:
        return value_lists_through(columns, phone_numbers)
    return value_lists_through(columns, lambda cells: mailboxes(cells, reference.alias_rules))


def _linked_places(parts: Sequence[Part]) -> list[Part]:
    """Return parts of which those of an address know which finer ones imply them."""
    places = sum(part.fields[0].role in FINEST_FIRST for part in parts)  # they come first
    linked = with_implications([part.fields[0] for part in parts[:places]])
    known = [Part((field,), part.traits) for field, part in zip(linked, parts, strict=False)]
    return [*known, *parts[places:]]


def _born(parts: Sequence[Part], records: int) -> Kinds:
    """Return who is a person because a birth date says so."""
    dated = np.zeros(records, np.bool_)
    for part in parts:
        dated |= part.traits[0].codes != MISSING
    return Kinds(np.where(dated, 0, MISSING))
