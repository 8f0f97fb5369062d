"""Opening an event file: its content tells the format, a registry the reader."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import InputRefusedError
from data.feedback.formats import FORMATS, JsonFormat
from data.feedback.formats.mapped import read_mapped
from data.feedback.formats.plain import COLUMNS, missing_columns, plain_column, read_plain
from data.feedback.json_objects import decode_objects, read_objects
from data.feedback.mail import read_mail
from data.feedback.mapping import EventMapping
from data.feedback.paths import read_paths, schema_of_paths
from data.feedback.rows import as_rows
from data.feedback.sniffing import sniff_events
from data.intake.delimited import open_delimited
from data.intake.json_lines import parse_object
from data.intake.sniffing import DELIMITERS, SAMPLE_BYTES
from data.intake.tables import Table
from data.intake.text_lines import detect_codec, read_lines

Batches = Iterator[tuple[pl.DataFrame, pl.DataFrame]]

_LOOKED_AT: Final = 100  # objects in which a file's format is looked for


@dataclass(frozen=True, slots=True)
class OpenedEvents:
    """An event file: its format's name, and batches of ROWS and FAULTS in file order."""

    format: str
    batches: Batches
    is_signed: bool = False


def open_events(source: str, path: Path, mapping: EventMapping | None) -> OpenedEvents:
    """Open an event file by its content; `source` is the name that refusals use.

    Raises InputRefusedError for a file that no format knows.
    """
    with path.open("rb") as file:
        kind = sniff_events(source, file.read(SAMPLE_BYTES))
    if mapping is None and kind in {"mbox", "mail"}:
        return OpenedEvents("mail", read_mail(path, is_mbox=kind == "mbox"))
    if kind == "json":
        return _open_json(source, path, mapping)
    return _open_text(source, path, mapping)


def _open_json(source: str, path: Path, mapping: EventMapping | None) -> OpenedEvents:
    objects = read_objects(source, path)
    if mapping is not None:
        return OpenedEvents("mapped", _of_mapping(objects, mapping))
    first = next(objects, None)
    objects = chain([first], objects) if first is not None else objects
    texts: list[str] = [] if first is None else first[0]["object"].head(_LOOKED_AT).to_list()
    seen = [item for text in texts if (item := parse_object(text)) is not None]
    known = next((form for item in seen for form in FORMATS if form.marks(item)), None)
    if known is not None:
        return OpenedEvents(known.name, _of_format(objects, known), known.is_signed)
    header = list(dict.fromkeys(key for item in seen for key in item))
    if missing_columns([plain_column(key) for key in header]):
        problem = f"the events of '{source}' are of no known provider"
        raise InputRefusedError(problem, "say how to read them: --mapping FILE (docs/feedback.md)")
    return OpenedEvents("plain", _of_plain_objects(objects, header))


def _of_format(objects: Batches, form: JsonFormat) -> Batches:
    for batch, faults in objects:
        taken = batch
        if form.unwrap is not None:
            taken = batch.with_columns(object=form.unwrap(batch["object"]))
        frame, bad = decode_objects(taken, form.schema)
        yield as_rows(form.read(frame)), pl.concat([faults, bad])


def _of_mapping(objects: Batches, mapping: EventMapping) -> Batches:
    schema = schema_of_paths(mapping.wanted)
    for batch, faults in objects:
        frame, bad = decode_objects(batch, schema)
        table = read_paths(frame, mapping.wanted)
        yield read_mapped(table, mapping), pl.concat([faults, bad])


def _of_plain_objects(objects: Batches, header: Sequence[str]) -> Batches:
    wanted = {plain_column(key): key for key in reversed(header)}
    kept = {name: wanted[name] for name in COLUMNS if name in wanted}
    schema = pl.Schema(dict.fromkeys(kept.values(), pl.String()))
    for batch, faults in objects:
        frame, bad = decode_objects(batch, schema)
        table = frame.select("line", **{name: pl.col(key) for name, key in kept.items()})
        yield read_plain(table), pl.concat([faults, bad])


def _open_text(source: str, path: Path, mapping: EventMapping | None) -> OpenedEvents:
    named = mapping.wanted if mapping is not None else COLUMNS
    known = {plain_column(name) for name in named}
    codec = detect_codec(path)
    mark = _delimiter(path, codec, known)
    table = open_delimited(source, path, codec, mark, lambda name: plain_column(name) in known)
    header = [plain_column(name) for name in table.header]
    if mapping is None:
        if missing := missing_columns(header):
            problem = f"event file '{source}' has no column {missing}"
            remedy = f"name its columns {', '.join(COLUMNS)}, or say how to read it: --mapping FILE"
            raise InputRefusedError(problem, remedy)
        named = tuple(name for name in COLUMNS if name in header)
        own = {name: header.index(name) for name in named}
        return OpenedEvents("plain", _of_table(table, own, read_plain))
    places = _mapped_places(source, list(table.header), mapping)
    return OpenedEvents("mapped", _of_table(table, places, lambda rows: read_mapped(rows, mapping)))


def _delimiter(path: Path, codec: str, known: Container[str]) -> str | None:
    """Return the delimiter that makes known names of the first line; None: sniff it."""
    lines = next(read_lines(path, codec)).lines
    first = next((line for line in lines if line.strip()), "")
    cells = {
        mark: [plain_column(cell.strip('" ')) for cell in first.split(mark)] for mark in DELIMITERS
    }
    fitting = {mark: sum(name in known for name in names) for mark, names in cells.items()}
    best = max(DELIMITERS, key=lambda mark: fitting[mark])
    return best if fitting[best] > 1 else None


def _mapped_places(source: str, header: list[str], mapping: EventMapping) -> dict[str, int]:
    folded = [name.strip().casefold() for name in header]
    missing = [name for name in mapping.wanted if name.strip().casefold() not in folded]
    if missing:
        problem = f"'{source}' has no column {', '.join(missing)}"
        raise InputRefusedError(problem, "write its column names into the mapping file")
    return {name: folded.index(name.strip().casefold()) for name in mapping.wanted}


def _of_table(
    table: Table, places: Mapping[str, int], read: Callable[[pl.DataFrame], pl.DataFrame]
) -> Batches:
    for batch in table.batches(places):
        yield read(batch.rows), batch.faults.filter(pl.col("reason") != "empty_row")
