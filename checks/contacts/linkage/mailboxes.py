"""Ways to reach somebody, several on a record: mailboxes and phone numbers as keys for matching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz.distance import Indel

from checks.contacts.addresses import address_keys
from checks.contacts.linkage.scales import SIDES, Levels, Scale, banded, by_text, similarity, slips
from checks.contacts.linkage.values import found_in
from checks.contacts.model import AliasRule

_ADDRESS: Final = r"""[^\s;,|<>"'()\[\]{}]+@[^\s;,|<>"'()\[\]{}]+"""
_BETWEEN_NUMBERS: Final = r"[;|,\n]|\s/\s|/"
_SUBSCRIBER: Final = 8  # digits that stay the same with and without country and area code
_SHORTEST_NUMBER: Final = 6
_ALIKE: Final = 0.8  # of all characters, in their order
_SAME_NAME: Final = 2
_ONE_SLIP: Final = 3
_OWN_DIGITS: Final = 2
_OWN_NAME: Final = 5  # characters of a local part that is more than ana@ or info@


def mailboxes(cells: pl.Series, rules: Sequence[AliasRule]) -> pl.DataFrame:
    """Return the mailboxes of each cell as FOUND; it may hold several, or none.

    >>> gmail = AliasRule(("gmail.com",), "gmail.com", ".", "+")
    >>> mailboxes(pl.Series(["A.b@gmail.com; c@d.example", "no"]), [gmail]).rows()
    [(0, 'ab@gmail.com'), (0, 'c@d.example')]
    """
    written = found_in(cells, pl.col("text").str.extract_all(_ADDRESS))
    return written.with_columns(text=address_keys(written["text"].str.strip_chars("."), rules))


def phone_numbers(cells: pl.Series) -> pl.DataFrame:
    """Return the last eight digits of each cell's phone numbers as FOUND.

    Country, area code and the ninth digit of Brazilian mobiles stay outside. Too short ones and
    placeholders are left out.

    >>> phone_numbers(pl.Series(["+55 (11) 98765-4321 / 3456-7891", "99999-9999"])).rows()
    [(0, '87654321'), (0, '34567891')]
    """
    between = pl.col("text").str.replace_all(_BETWEEN_NUMBERS, ";").str.replace(r"\.0$", "")
    written = found_in(cells, between.str.split(";"))
    digits = pl.col("text").str.replace_all(r"[^0-9]+", "").str.tail(_SUBSCRIBER)
    return written.with_columns(text=digits).filter(_is_number(pl.col("text")))


def _is_number(digits: pl.Expr) -> pl.Expr:
    same = digits.str.strip_chars(digits.str.tail(1)) == ""
    run = pl.lit("12345678").str.starts_with(digits) | pl.lit("01234567").str.starts_with(digits)
    return (digits.str.len_bytes() >= _SHORTEST_NUMBER) & ~same & ~run


def _near_mailboxes(left: Sequence[str], right: Sequence[str]) -> Levels:
    found = slips(left, right)
    alike = banded(similarity(Indel.normalized_similarity, left, right), (_ALIKE,))
    pairs = pl.DataFrame({"left": left, "right": right}, schema=SIDES)
    names = pairs.select(pl.all().str.replace("@.*$", ""))
    own = names.select(_is_own_name(pl.col("left"), pl.col("right"))).to_series().to_numpy()
    return np.where(found <= 1, _ONE_SLIP, np.where(own, _SAME_NAME, alike)).astype(np.int8)


def _is_own_name(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Tell whether two mailbox names are equal and of somebody's own making.

    Without digits they are mostly the owner's name, which says nothing beside the name itself.
    """
    return (
        (one == other)
        & (one.str.len_chars() >= _OWN_NAME)
        & (one.str.count_matches("[0-9]") >= _OWN_DIGITS)
    )


MAILBOX: Final = Scale(
    ("differs", "alike", "same_name", "one_slip", "equal"), by_text(_near_mailboxes)
)
"""A mailbox; the same name at another provider is more than nothing."""
