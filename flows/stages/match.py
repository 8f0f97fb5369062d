"""Which debtors are one person or company, and of which a person is to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from checks.contacts import CLUSTER_PREFIX, Matched, find_clusters
from data.linkage.decisions import read_decided_pairs
from data.linkage.model_file import write_model
from data.reference.matching import load_match_reference
from flows.executor import write_part
from flows.prepare import digest_file
from flows.run import Run

DOUBTS_PART = "doubts.parquet"
CHANGES_PART = "changes.parquet"


def match(run: Run) -> None:
    """Cluster the debtors of each creditor, under the names that earlier runs gave."""
    contacts = run.read("found_contacts").join(run.read("syntax"), on="email_raw", how="left")
    shaped = contacts.select(
        "creditor_id",
        "debtor_id",
        address=pl.when(pl.col("domain").is_not_null()).then(pl.col("address")),
    )
    score, folder = run.plan.settings.score, run.folder("match")
    found = find_clusters(
        run.read("debtors"),
        shaped,
        load_match_reference(),
        certainty=score.same_debtor,
        before=run.warehouse.earlier_clusters(run.plan.run_id),
        decided=read_decided_pairs(score.duplicates, folder) if score.duplicates else None,
        progress=run.progress.step,
    )
    write_part(found.doubts, folder / DOUBTS_PART)
    write_part(_by_debtor(found.changes), folder / CHANGES_PART)
    for creditor, model in found.models.items():
        write_model(folder / f"{creditor}.model.json", model)
    decided = digest_file(score.duplicates) if score.duplicates else None
    run.remember("match", {**match_facts(found), "decided": decided})
    if notes := list(_notes(found)):
        run.note("match", notes)
    run.commit("match", {"clusters": found.clusters})


def doubtful_pairs(run: Run) -> pl.DataFrame:
    """Return the DOUBTS that a run left."""
    return pl.read_parquet(run.folder("match") / DOUBTS_PART)


def _by_debtor(changes: pl.DataFrame) -> pl.DataFrame:
    """Return two rows per change, each with a debtor's id, so that an erasure finds them."""
    return (
        changes.rename({"cluster_id": "went_or_came"})
        .with_row_index("change")
        .unpivot(
            on=["went_or_came", "of"],
            index=["creditor_id", "change", "event"],
            variable_name="part",
            value_name="debtor_id",
        )
        .with_columns(pl.col("debtor_id").str.strip_prefix(CLUSTER_PREFIX))
        .sort("creditor_id", "change", "part")
    )


def match_facts(found: Matched) -> Mapping[str, Any]:
    """Return what matching found, in numbers."""
    events = found.changes["event"].value_counts()
    return {
        "debtors": found.clusters.height,
        "clusters": found.clusters.select("creditor_id", "cluster_id").n_unique(),
        "doubtful_pairs": _open_pairs(found),
        "changes": dict(sorted(events.iter_rows())),
        "not_compared": dict(found.refused),
    }


def _open_pairs(found: Matched) -> int:
    return found.doubts.filter(pl.col("decision").is_null()).height // 2


def _notes(found: Matched) -> Iterator[str]:
    """Yield what people should know: whom to look at, and what became of earlier clusters."""
    if pairs := _open_pairs(found):
        yield f"{pairs:,} pairs of debtors may be one and are written to apart: duplicates.csv"
    for event, count in found.changes["event"].value_counts().sort("event").iter_rows():
        said = "merged with another" if event == "merge" else "split off"
        yield f"{count:,} debtors of earlier runs were {said}"
    for creditor, problem in found.refused.items():
        yield f"creditor '{creditor}': debtors are one by tax id only, for {problem}"
