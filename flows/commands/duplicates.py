"""`entrega duplicates`: only the clusters, on any table of people or companies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from checks.contacts.linkage.roles import Role
from checks.errors import SettingError
from flows.configuration import load_settings
from flows.linkage import STAGES, LinkRequest, LinkSummary, link_table
from flows.progress import Progress
from flows.stages.read import intake_settings


def run_duplicates(request: LinkRequest, config: Path | None, *, as_json: bool) -> int:
    """Write the clusters and their explanation, and print how many records are one."""
    settings = intake_settings(load_settings(config))
    summary = link_table(request, settings, Progress(STAGES))
    if as_json:
        print(json.dumps(asdict(summary), ensure_ascii=False))
    else:
        _print_summary(summary, request.out)
    return 0


def _print_summary(summary: LinkSummary, out: Path) -> None:
    print(
        f"records: {summary.records:,}; clusters of several: {summary.clusters:,}, with "
        f"{summary.in_clusters:,} records, the largest {summary.largest:,}; pairs compared: "
        f"{summary.pairs:,}, in blocks of at most {summary.block_cap}"
    )
    if summary.quarantined:
        print(f"{summary.quarantined:,} rows could not be read: {out / 'quarantine.csv'}")
    if summary.changes:
        print(f"{summary.changes:,} clusters merged or split: {out / 'changes.csv'}")
    print(f"{out / 'clusters.csv'}; for a person to look at: {out / 'review.csv'}")


def read_roles(pairs: Sequence[str]) -> dict[str, Role]:
    """Read COLUMN=ROLE pairs; several columns may play one role.

    >>> read_roles(["correo=email", "a=b=ignore"])
    {'correo': <Role.EMAIL: 'email'>, 'a=b': <Role.IGNORE: 'ignore'>}
    """
    found: dict[str, Role] = {}
    for pair in pairs:
        column, equals, role = pair.rpartition("=")
        if not (column and equals and role):
            problem = f"--role '{pair}' is not COLUMN=ROLE"
            raise SettingError(problem, "say e.g. --role correo=email")
        if role not in set(Role):
            problem = f"--role '{pair}' names no role"
            raise SettingError(problem, f"the roles are {', '.join(Role)}")
        found[column] = Role(role)
    return found
