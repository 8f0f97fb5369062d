"""The words of input files: column names, empty cells, sources; loaded from data/reference."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from data.intake.roles import SEVERAL_ROLES

_NOT_WORD: Final = re.compile(r"[\W_]+")
_TRAILING_NUMBER: Final = re.compile(r" ?\d{1,2}$")
_MAX_HEADER: Final = 200


def fold(text: str) -> str:
    """Return the text without accents, case and punctuation, words apart by one blank.

    >>> fold("Dt. Vencimento"), fold("CORREO ELECTRÓNICO"), fold("CPF/CNPJ"), fold("vlr_título")
    ('dt vencimento', 'correo electronico', 'cpf cnpj', 'vlr titulo')
    """
    decomposed = unicodedata.normalize("NFKD", text[:_MAX_HEADER])
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", bare.casefold()).strip()


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
    owners: tuple[str, ...]
    owners_before: tuple[str, ...]
    empty: frozenset[str]
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
        folded = fold(header)
        without_number = _TRAILING_NUMBER.sub("", folded)
        for several_only, name in (
            (False, folded),
            (False, self._without_owner(folded)),
            (True, without_number),
            (True, self._without_owner(without_number)),
        ):
            rank = self.columns.get(name)
            if rank is not None and (not several_only or rank.role in SEVERAL_ROLES):
                return rank
        return None

    def _without_owner(self, folded: str) -> str:
        for owner in self.owners:
            if folded.endswith(" " + owner):
                return folded.removesuffix(owner).strip()
        for owner in self.owners_before:
            if folded.startswith(owner + " "):
                return folded.removeprefix(owner).strip()
        return folded


@cache
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary of `data/reference/intake_synonyms.toml`, loaded once."""
    text = files("data.reference").joinpath("intake_synonyms.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    folding = raw["folding"]
    return Vocabulary(
        columns=_ranks(raw["columns"]),
        owners=tuple(sorted(map(fold, folding["owners"]), key=lambda owner: (-len(owner), owner))),
        owners_before=tuple(map(fold, folding["owners_before"])),
        empty=frozenset(map(fold, raw["empty"]["words"])),
        conjunctions=frozenset(word.casefold() for word in raw["conjunctions"]["words"]),
        source=_inverted(raw["source"]),
        kind=_inverted(raw["kind"]),
        language=_inverted(raw["language"]),
        currency=_inverted(raw["currency"]),
    )


def _ranks(columns: dict[str, dict[str, list[str]]]) -> dict[str, Rank]:
    return {
        fold(name): Rank(role, place, language)
        for role, languages in columns.items()
        for language, names in languages.items()
        for place, name in enumerate(names)
    }


def _inverted(table: dict[str, Any]) -> dict[str, str]:
    return {fold(word): target for target, words in table.items() for word in words}
