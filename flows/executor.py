"""Mapping a shard function over shards: here, or in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

Shard = TypeVar("Shard")
Result = TypeVar("Result")


class Executor(Protocol):
    """Whoever maps plain functions over shards; results come in the order of the shards."""

    def map(self, work: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Call `work` once per shard."""
        ...


class InlineExecutor:
    """One shard after the other, in this process."""

    def map(self, work: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Call `work` once per shard.

        >>> list(InlineExecutor().map(len, ["a", "bb"]))
        [1, 2]
        """
        return map(work, shards)


class ProcessesExecutor:
    """Shards in freshly started worker processes, never forked from a threaded one."""

    def __init__(self, workers: int) -> None:
        """Use at most `workers` processes at once."""
        self._workers = workers

    def map(self, work: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Call `work` once per shard; it and the shards must be picklable."""
        if len(shards) <= 1:
            yield from map(work, shards)
            return
        with ProcessPoolExecutor(self._workers, mp_context=get_context("spawn")) as pool:
            yield from pool.map(work, shards)


def make_executor(kind: str, workers: int) -> Executor:
    """Return the executor that `[engine] executor` names: `inline` or `processes`."""
    return ProcessesExecutor(workers) if kind == "processes" else InlineExecutor()


def write_part(frame: pl.DataFrame, path: Path) -> Path:
    """Write a shard's result aside and rename it: a part that is there is whole."""
    aside = path.with_suffix(".writing")
    frame.write_parquet(aside, compression="zstd")
    aside.chmod(0o600)
    return aside.rename(path)


def slices(rows: int, size: int) -> list[tuple[int, int]]:
    """Cut `rows` into (offset, length) pairs of at most `size`.

    >>> slices(5, 2)
    [(0, 2), (2, 2), (4, 1)]
    """
    return [(start, min(size, rows - start)) for start in range(0, rows, size)]
