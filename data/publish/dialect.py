"""The dialect of machine files: the same frame gives the same bytes, everywhere and always."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

LINE_END: Final = "\r\n"  # RFC 4180 section 2, rule 1
MOMENT_FORMAT: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"
_GROUP_ROWS: Final = 100_000
FORMATS: Final = ("parquet", "csv", "jsonl")


def write_table(frame: pl.DataFrame, folder: Path, name: str) -> list[Path]:
    """Write a frame as Parquet, CSV and JSON lines; return the files.

    UTF-8 without BOM, comma, RFC 4180, dot decimals, ISO 8601 with Z, lists as JSON, null as an
    empty field in CSV (an empty text is `""`). Decimals are text in JSON, which has no exact ones.
    """
    files = {each: folder / f"{name}.{each}" for each in FORMATS}
    write_parquet(frame, files["parquet"])
    with_text_times = frame.with_columns(pl.col(pl.Datetime).dt.strftime(MOMENT_FORMAT))
    with files["csv"].open("wb") as file:
        file.write(csv_bytes(frame))
    with_text_times.write_ndjson(files["jsonl"])
    return list(files.values())


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as Parquet, the same bytes however the frame came about."""
    # without rechunk and a fixed size, row groups follow the chunks that threads left
    frame.rechunk().write_parquet(path, compression="zstd", row_group_size=_GROUP_ROWS)


def csv_bytes(frame: pl.DataFrame, *, header: bool = True) -> bytes:
    """Return a frame as CSV in the machine dialect.

    >>> frame = pl.DataFrame({"name": ['Ana "A" B', None, ""], "ids": [["1", "2"], [], None]})
    >>> csv_bytes(frame).splitlines()
    [b'name,ids', b'"Ana ""A"" B","[""1"",""2""]"', b',[]', b'"",']
    """
    text = frame.with_columns(_list_as_json(name) for name in _lists(frame)).write_csv(
        include_header=header,
        line_terminator=LINE_END,
        datetime_format=MOMENT_FORMAT,
        date_format="%Y-%m-%d",
    )
    return text.encode()


def _lists(frame: pl.DataFrame) -> list[str]:
    return [name for name, dtype in frame.schema.items() if dtype == pl.List]


def _list_as_json(name: str) -> pl.Expr:
    # Polars writes JSON of structs only: `{"v":[...]}` loses its shell again
    wrapped = pl.struct(pl.col(name).alias("v")).struct.json_encode()
    bare = wrapped.str.strip_prefix('{"v":').str.strip_suffix("}")
    return pl.when(pl.col(name).is_not_null()).then(bare).alias(name)
