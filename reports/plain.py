"""Making outside text harmless to look at: no control or direction marks, bounded, no tax id."""

from __future__ import annotations

import re
from typing import Final

MOST_CHARACTERS: Final = 120

# C0, DEL and C1 controls, line and paragraph separators, and the marks that reorder or hide text:
# soft hyphen, zero-width marks, embeddings, overrides, isolates, byte-order mark, tag characters,
# lone surrogates (Unicode 16, general categories Cc, Cs and part of Cf).
_INVISIBLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]+"
)

# CPF with or without dots (also at the end of a sole trader's registered name), RFC of a person
# or a company. A CNPJ is public and stays.
_TAX_ID: Final = re.compile(
    r"(?<![0-9A-Za-z+])(?:\d{3}\.\d{3}\.\d{3}-?\d{2}|\d{9}-\d{2}|[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3})"
    r"(?![0-9A-Za-z])"
    r"|(?<=\D )\d{11}$"
)

MASK: Final = "•••"


def plain(text: str, most: int = MOST_CHARACTERS) -> str:
    r"""Return the text without invisible characters, cut to `most` characters.

    >>> plain("Ana\u202e\x1b[2J Souza")
    'Ana [2J Souza'
    >>> plain("x" * 9, most=5)
    'xxxx…'
    """
    shown = " ".join(_INVISIBLE.sub(" ", text[: 4 * most]).split())
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def mask_tax_ids(text: str) -> str:
    """Return the text with anything that has the shape of a CPF or an RFC masked (rule L17).

    >>> mask_tax_ids("ANA SOUZA 11144477735"), mask_tax_ids("111.444.777-35")
    ('ANA SOUZA •••', '•••')
    >>> mask_tax_ids("GODE561231GR8"), mask_tax_ids("contrato 00012345")
    ('•••', 'contrato 00012345')
    """
    return _TAX_ID.sub(MASK, text)
