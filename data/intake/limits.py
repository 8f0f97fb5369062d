"""How much an input file may ask of this machine before it is refused."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

MAX_COLUMNS: Final = 512
"""A portfolio export has some dozens; 100,000 columns cost a reader seconds, then memory."""

MAX_RECORD_BYTES: Final = 64 * KIB
"""The longest row that is read, line breaks inside quotes included."""

MAX_RECORD_LINES: Final = 64
"""Lines that one quoted cell may span before its opening quote counts as a stray one."""

MAX_CELL_BYTES: Final = 32_767
"""The longest cell of a spreadsheet (Excel specifications and limits), and so of any input."""

MAX_ADDRESSES_PER_CELL: Final = 32
"""What is found in one cell beyond these is counted in the sums, not made a contact."""

_LARGEST_OUTPUT: Final = 64 * GIB

BATCH_ROWS: Final = 200_000
"""Rows of one Parquet part: bounds memory, and keeps 10 million rows in 50 parts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the child process that reads one file; sizes in bytes, times in seconds.

    `spreadsheet_bytes`, `spreadsheet_entries` and `spreadsheet_ratio` bound what an XLSX may
    unpack to, how many files it may hold and how far it may shrink; an honest sheet of repeated
    text shrinks 50-fold.
    """

    file_bytes: int = 16 * GIB
    memory_bytes: int = 3 * GIB
    cpu_seconds: int = 900
    wall_seconds: float = 900.0
    spreadsheet_bytes: int = 2 * GIB
    spreadsheet_entries: int = 500
    spreadsheet_ratio: int = 200
    spreadsheet_cells: int = 30_000_000


def confine(limits: Limits) -> None:
    """Bound address space, processor time and file size of this process; leave no core dump."""
    for what, bound in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, _LARGEST_OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (bound, bound))
