"""What the columns of any table mean: said by the user, guessed from their names and contents."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from checks.contacts.linkage.dates import day_of
from checks.contacts.linkage.roles import Role
from checks.errors import SettingError
from checks.identity import check_tax_ids
from data.intake.vocabulary import load_vocabulary, spell_out

_SAMPLE_ROWS: Final = 5_000
_SOME_ROWS: Final = 20
_MOST: Final = 0.5
_NEARLY_ALL: Final = 0.8
_WHOLE_NAME_WORDS: Final = 1.8  # words on average; a given name alone has fewer
_TRAILING_NUMBER: Final = re.compile(r" ?\d{1,2}$")
_LIVED_DAY: Final = r"^(?:19\d\d|20[01]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$"
_WRITTEN_PHONE: Final = r"^\s*(?:\+|\()[0-9 ()\-.]{8,}$"


@dataclass(frozen=True, slots=True)
class Guess:
    """The role of a column, and where it comes from: said, its name, or its contents."""

    column: str
    role: Role
    origin: str


def guess_roles(
    table: pl.DataFrame, said: Mapping[str, Role], id_column: str | None
) -> tuple[Guess, ...]:
    """Return a role for every column of a table of texts, in its order.

    Raises SettingError for a column that the table does not have.

    >>> table = pl.DataFrame({"Nome": ["Ana Reis"], "E-mail 2": [None], "zz": ["a@b.example"]})
    >>> [(each.role.value, each.origin) for each in guess_roles(table, {}, None)]
    [('name', 'its name'), ('email', 'its name'), ('email', 'its contents')]
    """
    for column in (*said, *([id_column] if id_column else [])):
        if column not in table.columns:
            problem = f"there is no column '{column}'"
            raise SettingError(problem, f"the columns are: {', '.join(table.columns)}")
    guesses = [_guess(table[column], said, id_column) for column in table.columns]
    roles = {each.role for each in guesses}
    if Role.SURNAME in roles and Role.GIVEN_NAME not in roles:
        return tuple(_given_if_single(each, table) for each in guesses)
    return tuple(guesses)


def _guess(column: pl.Series, said: Mapping[str, Role], id_column: str | None) -> Guess:
    name = column.name
    if name in said:
        return Guess(name, said[name], "said")
    if name == id_column:
        return Guess(name, Role.IGNORE, "the id")
    if len(column) >= _SOME_ROWS and column.n_unique() == 1:
        return Guess(name, Role.IGNORE, "one value only")
    by_name = role_of_header(name)
    if by_name is not None:
        return Guess(name, by_name, "its name")
    return Guess(name, _role_of_contents(column.drop_nulls().head(_SAMPLE_ROWS)), "its contents")


def role_of_header(header: str) -> Role | None:
    """Return the role that a column's name speaks of, or None.

    >>> [role_of_header(each) for each in ("dt_nascimento", "soc_sec_id", "address_1", "zz")]
    [<Role.BIRTH_DATE: 'birth_date'>, <Role.TAX_ID: 'tax_id'>, <Role.STREET: 'street'>, None]
    """
    spelling = load_vocabulary().spelling
    name = spell_out(header, spelling)
    for form in (name, _TRAILING_NUMBER.sub("", name)):
        padded = f" {form} "
        for phrase, role in _phrases():
            if f" {phrase} " in padded:
                return role
    return None


@cache
def _phrases() -> tuple[tuple[str, Role], ...]:
    """Return folded names of columns with their roles, the longest first."""
    text = files("data.reference").joinpath("linkage_roles.toml").read_text(encoding="utf-8")
    spelling = load_vocabulary().spelling
    found: dict[str, Role] = {}
    for role, names in tomllib.loads(text).items():
        for name in names:
            found.setdefault(spell_out(name, spelling), Role(role))
    return tuple(sorted(found.items(), key=lambda item: -len(item[0].split())))


def _role_of_contents(sample: pl.Series) -> Role:
    if not len(sample):
        return Role.IGNORE
    shapes = (
        (Role.EMAIL, sample.str.contains("@"), _MOST),
        (Role.TAX_ID, check_tax_ids(sample)["flag"] == "valid", _MOST),
        (Role.BIRTH_DATE, day_of(sample).str.contains(_LIVED_DAY), _NEARLY_ALL),
        (Role.PHONE, sample.str.contains(_WRITTEN_PHONE), _MOST),
    )
    for role, fits, share in shapes:
        if float(fits.fill_null(value=False).sum()) >= share * len(sample):
            return role
    letters = sample.str.contains(r"\p{L}{2}")
    wordy = float(letters.sum()) >= _MOST * len(sample)
    telling = 1 < sample.n_unique() < len(sample)
    return Role.OTHER if wordy and telling else Role.IGNORE


def _given_if_single(guess: Guess, table: pl.DataFrame) -> Guess:
    """Take a guessed name of one word beside a surname for a given name."""
    if guess.role is not Role.NAME or guess.origin == "said":
        return guess
    words = table[guess.column].drop_nulls().head(_SAMPLE_ROWS).str.split(" ").list.len().mean()
    single = isinstance(words, float) and words < _WHOLE_NAME_WORDS
    return Guess(guess.column, Role.GIVEN_NAME, guess.origin) if single else guess
