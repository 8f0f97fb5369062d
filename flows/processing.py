"""What a run says of its own processing, gathered from its stages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from data.processing import ProcessingFacts, processing_record, write_processing
from data.reference.version import rules_version
from flows.creditors import identity_of
from flows.run import Run
from flows.stages.score import score_model


def record_processing(
    run: Run, debtors: pl.DataFrame, published: Mapping[str, Mapping[str, Any]]
) -> None:
    """Keep the run's record in the warehouse and beside its outputs.

    `debtors` is DECIDED_DEBTORS after the gate; `published` is what each list came to.
    """
    settings = run.plan.settings
    stored = run.warehouse.run(run.plan.run_id)
    facts = ProcessingFacts(
        run_id=run.plan.run_id,
        as_of=run.plan.as_of,
        language=run.plan.language,
        controllers={
            name: identity_of(settings, name).name or name
            for name in run.recall("read")["creditors"]
        },
        retention_days=settings.retention.model_dump(),
        versions={
            "entrega": release(),
            "rules": rules_version(),
            "model": score_model(run).version,
            "configuration": stored.digests.get("configuration", "") if stored else "",
        },
        domains_asked=run.read("domains").height if run.recall("domains").get("asked") else 0,
        asked={
            name: figures["recipients"]
            for name, figures in run.recall("mailboxes").get("providers", {}).items()
        },
        lists={
            name: {each: count for each, count in counts.items() if each != "folder"}
            for name, counts in published.items()
        },
    )
    record = processing_record(facts, run.read("contacts"), debtors)
    run.warehouse.record_processing(record)
    write_processing(record, run.plan.out)


def release() -> str:
    """Return the installed release; a checkout that was never installed has none."""
    try:
        return version("entrega")
    except PackageNotFoundError:
        return "not installed"
