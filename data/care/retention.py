"""How long each kind of record is kept, and what of it is past its time (rule L19)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from data.tables import RUN_TABLES

PROBES: Final = "probes"
VERDICTS: Final = "verdicts"
EVENTS: Final = "events"
MANIFESTS: Final = "manifests"


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Moments before which a kind of record is let go."""

    probes: datetime
    verdicts: datetime
    events: datetime
    manifests: datetime


@dataclass(frozen=True, slots=True)
class Expired:
    """Rows of one table that are past their time, as the condition of a statement."""

    kind: str
    table: str
    condition: str
    parameters: tuple[object, ...]


def cutoffs_of(
    now: datetime, *, probes: int, verdicts: int, events: int, manifests: int
) -> Cutoffs:
    """Return the moments that lie so many days before `now`.

    >>> cutoffs_of(datetime(2026, 4, 1), probes=90, verdicts=180, events=9, manifests=9).probes
    datetime.datetime(2026, 1, 1, 0, 0)
    """
    return Cutoffs(
        *(now - timedelta(days=days) for days in (probes, verdicts, events, manifests)),
    )


def expired(cutoffs: Cutoffs) -> Iterator[Expired]:
    """Yield what to remove.

    Answers of servers go with the probes, everything else of a run with its verdicts. A
    suppression stays until its end and five years beyond: a wish outlives its proof.
    """
    yield Expired(PROBES, "findings", "checked_at < ?", (cutoffs.probes,))
    yield Expired(PROBES, "domain_cache", "checked_at < ?", (cutoffs.probes,))
    old_runs = "run_id IN (SELECT run_id FROM runs WHERE as_of < ?)"
    for table in RUN_TABLES:
        yield Expired(VERDICTS, table, old_runs, (cutoffs.verdicts,))
    yield Expired(EVENTS, "events", "occurred_at < ?", (cutoffs.events,))
    yield Expired(EVENTS, "suppressions", "until < ?", (cutoffs.events,))
    of_old_list = "list_id IN (SELECT list_id FROM lists WHERE registered_at < ?)"
    for table in ("messages", "proofs"):
        yield Expired(MANIFESTS, table, of_old_list, (cutoffs.manifests,))
    yield Expired(MANIFESTS, "lists", "registered_at < ?", (cutoffs.manifests,))
    yield Expired(MANIFESTS, "processing", old_runs, (cutoffs.manifests,))
    yield Expired(MANIFESTS, "stages", old_runs, (cutoffs.manifests,))
    yield Expired(MANIFESTS, "runs", "as_of < ?", (cutoffs.manifests,))
