"""The words of input files: column names, empty cells, sources; loaded from data/reference."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from data.intake.roles import DATED_ROLES, LAST_DATED, ROLES, SEVERAL_ROLES, dated_role

_NOT_WORD: Final = re.compile(r"[\W_]+")
_TRAILING_NUMBER: Final = re.compile(r" ?\d{1,2}$")
_COLUMN_NUMBER: Final = re.compile(rf" ?([1-{LAST_DATED}])(?= |$)")
_CAMEL_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MAX_HEADER: Final = 200


def fold(text: str) -> str:
    """Return the text without accents, case and punctuation, words apart by one blank.

    >>> fold("Dt. Vencimento"), fold("CORREO ELECTRÓNICO"), fold("CPF/CNPJ"), fold("vlr_título")
    ('dt vencimento', 'correo electronico', 'cpf cnpj', 'vlr titulo')
    """
    decomposed = unicodedata.normalize("NFKD", text[:_MAX_HEADER])
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", bare.casefold()).strip()


def column_number(header: str) -> int | None:
    """Return the number that a column name ends with, or None.

    >>> column_number("E-mail 2"), column_number("email2"), column_number("E-mail")
    (2, 2, None)
    """
    number = _TRAILING_NUMBER.search(fold(header))
    return int(number.group()) if number else None


@dataclass(frozen=True, slots=True)
class Rank:
    """How well a column name fits a role: lower `place` wins among columns of one role."""

    role: str
    place: int
    language: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything intake knows of how people write; all keys folded by `fold`."""

    columns: Mapping[str, Rank]
    spelling: Mapping[str, str]
    owners: frozenset[str]
    empty: frozenset[str]
    no_address: frozenset[str]
    conjunctions: frozenset[str]
    source: Mapping[str, str]
    kind: Mapping[str, str]
    language: Mapping[str, str]
    currency: Mapping[str, str]

    def rank(self, header: str) -> Rank | None:
        """Return the role that a column name speaks of, or None.

        >>> load_vocabulary().rank("E-mail do devedor").role
        'email'
        >>> load_vocabulary().rank("E-mail do vendedor") is None
        True
        """
        folded, spelt = fold(header), spell_out(header, self.spelling)
        numberless = _TRAILING_NUMBER.sub("", spelt)
        names = [folded, spelt, self._without_owner(spelt)]
        several = [numberless, self._without_owner(numberless)]
        return (
            self._first(names, ROLES)
            or self._first(several, SEVERAL_ROLES)
            or self._rank_dated(spelt)
        )

    def _rank_dated(self, spelt: str) -> Rank | None:
        """Return the rank of a date that names the number of its e-mail column."""
        numbers = _COLUMN_NUMBER.findall(spelt)
        if len(numbers) != 1:
            return None
        numberless = _COLUMN_NUMBER.sub("", spelt).strip()
        rank = self._first([numberless, self._without_owner(numberless)], DATED_ROLES)
        return rank and replace(rank, role=dated_role(rank.role, int(numbers[0])))

    def _first(self, names: list[str], roles: tuple[str, ...]) -> Rank | None:
        ranks = (self.columns.get(name.replace(" ", "")) for name in names)
        return next((rank for rank in ranks if rank is not None and rank.role in roles), None)

    def _without_owner(self, name: str) -> str:
        words = name.split(" ")
        if len(words) > 1 and words[-1] in self.owners:
            return " ".join(words[:-1])
        if len(words) > 1 and words[0] in self.owners:
            return " ".join(words[1:])
        return name


def spell_out(header: str, spelling: Mapping[str, str]) -> str:
    """Return a column name folded, its abbreviations written out and its fillers left out.

    >>> spelling = {"vlr": "valor", "do": ""}
    >>> spell_out("Vlr. do Título", spelling), spell_out("vlrTitulo", spelling)
    ('valor titulo', 'valor titulo')
    """
    words = fold(_CAMEL_HUMP.sub(" ", header[:_MAX_HEADER])).split()
    return " ".join(filter(None, (spelling.get(word, word) for word in words)))


@cache
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary of `data/reference/intake_synonyms.toml`, loaded once."""
    text = files("data.reference").joinpath("intake_synonyms.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    folding = raw["folding"]
    spelling = _inverted(raw["abbreviations"]) | dict.fromkeys(folding["fillers"], "")
    return Vocabulary(
        columns=_ranks(raw["columns"], spelling),
        spelling=spelling,
        owners=frozenset(folding["owners"]),
        empty=frozenset(map(fold, raw["empty"]["words"])),
        no_address=frozenset(map(fold, raw["empty"]["words"] + raw["empty"]["addresses"])),
        conjunctions=frozenset(word.casefold() for word in raw["conjunctions"]["words"]),
        source=_inverted(raw["source"]),
        kind=_inverted(raw["kind"]),
        language=_inverted(raw["language"]),
        currency=_inverted(raw["currency"]),
    )


def _ranks(
    columns: dict[str, dict[str, list[str]]],
    spelling: Mapping[str, str],
) -> dict[str, Rank]:
    ranks: dict[str, Rank] = {}
    for role, languages in columns.items():
        for language, names in languages.items():
            for place, name in enumerate(names):
                # without blanks: "e mail", "whats app" and "R. F. C." are one word or several
                for form in (fold(name), spell_out(name, spelling)):
                    ranks.setdefault(form.replace(" ", ""), Rank(role, place, language))
    return ranks


def _inverted(table: dict[str, Any]) -> dict[str, str]:
    return {fold(word): target for target, words in table.items() for word in words}
