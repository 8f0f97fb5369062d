"""From an export to findings: what a tool claims of each address, when, and who says so.

A claim comes without the server's reply, so none condemns an address (the first promise): what a
tool calls invalid is an ambiguous reply, which lowers the score and leaves the verdict open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from checks.errors import SettingError
from checks.frames import FINDINGS, QUARANTINE, shaped
from checks.model import VERDICT_OF, Reason
from data.intake.desk import FAULT_PARTS, ROW_PARTS, read_parts
from data.intake.limits import GIB, Limits
from data.intake.moments import guess_date_order, parse_distinct_days
from data.intake.staging import source_name, stage_file
from data.intake.tables import FAULTS
from data.intake.vocabulary import fold
from data.verifiers.child import CELLS
from data.verifiers.jobs import DESK, ClaimJob
from data.verifiers.table import Claim, VerifierTable

CHECK: Final = "verifier"
REASON_OF: Final = {
    Claim.VALID: Reason.MAILBOX_ACCEPTED,
    Claim.ACCEPTS_ALL: Reason.ACCEPTS_ALL,
    Claim.FULL: Reason.MAILBOX_FULL,
    Claim.DISPOSABLE: Reason.DISPOSABLE,
    Claim.INVALID: Reason.AMBIGUOUS_REPLY,
    Claim.TRAP: Reason.AMBIGUOUS_REPLY,
    Claim.UNKNOWN: Reason.TEMPORARY_FAILURE,
}
"""The reason of a finding by claim; none of them is undeliverable."""

_LIMITS: Final = Limits(file_bytes=4 * GIB)
_WORST_FIRST: Final = [
    claim.value
    for claim in (
        Claim.TRAP,
        Claim.INVALID,
        Claim.FULL,
        Claim.DISPOSABLE,
        Claim.ACCEPTS_ALL,
        Claim.UNKNOWN,
        Claim.VALID,
    )
]
_NO_ADDRESS, _NO_STATUS, _NO_DATE, _LATER = (
    "unreadable_address",
    "unknown_status",
    "unreadable_date",
    "date_in_the_future",
)


@dataclass(frozen=True, slots=True)
class Told:
    """Whose claims they are and of which day, where the file does not say; empty, None: it does."""

    tool: str = ""
    day: dt.date | None = None


def read_claims(
    path: Path,
    table: VerifierTable,
    normalise: Callable[[pl.Series], pl.DataFrame],
    told: Told,
    *,
    now: dt.datetime,
) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """Return the tool's name, FINDINGS (one an address) and QUARANTINE of an export.

    `normalise` gives `email_raw, address, domain` of distinct texts (`checks.syntax`). Every row is
    a claim, a repetition of one, or quarantined. Raises InputRefusedError for a file that cannot be
    used, SettingError where nothing tells whose claims or of which day they are.
    """
    source = source_name(path)
    with TemporaryDirectory(prefix="entrega-") as name:
        folder = Path(name)
        tool = _read_confined(path, folder, table, source)
        rows = pl.concat([pl.DataFrame(schema=CELLS), *read_parts(folder, ROW_PARTS)])
        faults = pl.concat([pl.DataFrame(schema=FAULTS), *read_parts(folder, FAULT_PARTS)])
    tool = told.tool or tool
    if not tool:
        problem = f"nothing in '{source}' tells whose verdicts these are"
        raise SettingError(problem, "say --source NAME, e.g. --source bureau")
    judged = _judged(rows, table, normalise, told, source=source, now=now)
    bad = judged.filter(pl.col("fault").is_not_null()).select("line", reason="fault")
    quarantine = pl.concat([faults.select("line", "reason"), bad]).with_columns(
        source=pl.lit(source), detail=pl.lit("")
    )
    good = judged.filter(pl.col("fault").is_null())
    return tool, _findings(good, tool), shaped(quarantine, QUARANTINE).sort("line", "reason")


def _read_confined(path: Path, folder: Path, table: VerifierTable, source: str) -> str:
    stage_file(path, folder, _LIMITS)
    return DESK.ask(folder, ClaimJob(source, _LIMITS, table)).tool


def _judged(
    rows: pl.DataFrame,
    table: VerifierTable,
    normalise: Callable[[pl.Series], pl.DataFrame],
    told: Told,
    *,
    source: str,
    now: dt.datetime,
) -> pl.DataFrame:
    """Return the rows with `address`, `claim`, `word`, `detail`, `day` and `fault` (null: none)."""
    known = normalise(rows["address"].drop_nulls().unique().sort().rename("email_raw"))
    shapes = known.filter(pl.col("domain").is_not_null()).select("email_raw", known="address")
    status, detail = table.claims(table.status), table.claims(table.detail)
    judged = (
        rows.rename({"address": "email_raw"})
        .join(shapes, on="email_raw", how="left", maintain_order="left")
        .with_columns(
            _fold(rows["status"]).alias("word"),
            _fold(rows["detail"]).alias("detail"),
            _days(rows["date"], told, source).alias("day"),
        )
        .with_columns(
            pl.coalesce(
                pl.col("detail").replace_strict(detail, default=None, return_dtype=pl.String),
                pl.col("word").replace_strict(status, default=None, return_dtype=pl.String),
            ).alias("claim"),
            pl.when(pl.col("detail").is_in(list(detail))).then("detail").alias("detail"),
        )
    )
    unknown = ~pl.col("word").is_in(list(status))
    return judged.with_columns(
        pl.when(pl.col("known").is_null())
        .then(pl.lit(_NO_ADDRESS))
        .when(unknown.fill_null(value=True))
        .then(pl.lit(_NO_STATUS))
        .when(pl.col("day").is_null())
        .then(pl.lit(_NO_DATE))
        .when(pl.col("day") > now.date())
        .then(pl.lit(_LATER))
        .alias("fault")
    )


def _fold(words: pl.Series) -> pl.Series:
    distinct = words.drop_nulls().unique()
    folded = [fold(word) for word in distinct]
    return words.replace_strict(
        distinct, pl.Series(folded, dtype=pl.String), default=None, return_dtype=pl.String
    )


def _days(dates: pl.Series, told: Told, source: str) -> pl.Series:
    if dates.null_count() == dates.len():
        if told.day is None and dates.len():
            problem = f"nothing in '{source}' tells when the addresses were verified"
            raise SettingError(problem, "say --date YYYY-MM-DD")
        return pl.Series("day", [told.day] * dates.len(), dtype=pl.Date)
    days = parse_distinct_days(dates, guess_date_order(dates)).alias("day")
    return days if told.day is None else days.fill_null(told.day)


def _findings(good: pl.DataFrame, tool: str) -> pl.DataFrame:
    """Return FINDINGS: of each address the newest claim, of one day the worst."""
    reasons = {claim.value: reason.value for claim, reason in REASON_OF.items()}
    verdicts = {reason.value: VERDICT_OF[reason].value for reason in REASON_OF.values()}
    ranks = {claim: rank for rank, claim in enumerate(_WORST_FIRST)}
    chosen = (
        good.with_columns(
            rank=pl.col("claim").replace_strict(ranks, return_dtype=pl.Int64),
            reason=pl.col("claim").replace_strict(reasons, return_dtype=pl.String),
        )
        .sort("known", "day", "rank", "word", descending=[False, True, False, False])
        .unique("known", keep="first", maintain_order=True)
    )
    return shaped(
        chosen.select(
            address="known",
            check=pl.lit(CHECK),
            verdict=pl.col("reason").replace_strict(verdicts, return_dtype=pl.String),
            reason="reason",
            evidence=pl.struct(
                source=pl.lit(tool), claim="claim", status="word", detail="detail"
            ).struct.json_encode(),
            checked_at=pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        ),
        FINDINGS,
    ).sort("address")
