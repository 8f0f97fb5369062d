"""How a run ended: a few lines for people, one object for machines, an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from checks.model import Decision, GateState
from flows.plan import RunPlan
from flows.run import Run
from flows.stages.gate import gated_debtors

DEGRADED = 5
GATE_CLOSED = 7
OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; counts and paths only."""

    run_id: str
    out: str
    rows: int
    accepted: int
    quarantined: int
    debtors: int
    decisions: Mapping[str, int]
    gates: Mapping[str, Any]
    lists: Mapping[str, Any]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]

    @property
    def exit_code(self) -> int:
        """0 done, 5 degraded, 7 where every list that had someone to send to is closed."""
        if self.warnings:
            return DEGRADED
        states = {facts["state"] for facts in self.gates.values() if facts["held"]}
        return GATE_CLOSED if states == {GateState.CLOSED.value} else 0


def outcome_of(run: Run) -> Outcome:
    """Return the outcome of a run whose stages are all done, and note it in the warehouse."""
    read = run.recall("read")
    decided = gated_debtors(run)["decision"]
    counts = dict(decided.value_counts().iter_rows())
    outcome = Outcome(
        run_id=run.plan.run_id,
        out=str(run.plan.out),
        rows=sum(each["rows"] for each in read["sources"]),
        accepted=sum(each["accepted"] for each in read["sources"]),
        quarantined=sum(each["quarantined"] for each in read["sources"]),
        debtors=decided.len(),
        decisions={word.value: counts.get(word.value, 0) for word in Decision},
        gates=run.recall("gate"),
        lists=run.recall("publish"),
        warnings=tuple(run.warnings),
        notes=tuple(run.notes),
        seconds={name: round(taken, 3) for name, taken in run.progress.seconds.items()},
    )
    run.remember(OUTCOME, asdict(outcome))
    state = "degraded" if outcome.warnings else "completed"
    run.warehouse.finish_run(run.plan.run_id, state, json.dumps(asdict(outcome), sort_keys=True))
    return outcome


def load_outcome(plan: RunPlan) -> Outcome:
    """Return the outcome that a finished run left in its folder."""
    facts = json.loads((plan.work / f"{OUTCOME}.json").read_text("utf-8"))
    facts["decisions"] = {word.value: facts["decisions"][word.value] for word in Decision}
    return Outcome(
        **{**facts, "warnings": tuple(facts["warnings"]), "notes": tuple(facts["notes"])},
    )


def print_outcome(outcome: Outcome, *, as_json: bool) -> int:
    """Print the outcome; return the exit code."""
    if as_json:
        print(json.dumps({**asdict(outcome), "exit_code": outcome.exit_code}, sort_keys=True))
    else:
        print("\n".join(outcome_lines(outcome)))
    return outcome.exit_code


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Yield the outcome as lines."""
    yield (
        f"{outcome.rows:,} rows: {outcome.accepted:,} accepted, {outcome.quarantined:,} "
        f"quarantined; {outcome.debtors:,} debtors"
    )
    yield "  ".join(f"{word} {count:,}" for word, count in outcome.decisions.items())
    for creditor, facts in sorted(outcome.gates.items()):
        yield f"list of {creditor}: {gate_line(facts)}"
    yield f"report, tables and lists: {outcome.out}"
    for creditor in sorted(outcome.lists):
        yield f"clean list: {outcome.lists[creditor]['folder']}"
    for note in outcome.notes:
        yield f"note: {note}"
    for warning in outcome.warnings:
        yield f"degraded: {warning}"


def gate_line(facts: Mapping[str, Any]) -> str:
    """Return a gate's result as one line.

    >>> gate_line({"state": "open", "reasons": ["canary"], "sent": 9, "held": 0, "lots": None,
    ...            "predicted": [0.01, 0.0, 0.02], "exposure": {"noticed": 0}})
    'gate open (canary), 9 to send, 0 held, hard bounces 1.0 % (0.0 to 2.0 %)'
    """
    why = f" ({', '.join(facts['reasons'])})" if facts["reasons"] else ""
    line = f"gate {facts['state']}{why}, {facts['sent']:,} to send, {facts['held']:,} held"
    if facts["lots"]:
        line += f", {len(facts['lots']['messages'])} lots"
    if facts["predicted"]:
        rate, low, high = (100 * share for share in facts["predicted"])
        line += f", hard bounces {rate:.1f} % ({low:.1f} to {high:.1f} %)"
    if noticed := facts["exposure"]["noticed"]:
        line += f", {noticed:,} notices for exposure"
    return line


def outcome_markdown(outcome: Outcome) -> str:
    """Return the outcome for a scheduler's page: totals, no row."""
    rows = "\n".join(f"| {word} | {count:,} |" for word, count in outcome.decisions.items())
    gates = "\n".join(
        f"- {creditor}: {gate_line(facts)}" for creditor, facts in sorted(outcome.gates.items())
    )
    warnings = "\n".join(f"- **degraded**: {warning}" for warning in outcome.warnings)
    return (
        f"# {outcome.run_id}\n\n| decision | debtors |\n|---|---|\n{rows}\n\n{gates}\n{warnings}\n"
    )
