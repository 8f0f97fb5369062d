"""`entrega learn`: the score model fitted to what became of the messages sent."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checks.score import Learning
from data.reference.score import save_score_model, score_model_digest
from data.warehouse import open_warehouse
from flows.learning import learn_from_events
from flows.plan import existing_warehouse, learnt_model_file
from flows.run import WAIT_SECONDS, utc_now


def run_learn(warehouse: Path | None, out: Path | None, *, wait: bool, as_json: bool) -> int:
    """Fit, say how well it foretells events held out, and write the model unless it is worse."""
    path = existing_warehouse(warehouse)
    with open_warehouse(path, now=utc_now, wait=WAIT_SECONDS if wait else None) as opened:
        learning = learn_from_events(opened, path)
    file = out or learnt_model_file(path)
    written = not learning.held_out.is_worse
    if written:
        save_score_model(learning.model, file)
    facts = _facts(learning, file, written=written)
    print(json.dumps(facts, sort_keys=True) if as_json else "\n".join(_lines(learning, facts)))
    return 0


def _facts(learning: Learning, file: Path, *, written: bool) -> dict[str, Any]:
    return {
        "version": learning.model.version,
        "messages": learning.messages,
        "answers": learning.answers,
        "held_out": asdict(learning.held_out),
        "file": str(file),
        "written": written,
        "sha256": score_model_digest(file) if written else None,
    }


def _lines(learning: Learning, facts: dict[str, Any]) -> list[str]:
    held = learning.held_out
    owners = f", {learning.answers:,} answers of owners and strangers" if learning.answers else ""
    lines = [
        f"{learning.messages:,} messages whose end is known{owners}",
        f"held out: {held.messages:,} messages that the fit did not see",
        f"{'Brier score':<14}{'before':>9}{'after':>9}   (0 is perfect)",
        f"{'held out':<14}{held.before:>9.5f}{held.after:>9.5f}",
    ]
    if facts["written"]:
        return [*lines, f"model {facts['version']}: {facts['file']}"]
    return [*lines, "worse than before by more than chance: nothing is written"]
