"""Fixed-width text by the positions that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from checks.errors import SettingError
from data.intake.limits import MAX_RECORD_BYTES
from data.intake.settings import FixedField
from data.intake.tables import Batch, faults_frame
from data.intake.text_lines import LineBlock, read_lines


@dataclass(frozen=True, slots=True)
class FixedWidthTable:
    """Lines cut at character positions; a line that ends early has blank fields at its end."""

    path: Path
    codec: str
    fixed: tuple[FixedField, ...]
    headerless: bool = False

    @property
    def header(self) -> Sequence[str]:
        """The field names of the configuration."""
        return [field.name for field in self.fixed]

    def batches(self, fields: Mapping[str, int]) -> Iterator[Batch]:
        """Return the cells of the wanted fields, in file order."""
        row = 0
        for block in read_lines(self.path, self.codec):
            batch = self._cut(block, fields, row)
            row += batch.rows.height + batch.faults.height
            yield batch

    def _cut(self, block: LineBlock, fields: Mapping[str, int], row: int) -> Batch:
        text = pl.col("text")
        lines = pl.DataFrame(
            {"text": block.lines, "place": range(len(block.lines))},
            schema={"text": pl.String, "place": pl.Int64},
        )
        faulty = pl.col("place").is_in(list(block.faults))
        rows = lines.filter(faulty | (text.str.strip_chars() != "")).with_row_index("line", row + 1)
        cells = {
            name: text.str.slice(self.fixed[place].start - 1, self.fixed[place].length)
            for name, place in fields.items()
        }
        return Batch(
            rows.filter(~faulty).select(pl.col("line").cast(pl.Int64), **cells),
            faults_frame(
                (line, block.faults[place], "")
                for line, place in rows.filter(faulty).select("line", "place").iter_rows()
            ),
        )


def open_fixed_width(path: Path, codec: str, fixed: tuple[FixedField, ...]) -> FixedWidthTable:
    """Return the table; raise `SettingError` for positions outside any line."""
    for field in fixed:
        if field.start < 1 or field.length < 1 or field.start + field.length > MAX_RECORD_BYTES:
            problem = (
                f"[intake] fixed field '{field.name}' starts at {field.start}"
                f" and is {field.length} long"
            )
            raise SettingError(problem, "count positions from 1; lengths are at least 1")
    return FixedWidthTable(path, codec, fixed)
