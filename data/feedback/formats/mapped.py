"""Events of any table, read by a mapping file."""

from __future__ import annotations

import polars as pl

from checks.frames import MOMENT
from data.feedback.formats.shape import code_in, enhanced_in
from data.feedback.mapping import EPOCHS, EventMapping
from data.feedback.rows import as_rows
from data.feedback.times import moment_of_epoch, moment_of_iso


def read_mapped(table: pl.DataFrame, mapping: EventMapping) -> pl.DataFrame:
    """Return ROWS of a table of texts with `line` and the mapping's wanted columns.

    A value that `[events]` does not list becomes an unknown event; columns of `[moments]` that
    are empty say nothing.

    >>> mapping = EventMapping.model_validate({"columns": {"email": "para"},
    ...     "moments": {"visto": "opened", "baixado": "downloaded"},
    ...     "time": {"format": "%d/%m/%Y %H:%M", "zone": "America/Sao_Paulo"}})
    >>> table = pl.DataFrame({"line": [1], "para": ["a@x.test"], "visto": ["21/11/2026 09:30"],
    ...     "baixado": [""]})
    >>> read_mapped(table, mapping).select("event", pl.col("occurred_at").dt.hour()).rows()
    [('opened', 12)]
    """
    told = table.select("line", **{role: pl.col(name) for role, name in _plain(mapping).items()})
    words = _by_moment(table, mapping) if mapping.moments else _by_value(table, mapping)
    word = pl.col("word").str.split_exact("/", 1)
    rows = words.join(told, on="line", how="left").with_columns(
        event=word.struct.field("field_0"),
        permanence=pl.coalesce(pl.col("permanence"), word.struct.field("field_1"))
        if "permanence" in told.columns
        else word.struct.field("field_1"),
    )
    text = pl.col("diagnostic") if "diagnostic" in told.columns else pl.lit(None, pl.String)
    found = {"smtp_code": code_in(text), "enhanced": enhanced_in(text)}
    missing = {name: said for name, said in found.items() if name not in told.columns}
    return as_rows(rows.with_columns(**missing))


def _plain(mapping: EventMapping) -> dict[str, str]:
    return {role: name for role, name in mapping.plain_columns.items() if role != "event"}


def _by_value(table: pl.DataFrame, mapping: EventMapping) -> pl.DataFrame:
    folded = {value.strip().casefold(): word for value, word in mapping.events.items()}
    said = pl.col(mapping.plain_columns["event"]).str.strip_chars().str.to_lowercase()
    time = pl.concat_str([pl.col(name) for name in mapping.time_columns], separator=" ")
    return table.select(
        "line",
        word=said.replace_strict(folded, default=None, return_dtype=pl.String),
        occurred_at=_moment(time, mapping),
    )


def _by_moment(table: pl.DataFrame, mapping: EventMapping) -> pl.DataFrame:
    melted = table.unpivot(
        on=list(mapping.moments), index="line", variable_name="column", value_name="time"
    )
    return melted.filter(pl.col("time").str.strip_chars().ne("")).select(
        "line",
        word=pl.col("column").replace_strict(mapping.moments, return_dtype=pl.String),
        occurred_at=_moment(pl.col("time"), mapping),
    )


def _moment(text: pl.Expr, mapping: EventMapping) -> pl.Expr:
    time, text = mapping.time, text.str.strip_chars()
    if time.format in EPOCHS:
        return moment_of_epoch(text, EPOCHS[time.format])
    if time.format == "iso" and time.zone is None:
        return moment_of_iso(text)
    if "%z" in time.format:
        return text.str.to_datetime(time.format, time_unit="us", strict=False).cast(MOMENT)
    written = "%Y-%m-%dT%H:%M:%S%.f" if time.format == "iso" else time.format
    text = text.str.replace(" ", "T") if time.format == "iso" else text
    local = text.str.to_datetime(written, time_unit="us", strict=False)
    # when clocks go back an hour comes twice, and the earlier is meant; one that is skipped is none
    zoned = local.dt.replace_time_zone(time.zone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC").cast(MOMENT)
