"""What outlives runs: events, suppressions, published lists and their messages, domains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from checks.frames import DOMAINS, SUPPRESSIONS, shaped
from checks.model import DecisionReason
from checks.score import ComplaintHistory
from data.endings import endings_of
from data.feedback.events import EVENTS, MESSAGES
from data.feedback.fold import fold_history
from data.feedback.suppressing import FROM_EVENTS
from data.relations import Relations, Statement, named
from data.tables import EVERY_CREDITOR

_ARRIVED: Final = """
    SELECT count(DISTINCT message) FILTER (event IN ('delivered', 'opened', 'machine_opened',
               'clicked', 'downloaded', 'replied', 'unsubscribed', 'complained')) AS arrived,
           count(DISTINCT message) FILTER (event = 'complained') AS complained
    FROM (SELECT event, coalesce(message_key,
                     address || ' ' || (occurred_at AT TIME ZONE 'UTC')::DATE) AS message
          FROM events WHERE creditor_id IN (?, ?) AND occurred_at > ? AND occurred_at <= ?)
"""
_LISTED: Final = """
    SELECT count(*) FROM messages JOIN lists USING (creditor_id, list_id)
    WHERE creditor_id = ? AND registered_at > ? AND registered_at <= ?
      AND list_id IN (SELECT list_id FROM messages JOIN events USING (message_key))
"""
_SUPPRESSION_KEY: Final = ("creditor_id", "subject", "key", "reason")


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A clean list in the register; `list_number` grows per creditor."""

    creditor_id: str
    list_number: int
    list_id: str
    run_id: str
    gate: str
    recipients: int
    recipients_neutral: int
    registered_at: datetime


class Ledger:
    """Tables that every run reads and adds to, in a database."""

    def __init__(self, relations: Relations, now: Callable[[], datetime]) -> None:
        """Take the database and the wall clock for the time of registering."""
        self._relations = relations
        self._now = now

    def merge_events(self, events: pl.DataFrame) -> int:
        """Add the events that are not known yet; return how many those were."""
        incoming = shaped(events, EVENTS).unique(("creditor_id", "event_id"))
        before = self._count("events")
        insert = (
            "INSERT INTO events BY NAME SELECT * FROM incoming"
            " ANTI JOIN events USING (creditor_id, event_id)"
        )
        self._relations.transact([Statement(insert, (), {"incoming": incoming})])
        return self._count("events") - before

    def events(self) -> pl.DataFrame:
        """Return every event known."""
        return self._all("events", EVENTS).sort("creditor_id", "event_id")

    def history(self, creditor_ids: Sequence[str]) -> pl.DataFrame:
        """Return what the events say of each address, for each of the creditors."""
        wanted = pl.DataFrame({"creditor_id": [*creditor_ids, EVERY_CREDITOR]})
        sql = "SELECT events.* FROM events SEMI JOIN wanted USING (creditor_id)"
        found = self._relations.query(sql, (), {"wanted": wanted})
        return fold_history(shaped(found, EVENTS), creditor_ids)

    def complaints(self, creditor_id: str, since: datetime, until: datetime) -> ComplaintHistory:
        """Return how many messages arrived between two moments, and how many complaints came.

        Messages are those that an event shows to have arrived; where a dispatcher reports none of
        those, all of the lists of that time of which anything was heard. A message without a key is
        known by its address and day. Events that nobody claims ("*") count for every creditor.
        """
        values = (creditor_id, EVERY_CREDITOR, since, until)
        arrived, complained = self._relations.query(_ARRIVED, values).row(0)
        if arrived > complained:
            return ComplaintHistory(arrived, complained)
        listed = self._relations.query(_LISTED, (creditor_id, since, until)).item()
        return ComplaintHistory(max(listed, complained), complained)

    def merge_suppressions(self, suppressions: pl.DataFrame) -> int:
        """Add suppressions; return how many are new.

        One that is known keeps its earlier beginning and the later of the two ends. None is
        ever taken away: a wish holds, though the event that told it is purged.
        """
        return self._merge_suppressions(shaped(suppressions, SUPPRESSIONS), [])

    def renew_suppressions(self, from_events: pl.DataFrame) -> int:
        """Add what all events together suppress; return how many are new.

        Those of bounces are written anew: one that events no longer bear out (delivered later, a
        provider's incident) goes, and of the others none keeps a beginning from before an event
        came, so the order in which event files came does not matter.
        """
        bounces = (FROM_EVENTS, DecisionReason.SUPPRESS_BOUNCED.value)
        forget = "DELETE FROM suppressions WHERE source = ? AND reason = ?"
        incoming = shaped(from_events, SUPPRESSIONS)
        return self._merge_suppressions(incoming, [Statement(forget, bounces)])

    def _merge_suppressions(self, suppressions: pl.DataFrame, first: list[Statement]) -> int:
        beginning, end = pl.col("since").min(), pl.col("until")
        incoming = suppressions.group_by(_SUPPRESSION_KEY).agg(
            since=beginning,
            until=pl.when(end.null_count() == 0).then(end.max()),
            source=pl.col("source").min(),
        )
        known = self._count("suppressions")
        merge = (
            "MERGE INTO suppressions AS known USING incoming"
            " USING (creditor_id, subject, key, reason)"
            " WHEN MATCHED THEN UPDATE SET since = least(known.since, incoming.since),"
            " until = CASE WHEN known.until IS NULL OR incoming.until IS NULL THEN NULL"
            " ELSE greatest(known.until, incoming.until) END"
            " WHEN NOT MATCHED THEN INSERT BY NAME"
        )
        self._relations.transact([*first, Statement(merge, (), {"incoming": incoming})])
        return max(self._count("suppressions") - known, 0)

    def suppressions(self) -> pl.DataFrame:
        """Return every suppression, ended ones too, sorted by key."""
        return self._all("suppressions", SUPPRESSIONS).sort(_SUPPRESSION_KEY)

    def domain_cache(self) -> pl.DataFrame:
        """Return what earlier runs found of domains, stale findings too."""
        return self._all("domain_cache", DOMAINS).sort("domain")

    def remember_domains(self, domains: pl.DataFrame) -> None:
        """Keep findings of domains for later runs; a newer one replaces an older one."""
        incoming = (
            shaped(domains, DOMAINS).sort("domain", "checked_at").unique("domain", keep="last")
        )
        merge = (
            "MERGE INTO domain_cache AS known USING incoming USING (domain)"
            " WHEN MATCHED AND incoming.checked_at >= known.checked_at THEN UPDATE BY NAME"
            " WHEN NOT MATCHED THEN INSERT BY NAME"
        )
        self._relations.transact([Statement(merge, (), {"incoming": incoming})])

    def register_list(
        self, creditor_id: str, list_id: str, *, run_id: str, gate: str, messages: pl.DataFrame
    ) -> ListEntry:
        """Give a list its number and keep whom its messages go to, before it is published.

        The newest list of a creditor, registered again, keeps its number: a resumed run
        publishes the same list.
        """
        newest = self.newest_list(creditor_id)
        if newest is not None and newest.list_id == list_id:
            return newest
        rows = shaped(messages, MESSAGES)
        neutral = rows.filter("neutral").height
        number = newest.list_number + 1 if newest is not None else 1
        counts = (rows.height - neutral, neutral)
        entry = ListEntry(creditor_id, number, list_id, run_id, gate, *counts, self._now())
        self._relations.transact([_list_statement(entry), *_message_statements(list_id, rows)])
        return entry

    def newest_list(self, creditor_id: str) -> ListEntry | None:
        """Return the creditor's newest list, or None before the first."""
        sql = "SELECT * FROM lists WHERE creditor_id = ? ORDER BY list_number DESC LIMIT 1"
        rows = self._relations.query(sql, (creditor_id,)).rows(named=True)
        return ListEntry(**rows[0]) if rows else None

    def messages(self) -> pl.DataFrame:
        """Return whom each message of every registered list goes to."""
        return self._all("messages", MESSAGES).sort("message_key")

    def endings(self) -> pl.DataFrame:
        """Return what became of each message of every registered list, as ENDINGS."""
        sql = "SELECT creditor_id, list_number, list_id, run_id, registered_at FROM lists"
        return endings_of(self.messages(), self._relations.query(sql), self.events())

    def _count(self, table: str) -> int:
        sql = named("SELECT count(*) AS rows FROM {table}", table=table)
        return int(self._relations.query(sql).item())

    def _all(self, table: str, schema: pl.Schema) -> pl.DataFrame:
        sql = named("SELECT {columns} FROM {table}", columns=schema, table=table)
        return shaped(self._relations.query(sql), schema)


def _list_statement(entry: ListEntry) -> Statement:
    values = (
        entry.creditor_id,
        entry.list_number,
        entry.list_id,
        entry.run_id,
        entry.gate,
        entry.recipients,
        entry.recipients_neutral,
        entry.registered_at,
    )
    return Statement("INSERT INTO lists VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def _message_statements(list_id: str, messages: pl.DataFrame) -> list[Statement]:
    delete = Statement("DELETE FROM messages WHERE list_id = ?", (list_id,))
    insert = "INSERT INTO messages BY NAME SELECT * FROM incoming"
    return [delete, Statement(insert, (), {"incoming": messages})]
