"""Bringing an older warehouse up to date: one SQL file for each step, `NNNN_what.sql`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from checks.errors import SettingError
from data.relations import Relations, Statement

FIRST_VERSION: Final = 1
_FILE_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """The step from the version before to `version`."""

    version: int
    sql: str


def load_migrations() -> tuple[Migration, ...]:
    """Return the steps that ship with the product, in order; none before version 2."""
    steps = [
        Migration(int(found[1]), file.read_text(encoding="utf-8"))
        for file in resources.files(__name__).iterdir()
        if (found := _FILE_NAME.fullmatch(file.name))
    ]
    return tuple(sorted(steps, key=lambda step: step.version))


def newest_version(migrations: Sequence[Migration]) -> int:
    """Return the version that `data/schema.sql` stands at.

    >>> newest_version(()), newest_version([Migration(2, "SELECT 1")])
    (1, 2)
    """
    return max((step.version for step in migrations), default=FIRST_VERSION)


def migrate(relations: Relations, migrations: Sequence[Migration]) -> None:
    """Apply the steps that are missing, each in a transaction with its version.

    Raises SettingError for a warehouse that a newer release has written.
    """
    found = int(relations.query("SELECT max(version) AS version FROM schema_version").item())
    newest = newest_version(migrations)
    if found > newest:
        problem = f"the warehouse has schema version {found}, this release knows {newest}"
        raise SettingError(problem, "update entrega")
    for step in migrations:
        if step.version > found:
            mark = Statement("INSERT INTO schema_version VALUES (?)", (step.version,))
            relations.transact([Statement(step.sql), mark])
