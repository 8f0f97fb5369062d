"""What persons decided in place of the rules, with their name and reason (rule L22)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl

from checks.frames import MOMENT, shaped
from checks.model import Decision
from data.relations import Relations, Statement

OVERRIDES_KEPT: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "decision": pl.String(),
        "decided_by": pl.String(),
        "reason": pl.String(),
        "since": MOMENT,
        "until": pl.Date(),  # the last day on which it holds; null: until it is removed
    },
)
"""One row per debtor that a person decided about."""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision about one debtor."""

    creditor_id: str
    debtor_id: str
    decision: Decision
    decided_by: str
    reason: str
    until: date | None = None


class OverrideBook:
    """Keeps persons' decisions, in a database."""

    def __init__(self, relations: Relations, now: Callable[[], datetime]) -> None:
        """Take the database and the wall clock."""
        self._relations = relations
        self._now = now

    def override(self, override: Override) -> None:
        """Keep a decision; a later one about the same debtor takes its place."""
        values = (
            override.creditor_id,
            override.debtor_id,
            override.decision.value,
            override.decided_by,
            override.reason,
            self._now(),
            override.until,
        )
        insert = "INSERT OR REPLACE INTO overrides VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._relations.transact([Statement(insert, values)])

    def overrides(self) -> pl.DataFrame:
        """Return every decision kept, ended ones too, as OVERRIDES_KEPT sorted by debtor."""
        found = self._relations.query("SELECT * FROM overrides ORDER BY creditor_id, debtor_id")
        return shaped(found, OVERRIDES_KEPT)

    def overrides_on(self, day: date) -> pl.DataFrame:
        """Return `creditor_id, debtor_id, wanted` of the decisions that hold on a day."""
        holds = pl.col("until").is_null() | (pl.col("until") >= day)
        return (
            self.overrides()
            .filter(holds)
            .select("creditor_id", "debtor_id", pl.col("decision").alias("wanted"))
        )

    def remove_overrides(self, creditor_id: str, debtor_ids: Sequence[str]) -> int:
        """Let the rules decide again about these debtors; return how many decisions went."""
        before = self.overrides().height
        delete = "DELETE FROM overrides WHERE creditor_id = ? AND list_contains(?, debtor_id)"
        self._relations.transact([Statement(delete, (creditor_id, list(debtor_ids)))])
        return before - self.overrides().height

    def creditors_of(self, debtor_id: str) -> list[str]:
        """Return the creditors of whom some run has read such a debtor, sorted."""
        sql = (
            "SELECT DISTINCT creditor_id FROM debtors WHERE debtor_id = ?"
            " UNION SELECT creditor_id FROM overrides WHERE debtor_id = ? ORDER BY ALL"
        )
        return self._relations.query(sql, (debtor_id, debtor_id))["creditor_id"].to_list()
