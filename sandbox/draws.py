"""Seeded chance: every stream is named, so that adding one never changes another."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of that seed and name.

    >>> int(stream(1, "people").integers(1000)) == int(stream(1, "people").integers(1000))
    True
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def zipf(count: int) -> NDArray[np.float64]:
    """Weights that fall with rank as names do, flattened at the head (Zipf-Mandelbrot).

    >>> [round(float(weight), 2) for weight in zipf(3)]
    [0.43, 0.32, 0.25]
    """
    weights = 1.0 / (np.arange(count) + 3.0) ** 1.1
    return np.asarray(weights / weights.sum())


def indices(
    rng: np.random.Generator,
    weights: Sequence[float] | NDArray[np.float64],
    size: int,
) -> NDArray[np.int64]:
    """Draw `size` positions by weight; weights need not sum to one."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    place = np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right")
    return np.asarray(place, dtype=np.int64)


def words(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> pl.Series:
    """Draw `size` words by their shares, as a String series."""
    picked = indices(rng, list(shares.values()), size)
    return pl.Series(list(shares), dtype=pl.String).gather(picked)


def kinds(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> pl.Series:
    """Draw at most one of the words for each place; what the shares leave over is "none"."""
    rest = max(0.0, 1.0 - sum(shares.values()))
    return words(rng, {**shares, "none": rest}, size)


def distinct(rng: np.random.Generator, prime: int, size: int) -> NDArray[np.int64]:
    """`size` different numbers in [1, prime): a scrambled walk through the prime field."""
    if size >= prime:
        message = f"cannot draw {size} different numbers below {prime}"
        raise ValueError(message)
    step = int(rng.integers(prime // 3, prime // 2))
    start = int(rng.integers(1, prime - 1))
    walk = (start + step * np.arange(size + 1, dtype=np.int64)) % prime
    return np.asarray(walk[walk != 0][:size], dtype=np.int64)


def fate(seed: int, *words: str) -> float:
    """Return the number in [0, 1) that belongs to these words: the same at every asking.

    >>> fate(1, "greylist", "a@b.example") == fate(1, "greylist", "a@b.example")
    True
    """
    text = "\x1f".join((str(seed), *words)).encode()
    digest = hashlib.blake2b(text, digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56


def some(rng: np.random.Generator, share: float, size: int) -> pl.Series:
    """Return which of `size` places chance picks, as a Boolean series.

    >>> some(stream(1, "some"), 1.0, 2).to_list()
    [True, True]
    """
    return pl.Series(rng.random(size) < share)


def evenly(rng: np.random.Generator, values: Sequence[str], size: int) -> pl.Series:
    """Draw `size` of the values, all equally likely, as a String series."""
    return pl.Series(values, dtype=pl.String).gather(rng.integers(0, len(values), size))


def ranked(rng: np.random.Generator, values: Sequence[str], size: int) -> pl.Series:
    """Draw `size` of the values, which stand most frequent first, as a String series."""
    return pl.Series(values, dtype=pl.String).gather(indices(rng, zipf(len(values)), size))
