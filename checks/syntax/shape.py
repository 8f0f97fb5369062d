"""The grammar of an ordinary address as expressions over a column of lower-case text.

What is ordinary here has exactly email-validator's verdict (2.4, SMTPUTF8 allowed, quoting,
display names and address literals refused); `tests/syntax/test_same_verdict.py` holds them
together. Patterns have no nested ambiguity and polars matches them in linear time.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.model import Reason

# RFC 5322 3.2.3 atext in lower case, and with SMTPUTF8 (RFC 6531 3.3) the accented letters of
# Latin-1, which NFC leaves as they are
_ATEXT: Final = r"a-z0-9_!#$%&'*+\-/=?^`{|}~"
_ATEXT_LATIN: Final = _ATEXT + "ß-öø-ÿ"
_LOCAL: Final = r"[{0}]+(?:\.[{0}]+)*"

# RFC 1123 2.1; a doubled hyphen may be punycode or a reserved label (RFC 5890 2.3.1) and is left
# to the library
_PLAIN_LABEL: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_LAST_LETTER: Final = r"[a-z0-9-]*[a-z]"

ORDINARY_BYTES: Final = 64
"""Up to here no limit of an address can be passed: label 63, domain 253, address 254."""

ADDRESS_BYTES: Final = 254
"""Octets of an address, RFC 5321 4.5.3.1.3 with RFC 3696 erratum 1690."""

_ORDINARY: Final = (
    rf"^{_LOCAL.format(_ATEXT_LATIN)}@(?:{_PLAIN_LABEL}\.)+(?:[a-z0-9]+-)*[a-z0-9]*[a-z]$"
)
_ASCII_ADDRESS: Final = rf"^{_LOCAL.format(_ATEXT)}@(?:{_LABEL}\.)+{_LAST_LETTER}$"
_ASCII_LOCAL: Final = rf"^{_LOCAL.format(_ATEXT)}@"
_LATIN_LOCAL: Final = rf"^{_LOCAL.format(_ATEXT_LATIN)}@"

# everything the library calls unsafe but the spaces: Unicode category C and the line separators
_CONTROL: Final = r"[\p{C}\p{Zl}\p{Zp}]"


def is_ordinary(lowered: pl.Expr) -> pl.Expr:
    """Tell whether text of at most `ORDINARY_BYTES` is certainly a valid address.

    >>> frame = pl.DataFrame({"x": ["ana.lima@a-b.test", "ana@test", "ana..l@a.test"]})
    >>> frame.select(is_ordinary(pl.col("x"))).to_series().to_list()
    [True, False, False]
    """
    return lowered.str.contains(_ORDINARY)


def is_impossible(lowered: pl.Expr) -> pl.Expr:
    """Tell whether text is certainly no address: pure ASCII and outside the grammar.

    Quotes, angle brackets and address literals are ASCII outside of it. The one name that the
    library takes without a dot, `test`, is left to it.

    >>> frame = pl.DataFrame({"x": ["ana@a", "ana@xn--0.test", "ana@test", "joão@a"]})
    >>> frame.select(is_impossible(pl.col("x"))).to_series().to_list()
    [True, False, False, False]
    """
    ascii_only = ~lowered.str.contains(r"[^\x00-\x7F]")
    return ascii_only & ~lowered.str.contains(_ASCII_ADDRESS) & ~lowered.str.ends_with("@test")


def reason_against(lowered: pl.Expr) -> pl.Expr:
    """Name what is wrong with text that is no address; null stands for text cut for its length.

    >>> frame = pl.DataFrame({"x": ["ana", "a@b@c.test", "a..b@c.test", "ana@c", None]})
    >>> frame.select(reason_against(pl.col("x"))).to_series().to_list()
    ['no_at', 'two_ats', 'bad_local_part', 'bad_domain', 'too_long']
    """
    ats = lowered.str.count_matches("@", literal=True)
    # 1. a quoted local part may hold an at-sign; quoting is what is refused
    # 2. without SMTPUTF8 letters the local part is plain; with others the library has judged it
    local_holds = lowered.str.contains(_LATIN_LOCAL) | lowered.str.contains(r"^[^@]*[^\x00-\xFF]")
    return (
        pl.when(lowered.is_null())
        .then(pl.lit(Reason.TOO_LONG.value))
        .when(lowered.str.contains(_CONTROL))
        .then(pl.lit(Reason.CONTROL_CHARACTER.value))
        .when(ats == 0)
        .then(pl.lit(Reason.NO_AT.value))
        .when(lowered.str.starts_with('"'))
        .then(pl.lit(Reason.BAD_LOCAL_PART.value))
        .when(ats > 1)
        .then(pl.lit(Reason.TWO_ATS.value))
        .when(~local_holds)
        .then(pl.lit(Reason.BAD_LOCAL_PART.value))
        .when(lowered.str.contains(r"@(?:.*\.)?[^.]{64}"))
        .then(pl.lit(Reason.TOO_LONG.value))
        .otherwise(pl.lit(Reason.BAD_DOMAIN.value))
    )
