"""Letters of several scripts in one name: what a reader cannot tell from another address."""

from __future__ import annotations

from typing import Final

import polars as pl

# Recommended scripts of UAX #31 table 5, and Cherokee and Coptic for their Latin and Greek
# look-alikes. East Asian scripts count as one: UTS #39 5.2 lets them mix, also with Latin.
_EAST_ASIAN: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}"
_SCRIPTS: Final = (
    r"\p{Latin}",
    r"\p{Cyrillic}",
    r"\p{Greek}\p{Coptic}",
    r"\p{Armenian}",
    r"\p{Cherokee}",
    r"\p{Georgian}",
    r"\p{Hebrew}",
    r"\p{Arabic}",
    r"\p{Thaana}",
    r"\p{Ethiopic}",
    r"\p{Devanagari}",
    r"\p{Bengali}",
    r"\p{Gurmukhi}",
    r"\p{Gujarati}",
    r"\p{Oriya}",
    r"\p{Tamil}",
    r"\p{Telugu}",
    r"\p{Kannada}",
    r"\p{Malayalam}",
    r"\p{Sinhala}",
    r"\p{Thai}",
    r"\p{Lao}",
    r"\p{Tibetan}",
    r"\p{Myanmar}",
    r"\p{Khmer}",
)


def is_mixed(address: pl.Expr, unicode_domain: pl.Expr) -> pl.Expr:
    """Tell whether the local part or one domain label mixes scripts (UTS #39, highly restrictive).

    >>> frame = pl.DataFrame({"a": ["an\u0430@a.test", "ana@a.test"], "d": ["a.test"] * 2})
    >>> frame.select(is_mixed(pl.col("a"), pl.col("d"))).to_series().to_list()
    [True, False]
    """
    local = address.str.replace(r"@[^@]*$", "")
    labels = unicode_domain.str.split(".")
    label_is_mixed = labels.list.eval(_mixes(pl.element())).list.any()
    return _mixes(local) | label_is_mixed


def _mixes(name: pl.Expr) -> pl.Expr:
    used = [name.str.contains(f"[{script}]") for script in _SCRIPTS]
    count = pl.sum_horizontal(expression.cast(pl.UInt8()) for expression in used)
    with_east_asian = name.str.contains(f"[{_EAST_ASIAN}]") & pl.any_horizontal(used[1:])
    return (count > 1) | with_east_asian
