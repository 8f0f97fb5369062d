"""What linking learns from a table, to be kept and used again: shares of levels, and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.compare import Field
from checks.errors import SettingError

Shares: TypeAlias = npt.NDArray[np.float64]

CAUTION: Final = float(np.log(2.0))
"""Log-odds above even that join two where no known pairs have corrected the weights."""


@dataclass(frozen=True)
class FieldShares:
    """How often each level of a field stands among pairs of one person (m) and of two (u).

    `adjusted` is what pairs of known identity add to the log-odds of each level; empty: nothing.
    """

    name: str
    levels: tuple[str, ...]
    m: tuple[float, ...]
    u: tuple[float, ...]
    adjusted: tuple[float, ...] = ()

    def weights(self) -> Shares:
        """Return the log-odds that each level adds, rising."""
        plain = rising_weights(np.array(self.m), np.array(self.u))
        if not self.adjusted:
            return plain
        return np.asarray(np.maximum.accumulate(plain + np.array(self.adjusted)))


@dataclass(frozen=True)
class LinkModel:
    """Shares of all fields, and how many records a record is linked with on average.

    `partners` and not a share of all pairs, because it stays the same when a table grows.
    """

    fields: tuple[FieldShares, ...]
    partners: float

    def prior(self, records: int) -> float:
        """Return the log-odds that two records of a table of this size are one person's.

        >>> round(LinkModel((), partners=1.0).prior(1_001), 2)
        -6.91
        """
        share = min(max(self.partners / max(records - 1, 1), 1e-15), 0.5)
        return float(np.log(share / (1.0 - share)))

    @property
    def caution(self) -> float:
        """Log-odds above even that join two.

        Weights that add up as if fields were independent say more than they know, and a wrong
        merge is worse than a missed one; corrected ones mean what they say.
        """
        corrected = any(any(each.adjusted) for each in self.fields)
        return 0.0 if corrected else CAUTION

    def weights(self) -> tuple[Shares, ...]:
        """Return per field the log-odds that each level adds, rising; an absent value's is last."""
        return tuple(np.append(each.weights(), 0.0) for each in self.fields)

    def fit_for(self, fields: Sequence[Field]) -> None:
        """Raise SettingError unless this model was made for the same fields."""
        known = {each.name: each.levels for each in self.fields}
        wanted = {each.name: each.scale.levels for each in fields}
        for name in sorted(known.keys() ^ wanted.keys()):
            problem = f"the model and the table do not both have the field '{name}'"
            raise SettingError(problem, "leave --model out, so that a new one is made")
        if known != wanted or [each.name for each in self.fields] != list(wanted):
            problem = "the model was made with other roles"
            raise SettingError(problem, "leave --model out, so that a new one is made")


def rising_weights(m: Shares, u: Shares) -> Shares:
    """Return log(m / u) of ordered levels; neighbours in the wrong order are taken together.

    More agreement must never count less: with few pairs it can seem so (isotonic regression by
    pooling adjacent violators, Barlow and others 1972).

    >>> rising_weights(np.array([0.2, 0.1, 0.7]), np.array([0.5, 0.4, 0.1])).round(2).tolist()
    [-1.1, -1.1, 1.95]
    """
    pools: list[tuple[float, float, int]] = []
    for one, other in zip(m.tolist(), u.tolist(), strict=True):
        pool = (one, other, 1)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return np.concatenate([np.full(size, np.log(one / other)) for one, other, size in pools])
