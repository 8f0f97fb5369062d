"""The clean list of each creditor, after a last look at who must not be written to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl

from checks.model import Decision, GateState
from checks.score import Exposure, Force, Lots, Suppressed, open_invoices
from data.proofs import proofs_of
from data.publish import BounceForecast, ListFacts, name_list, publish_list
from data.reference.version import rules_version
from flows.creditors import identity_of
from flows.prepare import digest_json
from flows.processing import record_processing
from flows.recipients import neutral_recipients, recipients
from flows.run import Run
from flows.settings import PublishSettings
from flows.stages.gate import gated_debtors, lots_of_debtors
from flows.stages.score import model_digest
from flows.suppression import suppressed_now, suppression_digest


def publish(run: Run) -> None:
    """Publish one list per creditor; a closed gate publishes its manifest alone."""
    suppressed = suppressed_now(run)
    debtors = _still_allowed(gated_debtors(run), suppressed)
    told: dict[str, Any] = {
        "contacts": run.read("contacts"),
        "records": run.read("debtors"),
        "lots": lots_of_debtors(run),
        "language": run.plan.language,
    }
    invoices = open_invoices(run.read("invoices"), suppressed)
    published: dict[str, Any] = {}
    for creditor, facts in sorted(run.recall("gate").items()):
        own = debtors.filter(pl.col("creditor_id") == creditor)
        clean = name_list(
            _list_facts(run, creditor, facts),
            recipients(debtors=own, invoices=invoices, as_of=run.plan.as_of, **told),
            neutral_recipients(debtors=own, **told),
        )
        entry = run.warehouse.register_list(
            creditor,
            clean.list_id,
            run_id=run.plan.run_id,
            gate=facts["state"],
            messages=clean.messages,
        )
        run.warehouse.keep_proofs(
            creditor, clean.list_id, proofs_of(clean.recipients, invoices, told["contacts"])
        )
        folder = publish_list(
            run.plan.out,
            clean,
            number=entry.list_number,
            signing_key=signing_key(run.plan.settings.publish),
        )
        published[creditor] = {
            "folder": str(folder),
            "recipients": clean.recipients.height,
            "recipients_neutral": clean.recipients_neutral.height,
        }
    record_processing(run, debtors, published)
    run.remember("publish", published)
    run.commit("publish", {})


def _still_allowed(debtors: pl.DataFrame, suppressed: Suppressed) -> pl.DataFrame:
    """Return the debtors without those suppressed since they were decided."""
    return debtors.join(suppressed.debtors, on=["creditor_id", "debtor_id"], how="anti").join(
        suppressed.addresses,
        left_on=["creditor_id", "email"],
        right_on=["creditor_id", "address"],
        how="anti",
    )


def _list_facts(run: Run, creditor: str, facts: dict[str, Any]) -> ListFacts:
    settings = run.plan.settings
    stored = run.warehouse.run(run.plan.run_id)
    rate, low, high = facts["predicted"] or (0.0, 0.0, 0.0)
    counts = gated_debtors(run).filter(pl.col("creditor_id") == creditor)["decision"].value_counts()
    by_decision = dict(counts.iter_rows())
    return ListFacts(
        creditor_id=creditor,
        creditor_name=identity_of(settings, creditor).name,
        as_of=run.plan.as_of,
        expires_at=run.plan.as_of + dt.timedelta(hours=settings.publish.expires_hours),
        gate=GateState(facts["state"]),
        gate_reasons=tuple(facts["reasons"]),
        counts={word.value: by_decision.get(word.value, 0) for word in Decision},
        predicted_bounce=BounceForecast(rate, low, high) if facts["predicted"] else None,
        lots=_lots(facts["lots"]),
        exposure=Exposure(**facts["exposure"]),
        digests={
            **(stored.digests if stored else {}),
            "model": model_digest(run),
            "rules": digest_json(rules_version()),
            "suppression": suppression_digest(run),
        },
        lab_networks=settings.smtp.lab_networks,
        forced=Force(**facts["forced"]) if facts["forced"] else None,
    )


def _lots(facts: dict[str, Any] | None) -> Lots | None:
    return Lots(**{**facts, "messages": tuple(facts["messages"])}) if facts else None


def signing_key(settings: PublishSettings) -> bytes | None:
    """Return the secret in the file that `[publish] signing_key` names, or None without one."""
    path: Path | None = settings.signing_key
    return path.read_bytes().strip() if path else None
