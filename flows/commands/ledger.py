"""`entrega ledger`: what became of each invoice, exportable as proof."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from checks.errors import SettingError
from data.files import make_private_folder, replaced_file
from data.publish.people import write_people_csv
from data.warehouse import open_warehouse
from flows.configuration import load_settings
from flows.plan import existing_warehouse
from flows.run import WAIT_SECONDS, utc_now

SHOWN = (
    "invoice_id",
    "verified_at",
    "reason",
    "sent_at",
    "delivered_at",
    "opened_at",
    "downloaded_at",
    "clicked_at",
    "paid_at",
)
MOST_SHOWN = 50
FORMATS = (".csv", ".jsonl")


def run_ledger(
    creditor: str,
    invoice: str | None,
    out: Path | None,
    *,
    config: Path | None,
    warehouse: Path | None,
    wait: bool,
    as_json: bool,
) -> int:
    """Print the ledger, or write it as CSV for people or JSON lines for machines."""
    if out is not None and out.suffix not in FORMATS:
        problem = f"'{out.name}' is neither .csv nor .jsonl"
        raise SettingError(problem, "name the file by the format it shall have")
    language = load_settings(config).report.language
    path = existing_warehouse(warehouse)
    with open_warehouse(path, now=utc_now, wait=WAIT_SECONDS if wait else None) as opened:
        ledger = opened.invoice_ledger(creditor, invoice)
    if out is not None:
        _write(ledger, out, language)
        print(f"{ledger.height:,} rows: {out}")
    elif as_json:
        sys.stdout.write(_json_lines(ledger))
    else:
        print("\n".join(_lines(ledger)))
    return 0


def _write(ledger: pl.DataFrame, out: Path, language: str) -> None:
    make_private_folder(out.absolute().parent)
    if out.suffix == ".csv":
        write_people_csv(ledger, out, language)
        return
    with replaced_file(out) as aside:
        aside.write_text(_json_lines(ledger), "utf-8")


def _json_lines(ledger: pl.DataFrame) -> str:
    moments = pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return ledger.with_columns(moments, pl.col(pl.Decimal).cast(pl.String)).write_ndjson()


def _lines(ledger: pl.DataFrame) -> list[str]:
    if ledger.is_empty():
        return ["no message about such an invoice was published"]
    rows = (
        ledger.head(MOST_SHOWN)
        .select(SHOWN)
        .with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%d").fill_null("-"))
    )
    head = [name.removesuffix("_at") for name in SHOWN]
    lines = ["  ".join(f"{cell:<17.17}" for cell in head)]
    lines += ["  ".join(f"{cell!s:<17.17}" for cell in row) for row in rows.iter_rows()]
    if ledger.height > MOST_SHOWN:
        lines.append(f"{ledger.height - MOST_SHOWN:,} more rows; write all with --out FILE.csv")
    return lines
