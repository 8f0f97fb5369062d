"""A table of people or companies from file to clusters: read, understand, link, write."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from checks.contacts.linkage.explain import (
    certainties,
    kept_rows,
    probability,
    review_rows,
    steps_of,
)
from checks.contacts.linkage.fields import Material, read_material
from checks.contacts.linkage.link import Decisions, Linked, link
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.stable import keep_names, name_clusters
from checks.contacts.linkage.values import Codes
from checks.errors import InputRefusedError
from data.files import make_private_folder
from data.intake.settings import IntakeSettings
from data.intake.whole_table import WholeTable, read_whole_table
from data.linkage.decisions import read_decisions, read_previous
from data.linkage.model_file import read_model, write_model
from data.linkage.outputs import write_clusters, write_pairs, write_review, write_table
from data.linkage.roles import Guess, guess_roles
from data.reference.matching import load_match_reference
from flows.progress import Progress

STAGES: Final = 5
MOST_REVIEWED: Final = 1_000
"""Pairs in review.csv: more than a person looks at in a day."""


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What `entrega duplicates` was asked for."""

    input: Path
    out: Path
    id_column: str | None = None
    roles: Mapping[str, Role] | None = None
    decisions: Path | None = None
    previous: Path | None = None
    model: Path | None = None


@dataclass(frozen=True, slots=True)
class LinkSummary:
    """What came of it; `blocks` is the largest block of records, and the cap that held."""

    guesses: tuple[Guess, ...]
    records: int
    quarantined: int
    clusters: int
    in_clusters: int
    largest: int
    pairs: int
    largest_block: int
    block_cap: int
    changes: int


@dataclass(frozen=True, slots=True)
class _Records:
    """The readable rows in an order of their contents, so that the file's order plays no part."""

    cells: pl.DataFrame
    ids: pl.Series
    places: pl.Series  # of each record among all rows of the input


def link_table(request: LinkRequest, settings: IntakeSettings, progress: Progress) -> LinkSummary:
    """Link the records of a file and write what was found; raise EntregaError with a remedy."""
    make_private_folder(request.out)
    with progress.stage("read"):
        table = read_whole_table(request.input, settings, request.out)
        guesses = guess_roles(table.cells, request.roles or {}, request.id_column)
        for each in guesses:
            progress.note(f"  {each.column}: {each.role} ({each.origin})")
        records, refused = _records(table, guesses, request.id_column)
        decisions = _decisions(request, records)
    with progress.stage("understand"):
        roles = {each.column: each.role for each in guesses if each.role is not Role.IGNORE}
        material = read_material(records.cells, roles, load_match_reference())
    with progress.stage("compare"):
        model = read_model(request.model) if request.model else None
        linked = link(material, model, decisions, progress.step)
    with progress.stage("explain"), ThreadPoolExecutor(1) as aside:
        steps = aside.submit(_write_steps, request, records, material, linked)
        changes = _write_clusters(request, records, refused, linked, material)
        rows = review_rows(linked, material.vetoes, MOST_REVIEWED)
        write_review(request.out / "review.csv", _review_table(records, linked, rows))
        steps.result()
    with progress.stage("write"):
        write_model(request.out / "model.json", linked.model)
        if len(refused):
            write_table(request.out / "quarantine.csv", refused)
    return _summary(guesses, refused, linked, changes)


def _records(
    table: WholeTable, guesses: tuple[Guess, ...], id_column: str | None
) -> tuple[_Records, pl.DataFrame]:
    """Return the records, and the rows that are none with their reason."""
    numbered = table.cells.with_columns(
        place=table.lines, record=pl.col(id_column) if id_column else table.lines.cast(pl.String)
    )
    nameless = numbered.filter(pl.col("record").is_null()).select(
        line=pl.col("place") + 1, reason=pl.lit("no_id"), detail=pl.lit(id_column or "")
    )
    known = numbered.drop_nulls("record")
    _refuse_repeated(known["record"], id_column)
    used = [each.column for each in guesses if each.role is not Role.IGNORE]
    ordered = known.sort(*used, pl.col("record").str.len_bytes(), "record")
    records = _Records(ordered.drop("place", "record"), ordered["record"], ordered["place"])
    return records, pl.concat([table.faults, nameless]).sort("line")


def _refuse_repeated(ids: pl.Series, id_column: str | None) -> None:
    repeated = len(ids) - ids.n_unique()
    if repeated:
        problem = f"column '{id_column}' is no id: {repeated:,} of its values stand again"
        raise InputRefusedError(problem, "name another column with --id, or none")


def _decisions(request: LinkRequest, records: _Records) -> Decisions | None:
    if request.decisions is None:
        return None
    return read_decisions(request.decisions, records.ids, request.out)


def _write_clusters(
    request: LinkRequest,
    records: _Records,
    refused: pl.DataFrame,
    linked: Linked,
    material: Material,
) -> int:
    """Write clusters.csv in input order, and what changed since `--previous`; return how much."""
    frame = pl.DataFrame(
        {
            "place": records.places,
            "record_id": records.ids,
            "cluster": linked.clusters,
            "probability": certainties(linked, material.vetoes),
        }
    )
    if request.previous is None:
        ids, changed = name_clusters(frame), 0
    else:
        ids, changes = keep_names(frame, read_previous(request.previous, request.out))
        write_table(request.out / "changes.csv", changes)
        changed = len(changes)
    found = frame.select("place", "record_id", ids.alias("cluster_id"), "probability")
    if request.id_column is None:
        found = pl.concat([found, _alone(refused)])
    write_clusters(request.out / "clusters.csv", found.sort("place"))
    return changed


def _alone(refused: pl.DataFrame) -> pl.DataFrame:
    """Return unreadable rows as records of their own, known by their number."""
    place = pl.col("line") - 1
    number = place.cast(pl.String)
    return refused.select(
        place=place, record_id=number, cluster_id=number, probability=pl.lit(None, pl.Float64)
    )


def _write_steps(
    request: LinkRequest, records: _Records, material: Material, linked: Linked
) -> None:
    kept = kept_rows(linked)
    pairs = _pair_table(records.ids, linked, kept)
    steps = steps_of(material, linked, kept)
    place = np.searchsorted(kept, steps["pair"])  # both rise, and every pair has a step
    explained = pairs[place].hstack(steps.get_columns())
    write_pairs(request.out / "pairs.parquet", explained.drop("pair"))


def _pair_table(ids: pl.Series, linked: Linked, rows: Codes) -> pl.DataFrame:
    left, right = linked.pairs.left[rows], linked.pairs.right[rows]
    return pl.DataFrame(
        {
            "left_id": ids.gather(left),
            "right_id": ids.gather(right),
            "probability": probability(linked.weight[rows]),
            "one_cluster": linked.clusters[left] == linked.clusters[right],
        }
    )


def _review_table(records: _Records, linked: Linked, rows: Codes) -> pl.DataFrame:
    """Return the pairs with the values of both records side by side and room for a decision."""
    pairs = _pair_table(records.ids, linked, rows)
    left, right = (records.cells[side[rows]] for side in (linked.pairs.left, linked.pairs.right))
    beside = [
        values[column].alias(f"{column} ({side})")
        for column in records.cells.columns
        for side, values in (("left", left), ("right", right))
    ]
    verdict = pl.when("one_cluster").then(pl.lit("same")).otherwise(pl.lit("different"))
    return pairs.select(
        "left_id",
        "right_id",
        pl.col("probability").round(4),
        proposal=verdict,
        decision=pl.lit(None, pl.String),
    ).with_columns(beside)


def _summary(
    guesses: tuple[Guess, ...], refused: pl.DataFrame, linked: Linked, changes: int
) -> LinkSummary:
    sizes = np.bincount(linked.clusters) if len(linked.clusters) else np.zeros(0, np.int64)
    several = sizes[sizes > 1]
    return LinkSummary(
        guesses=guesses,
        records=len(linked.clusters),
        quarantined=len(refused),
        clusters=len(several),
        in_clusters=int(several.sum()),
        largest=int(sizes.max(initial=0)),
        pairs=len(linked.pairs.left),
        largest_block=max((report.largest for report in linked.pairs.reports), default=0),
        block_cap=linked.pairs.cap,
        changes=changes,
    )
