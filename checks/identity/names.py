"""Names of people and companies folded for comparison, never for display."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from checks.columns import over_distinct


@dataclass(frozen=True, slots=True, eq=False)
class NameReference:
    """Words that a name can lose and still name the same party; upper-case ASCII."""

    legal_forms: frozenset[str]
    """Legal forms and states of companies: `LTDA`, `SA DE CV`, `EM RECUPERACAO JUDICIAL`."""

    particles: frozenset[str]
    """Words between names: `DA`, `DE`, `DEL`, `E`, `Y`."""


# Names of individual entrepreneurs carry a tax id: the CPF behind (register until 2023) or the
# root of the CNPJ in front (since); neither belongs to the name, nor into a key.
_TAX_ID_AROUND: Final = (
    r"^[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}\s+|\s+[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}$"
)
_LONGEST: Final = 512
_LONGEST_ABBREVIATION: Final = 4
_NOTHING: Final = r"[^\s\S]"


def fold_names(raw: pl.Series, reference: NameReference) -> pl.Series:
    """Return a key for each name, in the order of `raw`: null where nothing of a name is left.

    Upper case without accents, punctuation, particles and trailing legal forms; `Filho`, `Junior`,
    `Neto` stay, for they are other people. A name of nothing but such words is kept whole.

    >>> reference = NameReference(frozenset({"LTDA", "ME", "SA DE CV"}), frozenset({"DA", "E"}))
    >>> raw = pl.Series(["José da Conceição", "Padaria Pão & Cia. Ltda. - ME", "Mole S.A. de C.V."])
    >>> fold_names(raw, reference).to_list()
    ['JOSE CONCEICAO', 'PADARIA PAO CIA', 'MOLE']
    """

    def fold(distinct: pl.Series) -> pl.DataFrame:
        name = pl.col("raw")
        short = pl.when(name.str.len_bytes() <= _LONGEST).then(name)
        return distinct.to_frame("raw").select(key=_key(short, reference))

    return over_distinct(raw, fold).to_series()


def _key(name: pl.Expr, reference: NameReference) -> pl.Expr:
    ascii_upper = name.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_uppercase()
    words = (
        ascii_upper.str.strip_chars()
        .str.replace_all(_TAX_ID_AROUND, "")
        .str.replace_all(r"[.'\u{2019}\u{B4}`]", "")  # S.A. is SA, D'Avila is DAVILA
        .str.replace_all(r"\b(S|C)/(A|C|V)\b", "${1}${2}")  # S/A
        .str.replace_all("&", " E ")
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars(" ")
    )
    forms = "|".join(_spelt_out(form) for form in _longest_first(reference.legal_forms)) or _NOTHING
    bare = words.str.replace(rf"(?:\s(?:{forms}))+$", "")
    is_form = words.str.contains(rf"^(?:{forms})$")
    # twice, for each match takes the space that the next particle would need
    particles = "|".join(_longest_first(reference.particles)) or _NOTHING
    particle = rf"(^|\s)(?:{particles})\s"
    for _ in range(2):
        bare = bare.str.replace_all(particle, "${1}")
    return pl.when((bare != "") & ~is_form).then(bare).when(words != "").then(words)


def _longest_first(words: frozenset[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _spelt_out(form: str) -> str:
    """Return a pattern that also takes abbreviations letter by letter: `S A DE C V`."""
    return r"\s".join(
        r"\s?".join(word) if len(word) <= _LONGEST_ABBREVIATION else word for word in form.split()
    )
