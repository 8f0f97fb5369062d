"""Valid synthetic tax ids: CPF and CNPJ (Brazil), RFC (Mexico), vectorised.

The arithmetic is written here once more on purpose: the sandbox must not be built from the
rules that it is there to test.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sandbox.draws import distinct

Bytes = NDArray[np.uint8]

_CPF_PRIME = 999_999_937  # below 10**9
_CNPJ_PRIME = 99_999_989  # below 10**8
_REPEATED = 111_111_111
_RFC_ALPHABET = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ "
_RFC_VALUE = np.zeros(256, dtype=np.int64)
_RFC_VALUE[np.frombuffer(_RFC_ALPHABET.encode(), dtype=np.uint8)] = np.arange(len(_RFC_ALPHABET))
_HOMOCLAVE = np.frombuffer(b"123456789ABCDEFGHIJKLMNPQRSTUV", dtype=np.uint8)
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNPQRSTUVWXYZ", dtype=np.uint8)
_ZERO = ord("0")


def _digits(numbers: NDArray[np.int64], width: int) -> Bytes:
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + _ZERO).astype(np.uint8)


def _text(matrix: Bytes) -> pl.Series:
    width = matrix.shape[1]
    packed = np.ascontiguousarray(matrix).view(f"S{width}").ravel()
    return pl.Series(packed.astype(f"U{width}").tolist(), dtype=pl.String)


def _with_mod11(matrix: Bytes, highest: int) -> Bytes:
    """Append the digit 11 - (weighted sum mod 11), 0 where that is over 9; weights 2 to highest."""
    width = matrix.shape[1]
    weights = np.array([2 + i % (highest - 1) for i in range(width)][::-1], dtype=np.int64)
    rest = ((matrix.astype(np.int64) - _ZERO) * weights).sum(axis=1) % 11
    digit = -rest % 11 % 10 + _ZERO
    return np.hstack([matrix, digit.astype(np.uint8)[:, None]])


def cpf(rng: np.random.Generator, size: int) -> pl.Series:
    """Return `size` different CPFs as 11 digits, none of one repeated digit.

    >>> from sandbox.draws import stream
    >>> cpf(stream(1, "doc"), 2).str.len_chars().to_list()
    [11, 11]
    """
    base = distinct(rng, _CPF_PRIME, size)
    base = np.where(base % _REPEATED == 0, _CPF_PRIME + base // _REPEATED, base)
    return _text(_with_mod11(_with_mod11(_digits(base, 9), 11), 11))


def cnpj(rng: np.random.Generator, size: int, *, alphanumeric: float = 0.02) -> pl.Series:
    """Return `size` CNPJs of head offices with different roots, 14 characters.

    A share has letters in its root: numbers of that form are issued since July 2026
    (IN RFB 2.229/2024); a character counts as its ASCII code minus 48.
    """
    matrix = np.hstack(
        [_digits(distinct(rng, _CNPJ_PRIME, size), 8), _digits(np.ones(size, dtype=np.int64), 4)]
    )
    lettered = rng.random(size) < alphanumeric
    letters = _LETTERS[rng.integers(0, len(_LETTERS), (size, 2))]
    matrix[lettered, 2:4] = letters[lettered]
    return _text(_with_mod11(_with_mod11(matrix, 9), 9))


def branch_of(heads: pl.Series, numbers: NDArray[np.int64]) -> pl.Series:
    """Return the CNPJs of branches of the given head offices; a head office is number 1.

    >>> branch_of(pl.Series(["11222333000181"]), np.array([2])).to_list()
    ['11222333000262']
    """
    roots = np.array(heads.str.head(8).to_list(), dtype="S8")
    letters = roots.view(np.uint8).reshape(len(heads), -1)
    return _text(_with_mod11(_with_mod11(np.hstack([letters, _digits(numbers, 4)]), 9), 9))


def rfc(rng: np.random.Generator, initials: pl.Series, years: tuple[int, int]) -> pl.Series:
    """Return RFCs that start with the given initials (4 letters a person, 3 a company).

    The date is one of birth or foundation within `years`.
    """
    size = len(initials)
    date = rng.integers(years[0], years[1] + 1, size) % 100 * 10_000
    date += rng.integers(1, 13, size) * 100 + rng.integers(1, 29, size)
    return rfc_of_day(rng, initials, date.astype(np.int64))


def rfc_of_day(rng: np.random.Generator, initials: pl.Series, date: NDArray[np.int64]) -> pl.Series:
    """Return RFCs of the given initials and dates, which are numbers of the form yymmdd.

    The check character counts the twelve characters before it, blank-padded on the left, with
    weights 13 down to 2.

    >>> from sandbox.draws import stream
    >>> rfc_of_day(stream(1, "rfc"), pl.Series(["GOMR"]), np.array([800_101])).str.head(10).item()
    'GOMR800101'
    """
    size = len(initials)
    width = len(str(initials[0]))
    head = np.array(initials.to_list(), dtype=f"S{width}")
    letters = head.view(np.uint8).reshape(size, -1)
    homoclave = _HOMOCLAVE[rng.integers(0, len(_HOMOCLAVE), (size, 2))]
    matrix = np.hstack([letters, _digits(date, 6), homoclave])
    weights = np.arange(13, 13 - 12, -1, dtype=np.int64)[12 - matrix.shape[1] :]
    padding = _RFC_VALUE[ord(" ")] * 13 * (12 - matrix.shape[1])
    total = (_RFC_VALUE[matrix] * weights).sum(axis=1) + padding
    check = np.frombuffer(b"0123456789A", dtype=np.uint8)[-total % 11]
    return _text(np.hstack([matrix, check[:, None]]))
