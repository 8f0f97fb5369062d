"""Taking verdicts of verifiers and bureaus in: from an export to findings of the warehouse."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from checks.syntax import check_syntax
from data.files import sha256_of
from data.reference.syntax import load_syntax_reference
from data.verifiers import load_verifier_mapping, load_verifiers, read_claims
from data.verifiers.reading import Told
from data.warehouse import Warehouse
from flows.plan import new_run_id

TAKEN = "answers"
"""State of a run that only took claims in; its findings are the newest of later runs."""


@dataclass(frozen=True, slots=True)
class TakenClaims:
    """What a file brought: addresses with a claim, refused rows by reason, or nothing new."""

    source: str
    addresses: int
    refused: dict[str, int]
    is_known: bool = False


def take_claims(
    warehouse: Warehouse,
    path: Path,
    mapping: Path | None,
    told: Told,
    *,
    now: dt.datetime,
) -> TakenClaims:
    """Read an export and keep its claims; the same file again changes nothing."""
    table = load_verifier_mapping(mapping) if mapping else load_verifiers()
    normalise = partial(check_syntax, reference=load_syntax_reference(), trim=True)
    tool, findings, quarantine = read_claims(path, table, normalise, told, now=now)
    refused = dict(quarantine["reason"].value_counts().sort("reason").iter_rows())
    digests = {"answers": sha256_of(path), "source": tool}
    is_known = any(run.state == TAKEN and dict(run.digests) == digests for run in warehouse.runs())
    if not is_known and findings.height:
        run_id = new_run_id(now)
        warehouse.start_run(run_id, as_of=now, digests=digests)
        warehouse.commit(run_id, TAKEN, {"findings": findings})
        warehouse.finish_run(run_id, TAKEN, "{}")
    return TakenClaims(tool, findings.height, refused, is_known)
