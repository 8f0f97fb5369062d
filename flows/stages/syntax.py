"""The shape of every distinct address text, in shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from checks.frames import SYNTAX, empty
from checks.syntax import check_syntax as check_shapes
from data.reference.syntax import load_syntax_reference
from flows.executor import slices, write_part
from flows.run import Run

SHARD_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class SyntaxShard:
    """Some distinct texts, and the part their findings go to."""

    texts: pl.Series
    part: Path
    allow_special_use: bool


def check_shard(shard: SyntaxShard) -> Path:
    """Check one shard; a part that is there already is left as it is."""
    if shard.part.exists():
        return shard.part
    reference = load_syntax_reference(allow_special_use=shard.allow_special_use)
    return write_part(check_shapes(shard.texts, reference), shard.part)


def check_texts(run: Run, texts: pl.Series, stage: str) -> pl.DataFrame:
    """Return SYNTAX of the distinct texts, computed by the run's executor."""
    distinct = texts.unique().sort()
    folder = run.folder(stage)
    shards = [
        SyntaxShard(
            distinct.slice(start, length),
            folder / f"part-{start // SHARD_ROWS:05}.parquet",
            allow_special_use=bool(run.plan.settings.smtp.lab_networks),
        )
        for start, length in slices(distinct.len(), SHARD_ROWS)
    ]
    parts = [pl.read_parquet(part) for part in run.executor.map(check_shard, shards)]
    return pl.concat(parts) if parts else empty(SYNTAX)


def check_syntax(run: Run) -> None:
    """Check the addresses that the files held."""
    texts = run.read("found_contacts")["email_raw"]
    run.commit("check_syntax", {"syntax": check_texts(run, texts, "check_syntax")})
