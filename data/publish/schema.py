"""The columns of the clean list, as `schema.json` tells them to whoever reads it."""

from __future__ import annotations

import json
from typing import Final

import polars as pl

from checks.frames import RECIPIENTS, RECIPIENTS_NEUTRAL
from data.publish.naming import SCHEMA_VERSION

SCHEMA_FILE: Final = "schema.json"

TABLES: Final = {"recipients": RECIPIENTS, "recipients_neutral": RECIPIENTS_NEUTRAL}
"""The tables of a list by the names of their files."""

_WORDS: Final[dict[pl.DataType, str]] = {
    pl.String(): "text",
    pl.Int64(): "integer",
    pl.Float64(): "number",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "moment",
    pl.Decimal(18, 2): "decimal(18,2)",
    pl.List(pl.String()): "list of text",
}

_DIALECT: Final = {
    "encoding": "UTF-8 without BOM",
    "csv": 'RFC 4180, comma, CRLF, header; null is an empty field, empty text is ""',
    "jsonl": "one object a line; decimals are text",
    "decimal": "dot",
    "date": "YYYY-MM-DD",
    "moment": "ISO 8601, UTC, Z",
    "list": "JSON array (native in Parquet and JSON lines)",
}


def schema_bytes() -> bytes:
    """Return the content of `schema.json`, the same for every list of one schema version."""
    tables = {
        table: [{"name": name, "type": _WORDS[dtype]} for name, dtype in schema.items()]
        for table, schema in TABLES.items()
    }
    content = {"schema_version": SCHEMA_VERSION, "dialect": _DIALECT, "tables": tables}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
