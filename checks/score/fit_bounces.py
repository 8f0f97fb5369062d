"""Learning which lost messages were refused for good, and which were only put off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from checks.model import ScoreBasis
from checks.score.bounces import LEAST_DEAD
from checks.score.model import Loss, logit
from checks.score.newton import Counts, Numbers, maximise

OWN_SHARE: Final = 0.2
"""How far the shares may well lie from the priors, in log-odds."""

_BASES: Final = tuple(basis.value for basis in ScoreBasis)
_EDGE: Final = 1e-6


def fit_loss(loss: Loss, bases: pl.Series, scores: Numbers, lost: Counts) -> Loss:
    """Return the shares that lost messages make most likely, drawn towards the present ones.

    Of each group of like messages: the basis and value of their score, how many were lost
    (`lost.sent`) and how many of those bounced for good (`lost.good`).
    """
    place = {name: position for position, name in enumerate(_BASES)}
    curve = _HardShare(bases.replace_strict(place, return_dtype=pl.Int64).to_numpy(), scores)
    shares = [*(loss.temporary[name] for name in _BASES), loss.permanent]
    start = np.array([logit(min(max(share, _EDGE), 1.0 - _EDGE)) for share in shares])
    fitted = maximise(curve, start, np.full(start.size, OWN_SHARE), lost)
    *temporary, permanent = (1.0 / (1.0 + np.exp(-fitted.parameters))).tolist()
    doubt = np.sqrt(np.diag(fitted.covariance))[:-1].tolist()
    return Loss(
        dict(zip(_BASES, temporary, strict=True)),
        permanent,
        dict(zip(_BASES, doubt, strict=True)),
    )


@dataclass(frozen=True, slots=True)
class _HardShare:
    """The log-odds that a lost message bounced for good, over the shares' log-odds."""

    basis: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    score: Numbers

    def __call__(self, parameters: Numbers) -> tuple[Numbers, Numbers]:
        """Return log-odds (n) and derivatives (n, k); see `checks.score.bounces`."""
        shares = 1.0 / (1.0 + np.exp(-parameters))
        temporary, permanent = shares[self.basis], shares[-1]
        gone = np.clip(1.0 - self.score, _EDGE, 1.0)
        dead = (1.0 - self.score / (1.0 - temporary)) / gone
        least = dead < LEAST_DEAD
        hard = np.clip(permanent * np.where(least, LEAST_DEAD, dead), _EDGE, 1.0 - _EDGE)
        by_temporary = np.where(
            least, 0.0, -permanent * self.score * temporary / (1.0 - temporary) / gone
        )
        table = np.zeros((self.score.size, parameters.size))
        table[np.arange(self.score.size), self.basis] = by_temporary / (hard * (1.0 - hard))
        table[:, -1] = (1.0 - permanent) / (1.0 - hard)
        return np.log(hard / (1.0 - hard)), table
