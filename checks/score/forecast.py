"""How many messages of a list will bounce for good: a prediction with a 95 % interval.

Each mailbox bounces with the chance that its score stands for (`checks.score.bounces`), and with it
all messages to it: of an accountant's mailbox for forty companies forty bounce, or none. The number
of bounces is a sum of such mailboxes (with one message each a Poisson binomial). Its quantiles are
taken from the normal distribution with the Cornish-Fisher term for skewness and a continuity
correction, which is right to a message or so from one expected bounce to millions and, other than
the exact convolution, costs one pass for every prefix of a list at once.

Scores may also be wrong together: a whole class (provider and basis) may do better or worse than
its prior. That spread, a standard deviation in log-odds per score basis, is added to the variance,
and so is the doubt how much of what is lost is only put off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.score.bounces import bounce_slopes, hard_bounce, loss_slopes
from checks.score.model import Loss, ScoreModel

Z_95: Final = 1.959964  # two-sided 95 %
_SKEW_FACTOR: Final = (Z_95**2 - 1.0) / 6.0  # Cornish and Fisher 1938, first term

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BouncePrediction:
    """The expected share of hard bounces and its 95 % interval, over a number of messages.

    `soft` is the expected share of messages that are put off and do not arrive either.

    >>> BouncePrediction(messages=200, rate=0.01, low=0.0, high=0.025, soft=0.02)
    BouncePrediction(messages=200, rate=0.01, low=0.0, high=0.025, soft=0.02)
    """

    messages: int
    rate: float
    low: float
    high: float
    soft: float


NOTHING: Final = BouncePrediction(messages=0, rate=0.0, low=0.0, high=0.0, soft=0.0)


def predict_bounces(candidates: pl.DataFrame, model: ScoreModel) -> BouncePrediction:
    """Return the prediction for all rows; needs `email`, `score`, `provider`, `score_basis`."""
    if candidates.is_empty():
        return NOTHING
    rates, low, high = predict_prefixes(candidates, model)
    last = candidates.height - 1
    return BouncePrediction(
        messages=candidates.height,
        rate=float(rates[last]),
        low=float(low[last]),
        high=float(high[last]),
        soft=float((1.0 - candidates["score"].to_numpy()).mean() - rates[last]),
    )


def predict_prefixes(
    candidates: pl.DataFrame,
    model: ScoreModel,
) -> tuple[Numbers, Numbers, Numbers]:
    """Return expected rate, lower and upper end of the interval of each prefix, in row order."""
    chance_of = hard_bounce(model.loss, pl.col("score"), pl.col("score_basis"))
    bounce = candidates.select(chance_of.alias("bounce"))["bounce"].to_numpy()
    own = bounce * (1.0 - bounce)
    count = np.arange(1, candidates.height + 1, dtype=np.float64)
    nth = candidates.select(nth=pl.int_range(1, pl.len() + 1).over("email"))["nth"].to_numpy()
    mean = np.cumsum(bounce)
    # The nth message to a mailbox takes its part of the variance from (n - 1)^2 to n^2 times that
    # of one message, and of the third moment from (n - 1)^3 to n^3 times.
    chance = np.cumsum(own * (2 * nth - 1))
    skew = np.cumsum(own * (1.0 - 2.0 * bounce) * (3 * nth * (nth - 1) + 1))
    deviation = np.sqrt(chance + _common_variance(candidates, model))
    lean = _SKEW_FACTOR * np.divide(skew, chance, out=np.zeros_like(skew), where=chance > 0.0)
    low = np.ceil(mean - Z_95 * deviation + lean - 0.5)
    high = np.floor(mean + Z_95 * deviation + lean + 0.5)
    return mean / count, np.clip(low / count, 0.0, 1.0), np.clip(high / count, 0.0, 1.0)


def _common_variance(candidates: pl.DataFrame, model: ScoreModel) -> Numbers:
    """Return the variance of errors that all messages of one provider and basis have in common."""
    slopes, spread = bounce_slopes(model.loss, candidates), model.spread
    total = np.zeros(candidates.height)
    classes = candidates.with_row_index("row").group_by("provider", "score_basis").agg("row")
    for provider, basis, rows in classes.sort("provider", "score_basis").iter_rows():
        share = np.zeros(candidates.height)
        share[rows] = slopes[rows] * spread.get(f"{basis}:{provider}", spread[basis])
        total += np.cumsum(share) ** 2
    return total + _variance_of_loss(candidates, model.loss)


def _variance_of_loss(candidates: pl.DataFrame, loss: Loss) -> Numbers:
    """Return the variance that all messages of one basis have from the doubt about losses."""
    slopes, total = loss_slopes(loss, candidates), np.zeros(candidates.height)
    bases = candidates["score_basis"].to_numpy()
    for basis, doubt in loss.doubt.items():
        total += (np.cumsum(np.where(bases == basis, slopes, 0.0)) * doubt) ** 2
    return total
