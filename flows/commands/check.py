"""`entrega check`: single addresses, looked at without a portfolio."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from checks.syntax import check_syntax
from data.reference.syntax import load_syntax_reference
from flows.configuration import load_settings

FLAGS = ("is_role", "is_free", "is_disposable")


def run_check(addresses: list[str], config: Path | None, *, as_json: bool) -> int:
    """Print what the shape of each address tells, in the order given."""
    settings = load_settings(config)
    reference = load_syntax_reference(allow_special_use=bool(settings.smtp.lab_networks))
    texts = pl.Series("email_raw", addresses, dtype=pl.String)
    found = check_syntax(texts.unique().sort(), reference, trim=True)
    rows = texts.to_frame().join(found, on="email_raw", how="left", maintain_order="left")
    if as_json:
        print(json.dumps({"addresses": rows.to_dicts()}, ensure_ascii=False))
        return 0
    for row in rows.iter_rows(named=True):
        flags = ", ".join(name.removeprefix("is_") for name in FLAGS if row[name])
        verdict = f"{row['verdict']} ({row['reason']})" if row["verdict"] else "possible"
        proposal = f"; perhaps {row['suggestion']}" if row["suggestion"] else ""
        print(f"{row['email_raw']}: {verdict}{f' [{flags}]' if flags else ''}{proposal}")
    return 0
