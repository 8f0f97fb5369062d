"""What a score says of bounces: the chance that a message is refused for good, and put off.

A message is lost at a living mailbox, which puts it off (full, deferred), or at a dead one, which
refuses it for good unless it is merely full or silent. With `temporary` the share of living
mailboxes that put off and `permanent` the share of dead ones that refuse:

    score = alive (1 - temporary),    hard = (1 - alive) permanent

Where a score is so high that all loss might be temporary, a tenth of it is still taken for dead
mailboxes: no message is safe. A lower score never has a lower chance of a hard bounce.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.score.model import Loss

Numbers = npt.NDArray[np.float64]

LEAST_DEAD: Final = 0.1  # of what is lost


def hard_bounce(loss: Loss, score: pl.Expr, basis: pl.Expr) -> pl.Expr:
    """Return the chance of a hard bounce of messages with a score and its basis.

    >>> loss = Loss(temporary={"asked": 0.01, "history": 0.01, "prior": 0.01}, permanent=0.9)
    >>> rows = pl.DataFrame({"score": [1.0, 0.985, 0.9, 0.0], "basis": ["prior"] * 4})
    >>> chance = hard_bounce(loss, pl.col("score"), pl.col("basis")).round(4)
    >>> rows.select(chance).to_series().to_list()
    [0.0, 0.0045, 0.0818, 0.9]
    """
    temporary = basis.replace_strict(dict(loss.temporary), return_dtype=pl.Float64)
    dead = 1.0 - score / (1.0 - temporary)
    return loss.permanent * pl.max_horizontal(dead, LEAST_DEAD * (1.0 - score))


def loss_slopes(loss: Loss, candidates: pl.DataFrame) -> Numbers:
    """Return how far the chance of a hard bounce falls for each unit of log-odds of `temporary`.

    Needs `score`, `score_basis`. Of one lost message both may not be blamed: the more living
    mailboxes put messages off, the fewer of the lost ones were dead. Where a tenth of the loss is
    taken for dead anyway, it does not matter how many put off.
    """
    score, temporary = _score_and_temporary(loss, candidates)
    slopes = loss.permanent * score * temporary / (1.0 - temporary)
    return np.where(_is_least(score, temporary), 0.0, slopes)


def bounce_slopes(loss: Loss, candidates: pl.DataFrame) -> Numbers:
    """Return how far the chance of a hard bounce falls for each unit that the log-odds rise.

    Needs `score`, `score_basis`.
    """
    score, temporary = _score_and_temporary(loss, candidates)
    by_score = np.where(_is_least(score, temporary), LEAST_DEAD, 1.0 / (1.0 - temporary))
    return np.asarray(loss.permanent * by_score * score * (1.0 - score), dtype=np.float64)


def _score_and_temporary(loss: Loss, candidates: pl.DataFrame) -> tuple[Numbers, Numbers]:
    share = candidates["score_basis"].replace_strict(dict(loss.temporary), return_dtype=pl.Float64)
    return candidates["score"].to_numpy(), share.to_numpy()


def _is_least(score: Numbers, temporary: Numbers) -> npt.NDArray[np.bool_]:
    """Tell where all loss might be temporary, so that the least share of it counts as dead."""
    return np.asarray(1.0 - score / (1.0 - temporary) < LEAST_DEAD * (1.0 - score))
