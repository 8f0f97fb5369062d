"""`entrega duplicates`: only the clusters, on any table of people or companies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from checks.contacts import find_clusters
from checks.errors import SettingError
from checks.syntax import check_syntax
from data.files import make_private_folder, replaced_file
from data.intake import read_portfolio
from data.reference.matching import load_match_reference
from data.reference.syntax import load_syntax_reference
from flows.settings import load_settings
from flows.stages.read import intake_settings


def run_duplicates(
    input_: Path,
    out: Path,
    config: Path | None,
    id_column: str | None,
    roles: list[str],
) -> int:
    """Write clusters.csv and print how many records are one debtor with another."""
    settings = intake_settings(load_settings(config))
    columns = {**settings.columns, **_columns(roles)}
    if id_column:
        columns["debtor_id"] = (id_column,)
    make_private_folder(out)
    portfolio = read_portfolio([input_], replace(settings, columns=columns), out)
    syntax = check_syntax(portfolio.contacts["email_raw"].unique().sort(), load_syntax_reference())
    contacts = portfolio.contacts.join(syntax, on="email_raw", how="left").select(
        "creditor_id",
        "debtor_id",
        address=pl.when(pl.col("domain").is_not_null()).then(pl.col("address")),
    )
    clusters = find_clusters(portfolio.debtors, contacts, load_match_reference())
    with replaced_file(out / "clusters.csv") as aside:
        clusters.sort("creditor_id", "cluster_id", "debtor_id").write_csv(aside)
    several = clusters.filter(pl.len().over("creditor_id", "cluster_id") > 1)
    print(
        f"{clusters.height:,} debtors, {several.height:,} of them in "
        f"{several.select('creditor_id', 'cluster_id').n_unique():,} clusters of several; "
        f"{out / 'clusters.csv'}"
    )
    return 0


def _columns(roles: list[str]) -> dict[str, tuple[str, ...]]:
    """Read COLUMN=ROLE pairs; several columns may play one role."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in roles:
        column, equals, role = pair.rpartition("=")
        if not (column and equals and role):
            problem = f"--role '{pair}' is not COLUMN=ROLE"
            raise SettingError(problem, "say e.g. --role correo=email")
        found[role] = (*found.get(role, ()), column)
    return found
