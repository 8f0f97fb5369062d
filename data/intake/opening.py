"""A staged file to a table: its kind found by content, its reader by kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.intake.delimited import open_delimited
from data.intake.fixed_width import open_fixed_width
from data.intake.json_lines import open_json_lines
from data.intake.limits import Limits
from data.intake.parquet_file import open_parquet
from data.intake.settings import IntakeSettings
from data.intake.sniffing import SAMPLE_BYTES, declared_codec, refuse_format, sniff_format
from data.intake.spreadsheet import open_spreadsheet
from data.intake.tables import Table
from data.intake.text_lines import detect_codec
from data.intake.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A table and the dialect it was found in; texts are empty where they say nothing."""

    table: Table
    format: str
    encoding: str = ""
    delimiter: str = ""


def open_table(
    source: str,
    path: Path,
    settings: IntakeSettings,
    limits: Limits,
    vocabulary: Vocabulary,
) -> OpenedFile:
    """Open a file of any kind we read; refuse the others with a remedy."""
    with path.open("rb") as handle:
        sample = handle.read(SAMPLE_BYTES)
    kind = sniff_format(sample, declared=settings.encoding)
    if kind == "xlsx":
        return OpenedFile(open_spreadsheet(source, path, settings.sheet, limits), kind)
    if kind == "parquet":
        return OpenedFile(open_parquet(source, path), kind)
    if settings.fixed and kind in {"text", "cnab", "jsonl"}:
        codec = _codec(path, settings)
        return OpenedFile(open_fixed_width(path, codec, settings.fixed), "fixed", codec)
    if kind not in {"text", "jsonl"}:
        raise refuse_format(source, kind)
    codec = _codec(path, settings)
    if kind == "jsonl":
        return OpenedFile(open_json_lines(source, path, codec), kind, codec)
    configured = {name for names in settings.columns.values() for name in names}
    table = open_delimited(
        source,
        path,
        codec,
        settings.delimiter,
        is_column_name=lambda text: text in configured or vocabulary.rank(text) is not None,
    )
    delimiter = table.delimiter if len(table.header) > 1 else ""
    return OpenedFile(table, "delimited", codec, delimiter)


def _codec(path: Path, settings: IntakeSettings) -> str:
    return declared_codec(settings.encoding) if settings.encoding else detect_codec(path)
