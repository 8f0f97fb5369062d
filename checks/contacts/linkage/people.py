"""What name columns give: whose they are, what is compared, and what pairs are found by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from checks.columns import said_of
from checks.contacts.linkage.blocks import Joins, Trait
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.name_scales import PERSON, SUFFIX, company_scale
from checks.contacts.linkage.names import name_parts
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import WORD
from checks.contacts.linkage.texts import folded, sound
from checks.contacts.linkage.values import (
    MISSING,
    Codes,
    Values,
    of_each,
    sharing_texts,
    values_of,
    written_in,
)
from checks.contacts.linkage.words import NO_WORD
from checks.contacts.model import NameWords

_NO_SUFFIX: Final = "-"
_REPEATED_SHARE: Final = 0.5
_BEGINNING: Final = {Role.GIVEN_NAME: 2, Role.SURNAME: 3}  # letters that mostly survive a slip
_COMPANY: Final = 1
_PERSON: Final = 0


@dataclass(frozen=True)
class Kinds:
    """Which records are companies (1), which persons (0), `MISSING` where unknown."""

    codes: Codes

    def merged(self, other: Kinds) -> Kinds:
        """Return these kinds, and the other ones where these are unknown.

        >>> Kinds(np.array([1, -1])).merged(Kinds(np.array([0, 0]))).codes.tolist()
        [1, 0]
        """
        return Kinds(np.where(self.codes == MISSING, other.codes, self.codes))


@dataclass(frozen=True)
class Names:
    """Fields and traits of names, and what suffixes such as Filho say (codes, n)."""

    fields: tuple[Field, ...]
    traits: tuple[Trait, ...]
    generation: Codes
    kinds: Kinds


def read_name_columns(table: pl.DataFrame, roles: Mapping[str, Role], words: NameWords) -> Names:
    """Return what columns of given names and surnames give."""
    columns = [each for each, role in roles.items() if role in _BEGINNING]
    nobody = np.full(table.height, MISSING)
    if not columns:
        return Names((), (), nobody, Kinds(nobody))
    parts = [_read_names(table[column], roles[column], words) for column in columns]
    shared = sharing_texts(*(part.keys for part in parts))
    fields = [
        Field(column, roles[column], WORD, values, crossed=_crossed(shared, columns, roles, column))
        for column, values in zip(columns, shared, strict=True)
    ]
    traits = [
        trait
        for column, values in zip(columns, shared, strict=True)
        for trait in _word_traits(column, roles[column], values)
    ]
    generation = _latest([part.generation for part in parts])
    if len(columns) > 1:
        traits.append(_either_order(shared[0], shared[1]))
    return Names(
        (*fields, *_suffix_field(generation, shared[-1])),
        tuple(traits),
        generation.codes,
        Kinds(nobody),
    )


@dataclass(frozen=True)
class NameColumn:
    """A column of names taken apart, before it is known whose they are."""

    column: str
    role: Role
    keys: Values
    generation: Values
    kinds: Kinds


def read_full_names(
    table: pl.DataFrame, roles: Mapping[str, Role], words: NameWords
) -> list[NameColumn]:
    """Return columns of whole names and of organisations taken apart."""
    return [
        _read_names(table[column], role, words)
        for column, role in roles.items()
        if role in {Role.NAME, Role.ORGANISATION} and not _is_repeated(table, roles, column)
    ]


def full_names(columns: Sequence[NameColumn], kinds: Kinds) -> Names:
    """Return what whole names give, people and companies apart; `kinds` is known without them."""
    nobody = np.full(len(kinds.codes), MISSING)
    found = Names((), (), nobody, Kinds(nobody))
    for each in columns:
        one = _full_name(each, kinds)
        found = Names(
            (*found.fields, *one.fields),
            (*found.traits, *one.traits),
            np.where(found.generation == MISSING, one.generation, found.generation),
            found.kinds.merged(one.kinds),
        )
    return found


def _full_name(names: NameColumn, kinds: Kinds) -> Names:
    column, role = names.column, names.role
    all_kinds = kinds.merged(names.kinds)
    company = all_kinds.codes == _COMPANY
    if role is Role.ORGANISATION:
        company = np.ones(len(company), np.bool_)
    fields: list[Field] = []
    people = names.keys.only(~company)
    nobody = np.full(len(company), MISSING)
    if people.known:
        fields.append(Field(column, role, PERSON, people))
        fields.extend(_suffix_field(names.generation, people))
    if company.any():
        scale = company_scale(names.keys)
        name = f"{column} (company)" if people.known else column
        fields.append(Field(name, role, scale, names.keys, where=company))
    traits = _full_name_traits(column, names.keys)
    generation = np.where(company, nobody, names.generation.codes)
    return Names(
        tuple(fields), traits, generation, all_kinds if role is Role.NAME else Kinds(nobody)
    )


def _read_names(raw: pl.Series, role: Role, words: NameWords) -> NameColumn:
    written = written_in(raw)
    parts = name_parts(said_of(written.texts, folded), words)
    keys, generation = (values_of(parts[name]) for name in ("key", "generation"))
    kind = parts.select(
        pl.when("is_company").then(_COMPANY).when("is_person").then(_PERSON).otherwise(MISSING)
    )
    return NameColumn(
        raw.name,
        role,
        Values(of_each(written.codes, keys.codes), keys.texts),
        Values(of_each(written.codes, generation.codes), generation.texts),
        Kinds(of_each(written.codes, kind.to_series().cast(pl.Int64).to_numpy())),
    )


def _crossed(
    shared: tuple[Values, ...], columns: list[str], roles: Mapping[str, Role], column: str
) -> Codes | None:
    """Return the codes of the first name column of the other role, if there is one."""
    others = (
        values.codes
        for other, values in zip(columns, shared, strict=True)
        if roles[other] is not roles[column]
    )
    return next(others, None)


def _suffix_field(generation: Values, names: Values) -> tuple[Field, ...]:
    """Return the suffix as a field of its own, where the table knows any; none is a value too."""
    if not generation.known:
        return ()
    said = values_of(pl.Series([*generation.texts, _NO_SUFFIX]))  # MISSING is the last one's place
    codes = np.where(names.codes == MISSING, MISSING, said.codes[generation.codes])
    return (Field("suffix", Role.NAME, SUFFIX, Values(codes, said.texts)),)


def _latest(all_: list[Values]) -> Values:
    shared = sharing_texts(*all_)
    codes = np.maximum.reduce([each.codes for each in shared])
    return Values(codes, shared[0].texts)


def _word_traits(column: str, role: Role, names: Values) -> tuple[Trait, ...]:
    begins = _BEGINNING[role]
    return (
        _trait(f"{column}: sound", column, names, sound),
        _trait(f"{column}: begins", column, names, lambda text: text.str.head(begins)),
    )


def _full_name_traits(column: str, names: Values) -> tuple[Trait, ...]:
    words = names.words
    in_order = Values(names.codes, words.texts)
    spoken = values_of(said_of(words.vocabulary, sound))
    sounds = np.where(words.codes == NO_WORD, MISSING, spoken.codes[words.codes])
    last = sounds[np.arange(len(sounds)), np.maximum(words.sizes, 1) - 1]
    return (
        _coded(f"{column}: first", f"{column}: first", names, sounds[:, 0]),
        _coded(f"{column}: last", f"{column}: last", names, last),
        _trait(f"{column}: words", column, in_order, sound, alone=True),
        _coded(f"{column}: rarest", f"{column}: rarest", names, _rarest(sounds)),
    )


def _coded(name: str, family: str, values: Values, codes: Codes) -> Trait:
    return Trait(name, family, of_each(values.codes, codes))


def _trait(
    name: str,
    family: str,
    values: Values,
    say: Callable[[pl.Expr], pl.Expr],
    *,
    alone: bool = False,
) -> Trait:
    found = values_of(said_of(values.texts, say))
    return Trait(name, family, of_each(values.codes, found.codes), alone=alone)


def _rarest(sounds: Codes) -> Codes:
    """Return the sound of each name (k) that the fewest names hold."""
    holders = np.bincount(sounds[sounds != MISSING])
    size = len(holders) + 1
    ranked = np.where(sounds == MISSING, size**2, holders[sounds] * size + sounds)
    return np.asarray(ranked.min(axis=1, initial=size**2) % size)


def _either_order(given: Values, surname: Values) -> Trait:
    """Return a trait of both names that does not ask which stands in which column."""
    spoken = values_of(said_of(given.texts, sound))
    one, other = of_each(given.codes, spoken.codes), of_each(surname.codes, spoken.codes)
    known = (one != MISSING) & (other != MISSING)
    low, high = np.minimum(one, other), np.maximum(one, other)
    codes = np.where(known, low * max(len(spoken.texts), 1) + high, MISSING)
    return Trait("both names", "names", codes, alone=True, joins=Joins.NEVER)


def _is_repeated(table: pl.DataFrame, roles: Mapping[str, Role], column: str) -> bool:
    """Tell whether a name column mostly repeats the given names and surnames beside it."""
    beside = [each for each, role in roles.items() if role in _BEGINNING]
    if roles[column] is not Role.NAME or not beside:
        return False
    words = [folded(pl.col(each).cast(pl.String)).str.split(" ") for each in (column, *beside)]
    whole, *single = (word.alias(str(at)) for at, word in enumerate(words))
    frame = table.lazy().select(whole, *single).drop_nulls().collect()
    missing = pl.concat_list(pl.exclude("0")).list.set_difference("0").list.len()
    return 0 < _REPEATED_SHARE * len(frame) <= frame.select(missing == 0).to_series().sum()
