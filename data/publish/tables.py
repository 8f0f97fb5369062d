"""The tables that a run leaves under `--out`: exact Parquet for machines, CSV for people."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from checks.frames import CONTACTS, DECIDED_DEBTORS, QUARANTINE, shaped
from data.files import make_private_folder, replaced_file
from data.publish.dialect import write_parquet
from data.publish.people import write_people_csv


def write_tables(
    out: Path,
    contacts: pl.DataFrame,
    debtors: pl.DataFrame,
    quarantine: pl.DataFrame,
    *,
    language: str,
) -> list[Path]:
    """Write contacts, debtors (Parquet and CSV) and quarantine (CSV) under `out`; return the files.

    The frames are CONTACTS, DECIDED_DEBTORS and QUARANTINE in any order; rows are sorted by key.
    """
    make_private_folder(out)
    contacts = shaped(contacts, CONTACTS).sort("creditor_id", "debtor_id", "email_raw")
    debtors = shaped(debtors, DECIDED_DEBTORS).sort("creditor_id", "debtor_id")
    quarantine = shaped(quarantine, QUARANTINE).sort("source", "line")
    files = []
    for name, frame in (("contacts", contacts), ("debtors", debtors)):
        files.append(out / f"{name}.parquet")
        with replaced_file(files[-1]) as aside:
            write_parquet(frame, aside)
    for name, frame in (("contacts", contacts), ("debtors", debtors), ("quarantine", quarantine)):
        files.append(out / f"{name}.csv")
        write_people_csv(frame, files[-1], language)
    return files
