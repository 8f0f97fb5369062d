"""JSON of any outer shape - lines, arrays, single objects - as one object a line."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import InputRefusedError
from data.intake.json_lines import parse_object
from data.intake.limits import MAX_RECORD_BYTES, MIB
from data.intake.tables import faults_frame
from data.intake.text_lines import read_lines

LARGEST_DOCUMENT: Final = 64 * MIB
"""The largest file that is one array or one object over many lines: it is held as a whole."""

OBJECTS: Final = pl.Schema({"line": pl.Int64(), "object": pl.String()})
"""One JSON object each, as text without line breaks; `line` counts objects from 1."""

_BATCH_OBJECTS: Final = 100_000
_BATCH_CHARACTERS: Final = 64 * MIB

_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str)
_OTHER: Final = re.compile(r"[^\s,]")

_Text = tuple[str, str]  # an object, or the fault in its place


def read_objects(source: str, path: Path) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Return OBJECTS and FAULTS (`bad_json`, `too_long`, ...) in batches, in file order.

    A line may hold an object or an array of them, as webhooks' bodies are collected; a file
    whose value goes on after its first line is read as one document of at most 64 MiB. A line
    of an array gives as many objects as it holds.
    """
    texts = _of_document(source, path) if _is_document(path) else _of_lines(path)
    line = 0
    while batch := _some(texts):
        numbered = list(enumerate(batch, start=line + 1))
        good = [(number, text) for number, (text, fault) in numbered if not fault]
        bad = [(number, fault, "") for number, (_, fault) in numbered if fault]
        yield pl.DataFrame(good, schema=OBJECTS, orient="row"), faults_frame(bad)
        line += len(batch)


def _some(texts: Iterator[_Text]) -> list[_Text]:
    batch, size = [], 0
    for text in texts:
        batch.append(text)
        size += len(text[0])
        if len(batch) == _BATCH_OBJECTS or size > _BATCH_CHARACTERS:
            break
    return batch


def decode_objects(objects: pl.DataFrame, schema: pl.Schema) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the wanted keys of OBJECTS with `line`, and FAULTS of those that are no objects.

    A value of another type than the schema's is null, a number is read as text where text is
    wanted. Only a batch with a bad object costs a look at each of its lines.
    """
    try:
        return _decoded(objects, schema), faults_frame(())
    except pl.exceptions.PolarsError:
        rewritten = [_rewritten(text) for text in objects["object"]]
    checked = objects.with_columns(object=pl.Series(rewritten, dtype=pl.String))
    bad = checked.filter(pl.col("object").is_null())["line"]
    faults = faults_frame((line, "bad_json", "") for line in bad)
    return _decoded(checked.drop_nulls("object"), schema), faults


def _decoded(objects: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    text = objects["object"].str.join("\n").item() if objects.height else ""
    frame = pl.read_ndjson(io.BytesIO(text.encode()), schema=schema, ignore_errors=True)
    if frame.height != objects.height:
        message = "a line held no object or more than one"
        raise pl.exceptions.ComputeError(message)
    return frame.insert_column(0, objects["line"])


def _rewritten(text: str) -> str | None:
    item = parse_object(text)
    return None if item is None else json.dumps(item)


def _is_document(path: Path) -> bool:
    """Tell one value over many lines from a value a line, by the first line."""
    with path.open("rb") as file:
        sample = file.read(MAX_RECORD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")
    first = sample.partition(b"\n")[0].decode("utf-8", "replace").strip()
    try:
        _DECODER.decode(first)
    except (ValueError, RecursionError):
        return first.startswith("[") or first.endswith(("{", "[", ","))
    return False


def _of_lines(path: Path) -> Iterator[_Text]:
    for block in read_lines(path, "utf-8"):
        for place, line in enumerate(block.lines):
            if place in block.faults:
                yield "", block.faults[place]
            elif line.lstrip().startswith("["):
                yield from _of_values(line)
            elif line.strip():
                yield line, ""


def _of_document(source: str, path: Path) -> Iterator[_Text]:
    if path.stat().st_size > LARGEST_DOCUMENT:
        problem = f"'{source}' is one JSON value of more than {LARGEST_DOCUMENT // MIB} MiB"
        raise InputRefusedError(problem, "write one object a line (JSON lines)")
    yield from _of_values(path.read_bytes().decode("utf-8-sig", "replace"))


def _of_values(text: str) -> Iterator[_Text]:
    """Return the objects of values that stand one after the other; what is left is a fault."""
    place = _after_blanks(text, 0)
    while place < len(text):
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            yield "", "bad_json"
            return
        for item in value if isinstance(value, list) else [value]:
            yield (json.dumps(item), "") if isinstance(item, dict) else ("", "bad_json")
        place = _after_blanks(text, end)


def _after_blanks(text: str, place: int) -> int:
    found = _OTHER.search(text, place)
    return found.start() if found else len(text)
