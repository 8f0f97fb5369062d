"""The run tables: which runs there were, which stages are done, and what each left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from checks.errors import SettingError
from checks.frames import shaped
from data.relations import Relations, Statement, named
from data.tables import EVERY_CREDITOR, RUN_TABLES, RunTable

RUNNING: Final = "running"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution: its `as_of` is frozen at the first start, a resumed run keeps it."""

    run_id: str
    as_of: datetime
    state: str  # "running" until finish_run gives it another word
    digests: Mapping[str, str]  # of input, configuration, model, rules, ...: sha256 each
    settings: str  # JSON object: what a resumed run needs and the command line does not repeat
    started_at: datetime
    finished_at: datetime | None
    summary: str | None  # JSON object


class RunBook:
    """Runs, their stages and their tables, in a database."""

    def __init__(self, relations: Relations, now: Callable[[], datetime]) -> None:
        """Take the database and the wall clock for the times of starting and finishing."""
        self._relations = relations
        self._now = now

    def start_run(
        self, run_id: str, *, as_of: datetime, digests: Mapping[str, str], settings: str = "{}"
    ) -> Run:
        """Begin a run, or take up again one that was begun with the same digests.

        Raises SettingError where the run was begun with other ones: its stages that are done
        would not fit those still to do.
        """
        begun = self.run(run_id)
        if begun is None:
            values = (run_id, as_of, RUNNING, _json(digests), settings, self._now())
            insert = Statement("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", values)
            self._relations.transact([insert])
            return self._known_run(run_id)
        changed = sorted(
            name for name, digest in digests.items() if begun.digests.get(name) != digest
        )
        if changed:
            problem = f"run '{run_id}' was begun with another {', '.join(changed)}"
            raise SettingError(problem, "start a new run, or resume with what it was begun with")
        return begun

    def run(self, run_id: str) -> Run | None:
        """Return a run, or None where there is no such one."""
        rows = self._relations.query("SELECT * FROM runs WHERE run_id = ?", (run_id,)).rows(
            named=True
        )
        return _run(rows[0]) if rows else None

    def runs(self) -> list[Run]:
        """Return every run, the newest first."""
        sql = "SELECT * FROM runs ORDER BY started_at DESC, run_id"
        return [_run(row) for row in self._relations.query(sql).rows(named=True)]

    def finish_run(self, run_id: str, state: str, summary: str) -> Run:
        """Note how a run ended; `summary` is a JSON object."""
        self._known_run(run_id)
        sql = "UPDATE runs SET state = ?, summary = ?, finished_at = ? WHERE run_id = ?"
        self._relations.transact([Statement(sql, (state, summary, self._now(), run_id))])
        return self._known_run(run_id)

    def done(self, run_id: str) -> frozenset[str]:
        """Return the stages of a run that are committed."""
        found = self._relations.query("SELECT stage FROM stages WHERE run_id = ?", (run_id,))
        return frozenset(found["stage"])

    def commit(self, run_id: str, stage: str, tables: Mapping[str, pl.DataFrame]) -> None:
        """Put a stage's tables in and mark it done, all in one transaction.

        What the same stage put in before is replaced, so repeating changes nothing; two stages
        may add rows to one table. Raises ValueError where a row's key is null or repeated.
        """
        self._known_run(run_id)
        statements = []
        for name, frame in tables.items():
            table = RUN_TABLES[name]
            rows = shaped(frame, table.schema)
            self._check_key(table, rows, run_id, stage)
            statements += _replacement(table, rows, run_id, stage)
        mark = "INSERT OR REPLACE INTO stages VALUES (?, ?, ?)"
        statements.append(Statement(mark, (run_id, stage, self._now())))
        self._relations.transact(statements)

    def read(self, table: str, run_id: str) -> pl.DataFrame:
        """Return a run's rows of one table in the frame's own schema, sorted by its key."""
        wanted = RUN_TABLES[table]
        sql = named(
            "SELECT {columns} FROM {table} WHERE run_id = ?", columns=wanted.schema, table=table
        )
        return shaped(self._relations.query(sql, (run_id,)), wanted.schema).sort(wanted.key)

    def earlier_clusters(self, run_id: str) -> pl.DataFrame:
        """Return CLUSTERS of a run's debtors as the newest run begun before it left them."""
        sql = (
            "SELECT creditor_id, debtor_id,"
            " arg_max(cluster_id, (started_at, run_id)) AS cluster_id,"
            " arg_max(link, (started_at, run_id)) AS link FROM clusters JOIN runs USING (run_id)"
            " SEMI JOIN (SELECT creditor_id, debtor_id FROM debtors WHERE run_id = ?) AS own"
            " USING (creditor_id, debtor_id)"
            " WHERE started_at < (SELECT started_at FROM runs WHERE run_id = ?)"
            " GROUP BY creditor_id, debtor_id"
        )
        wanted = RUN_TABLES["clusters"]
        return shaped(self._relations.query(sql, (run_id, run_id)), wanted.schema).sort(wanted.key)

    def recent_findings(self, check: str, run_id: str, since: datetime) -> pl.DataFrame:
        """Return FINDINGS of a check by other runs since a moment, the newest of each address."""
        wanted = RUN_TABLES["findings"]
        sql = named(
            'SELECT {columns} FROM findings WHERE "check" = ? AND run_id <> ? AND checked_at >= ?',
            columns=wanted.schema,
        )
        found = shaped(self._relations.query(sql, (check, run_id, since)), wanted.schema)
        return found.sort("address", "checked_at", "evidence").unique(
            "address", keep="last", maintain_order=True
        )

    def correct_findings(self, check: str, changes: pl.DataFrame) -> None:
        """Write findings anew that are read otherwise today, in every run that holds them.

        `changes` has `address, old_evidence, verdict, reason, evidence`: an answer that a later
        run took over from an earlier one is the same evidence.
        """
        update = (
            "UPDATE findings SET verdict = changes.verdict, reason = changes.reason,"
            " evidence = changes.evidence FROM changes"
            ' WHERE findings."check" = ? AND findings.address = changes.address'
            " AND findings.evidence = changes.old_evidence"
        )
        self._relations.transact([Statement(update, (check,), {"changes": changes})])

    def reopen(self, run_id: str, stages: Sequence[str]) -> None:
        """Have stages of a run done again when it is resumed."""
        self._known_run(run_id)
        delete = "DELETE FROM stages WHERE run_id = ? AND list_contains(?, stage)"
        self._relations.transact([Statement(delete, (run_id, list(stages)))])

    def _known_run(self, run_id: str) -> Run:
        found = self.run(run_id)
        if found is None:
            problem = f"run '{run_id}' is not in this warehouse"
            raise SettingError(problem, "see `entrega runs`")
        return found

    def _check_key(self, table: RunTable, rows: pl.DataFrame, run_id: str, stage: str) -> None:
        keys = rows.select(table.key)
        named = ", ".join(table.key)
        if sum(keys.null_count().row(0)):
            message = f"table '{table.name}' has rows with a null in their key ({named})"
            raise ValueError(message)
        repeated = rows.height - keys.n_unique() if rows.height else 0
        repeated += self._met_elsewhere(table, keys, run_id, stage)
        if repeated:
            message = f"table '{table.name}' has {repeated} rows with a repeated key ({named})"
            raise ValueError(message)

    def _met_elsewhere(self, table: RunTable, keys: pl.DataFrame, run_id: str, stage: str) -> int:
        sql = named(
            "SELECT count(*) AS rows FROM {table} SEMI JOIN keys USING ({key})"
            " WHERE run_id = ? AND stage <> ?",
            table=table.name,
            key=table.key,
        )
        return int(self._relations.query(sql, (run_id, stage), {"keys": keys}).item())


def _replacement(table: RunTable, rows: pl.DataFrame, run_id: str, stage: str) -> list[Statement]:
    if not table.knows_creditor:
        rows = rows.with_columns(creditor_id=pl.lit(EVERY_CREDITOR))
    delete = named("DELETE FROM {table} WHERE run_id = ? AND stage = ?", table=table.name)
    insert = named(
        "INSERT INTO {table} BY NAME SELECT ? AS run_id, ? AS stage, * FROM incoming",
        table=table.name,
    )
    place = (run_id, stage)
    return [Statement(delete, place), Statement(insert, place, {"incoming": rows})]


def _run(row: dict[str, Any]) -> Run:
    return Run(**row | {"digests": json.loads(row["digests"])})


def _json(digests: Mapping[str, str]) -> str:
    return json.dumps(dict(digests), sort_keys=True)
