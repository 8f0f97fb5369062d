"""Brazil or Mexico: what a file tells of itself where the configuration does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from data.intake.settings import Country, DecimalMark

CURRENCY_OF: Final[dict[Country, str]] = {"BR": "BRL", "MX": "MXN"}
"""The currency of amounts that name none."""

DECIMAL_MARK_OF: Final[dict[Country, DecimalMark]] = {"BR": ",", "MX": "."}
"""The decimal mark where no amount shows it."""

_COUNTRY_OF_LANGUAGE: Final[dict[str, Country]] = {"pt": "BR", "es": "MX", "en": "BR"}
_RFC: Final = r"(?i)^\s*[A-ZÑ&]{3,4}[\s\-]?[0-9]{6}"


def guess_country(files: Iterable[pl.DataFrame], language: str) -> Country:
    """Return the country whose tax ids the cells hold; by the header's language without any.

    >>> guess_country([pl.DataFrame({"tax_id": ["LOMA800101AB1", "529.982.247-25", "x"]})], "pt")
    'BR'
    >>> guess_country([pl.DataFrame({"tax_id": ["LOMA800101AB1"]})], "pt")
    'MX'
    """
    cells = [frame.get_column("tax_id") for frame in files if "tax_id" in frame.columns]
    filled = sum(int((cell.str.strip_chars() != "").sum()) for cell in cells)
    mexican = sum(int(cell.str.contains(_RFC).sum()) for cell in cells)
    if not filled:
        return _COUNTRY_OF_LANGUAGE[language]
    return "MX" if 2 * mexican > filled else "BR"
