"""Lots: a list whose expected rate fits, but not surely, leaves in growing parts.

The first lot is a canary. Every lot is drawn evenly from the whole ranking, so that what becomes of
it tells of the rest; the next one leaves when the lots before it kept their bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

_GOLDEN: Final = (5.0**0.5 - 1.0) / 2.0  # multiples of it, less their whole part, fill 0..1 evenly


@dataclass(frozen=True, slots=True)
class Lots:
    """How many messages each lot has, and what must hold before the next one leaves.

    `wait_hours` pass first, for servers bounce within hours; then of all messages so far at most
    the share `bounces_at_most` may have bounced for good.

    >>> Lots(messages=(500, 1000, 22), wait_hours=4.0, bounces_at_most=0.03).messages[0]
    500
    """

    messages: tuple[int, ...]
    wait_hours: float
    bounces_at_most: float


def sizes_of_lots(messages: int, canary: int) -> tuple[int, ...]:
    """Return the sizes of the lots: a canary, then each twice the one before, the rest last.

    >>> sizes_of_lots(1522, 500), sizes_of_lots(500, 500), sizes_of_lots(0, 500)
    ((500, 1000, 22), (500,), ())
    """
    sizes: list[int] = []
    while messages > sum(sizes):
        sizes.append(min(canary * 2 ** len(sizes), messages - sum(sizes)))
    return tuple(sizes)


def number_lots(sizes: tuple[int, ...]) -> pl.Series:
    """Return the lot of each message, from 1, in the order of the ranking.

    >>> number_lots((2, 4)).to_list()
    [2, 1, 2, 2, 1, 2]
    """
    total = sum(sizes)
    drawn = np.argsort((np.arange(1, total + 1) * _GOLDEN) % 1.0, kind="stable")
    lots = np.empty(total, dtype=np.int64)
    lots[drawn] = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    return pl.Series("lot", lots)
