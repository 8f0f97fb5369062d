"""Keys of nested JSON written with dots, as a mapping file names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl


def schema_of_paths(paths: Sequence[str]) -> pl.Schema:
    """Return the schema in which each path ends at a text.

    >>> schema_of_paths(["id", "status.code", "status.at"])["status"]
    Struct({'code': String, 'at': String})
    """
    return pl.Schema({name: _dtype(inner) for name, inner in _tree(paths).items()})


def read_paths(frame: pl.DataFrame, paths: Sequence[str]) -> pl.DataFrame:
    """Return `line` and each path as a column of that name.

    >>> frame = pl.DataFrame({"line": [1], "status": [{"code": "SENT"}]})
    >>> read_paths(frame, ["status.code"]).row(0)
    (1, 'SENT')
    """
    return frame.select("line", *(_value(path).alias(path) for path in paths))


def _value(path: str) -> pl.Expr:
    first, *rest = path.split(".")
    value = pl.col(first)
    for name in rest:
        value = value.struct.field(name)
    return value


def _tree(paths: Sequence[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for name in path.split("."):
            branch = branch.setdefault(name, {})
    return tree


def _dtype(inner: dict[str, Any]) -> pl.DataType:
    if not inner:
        return pl.String()
    return pl.Struct({name: _dtype(below) for name, below in inner.items()})
