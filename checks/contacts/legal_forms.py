"""Legal forms at the end of a company's name, however they are spelt."""

from __future__ import annotations

import re
from typing import Final

from checks.contacts.model import NameWords

_SPELT_LETTERS: Final = 5


def legal_forms_at_end(words: NameWords) -> str:
    """Return a pattern of the legal forms at the end of a folded company name.

    Dots have become spaces, so that S.A. de C.V. reads `s a de c v`: letters may stand apart.

    >>> re.sub(legal_forms_at_end(NameWords((), (), ("sa de cv",))), "", "aceros s a de c v")
    'aceros'
    """
    longest_first = sorted(words.legal_forms, key=len, reverse=True)
    forms = "|".join(" ".join(map(_spelt, form.split())) for form in longest_first)
    return rf"(?: (?:{forms}))+$"


def _spelt(word: str) -> str:
    return " ?".join(word) if len(word) <= _SPELT_LETTERS else re.escape(word)
