"""Having another host ask: what a run hands out, and what comes back to it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from checks.errors import InputRefusedError, InterruptedRunError
from checks.frames import FINDINGS, shaped
from checks.mailbox.settings import NIGHT, Memory
from data.away import (
    Handout,
    Past,
    copy_records,
    read_answers,
    read_handout,
    run_of,
    write_handout,
)
from data.away.handout import targets_of
from data.files import make_private_folder, replaced_file, write_private
from data.reference.version import rules_version
from flows.plan import RunPlan, load_plan
from flows.run import Run

JOURNAL = "probe.journal"
HANDOUT = "asked.shard"
FINDINGS_PART = "answered.parquet"
FIGURES = "answered.json"
_KEY_BYTES = 32


class AwayError(InterruptedRunError):
    """A run waits for another host to ask what is in its shard file."""

    def __init__(self, run_id: str, shard: Path, addresses: int) -> None:
        """Keep the facts for machines; say people what to do."""
        answers = shard.with_suffix(".answers").name
        super().__init__(
            f"run '{run_id}' waits for another host to ask {addresses:,} addresses",
            f"copy '{shard}' there and call: entrega probe {shard.name} --out {answers}; copy that "
            f"back and call: entrega answers {answers}; entrega run --resume {run_id}",
        )
        self.facts = {"run_id": run_id, "shard": str(shard), "addresses": addresses}


@dataclass(frozen=True, slots=True)
class Told:
    """What mail servers told: FINDINGS, figures, and why it is not all, if so."""

    findings: pl.DataFrame
    figures: Mapping[str, Any]
    degraded: str | None = None


def hand_out(run: Run, addresses: pl.DataFrame, memory: Memory) -> NoReturn:
    """Write the shard file beside the run's results and raise AwayError: answers are waited for.

    It is made once: a resumed run hands out the same file, for answers belong to one.
    """
    kept = run.folder("mailboxes") / HANDOUT
    if not kept.is_file():
        write_handout(kept, _handout(run, addresses, memory))
    shown = handout_file(run.plan.out, run.plan.run_id)
    make_private_folder(run.plan.out)
    write_private(shown, kept.read_bytes())
    raise AwayError(run.plan.run_id, shown, addresses.height)


def handout_file(out: Path, run_id: str) -> Path:
    """Return where a run leaves its shard file for people."""
    return out / f"{run_id}.shard"


def taken_in(run: Run) -> Told | None:
    """Return the answers that were taken in for a run; None before that."""
    folder = run.folder("mailboxes")
    figures = folder / FIGURES
    if not figures.is_file():
        return None
    told = json.loads(figures.read_text("utf-8"))
    findings = shaped(pl.read_parquet(folder / FINDINGS_PART), FINDINGS)
    return Told(findings, told["figures"], told["degraded"])


def forget_handout(plan: RunPlan) -> None:
    """Remove a run's shard file, whose addresses need not lie about any longer."""
    (plan.work / "mailboxes" / HANDOUT).unlink(missing_ok=True)
    handout_file(plan.out, plan.run_id).unlink(missing_ok=True)


def is_away_answers(path: Path) -> bool:
    """Whether a file is what `entrega probe` writes."""
    return path.is_file() and run_of(path) is not None


def take_away_answers(path: Path, warehouse: Path) -> tuple[str, int]:
    """Take a file of answers in for the run that waits for them; return its id and how many.

    Raises InputRefusedError where it is not what that run has asked for.
    """
    plan = load_plan(warehouse, run_of(path) or "")
    folder = plan.work / "mailboxes"
    if not (folder / HANDOUT).is_file():
        problem = f"run '{plan.run_id}' waits for no answers"
        raise InputRefusedError(problem, "see what runs there are with: entrega runs")
    handout, digest = read_handout(folder / HANDOUT)
    answers = read_answers(path, handout, digest)
    copy_records(folder / JOURNAL, answers.records)
    with replaced_file(folder / FINDINGS_PART) as aside:
        answers.findings.write_parquet(aside)
    facts = {"figures": answers.figures, "degraded": answers.degraded}
    write_private(
        folder / FIGURES, json.dumps(facts, sort_keys=True).encode()
    )  # last: all is there
    return plan.run_id, answers.findings.height


def _handout(run: Run, addresses: pl.DataFrame, memory: Memory) -> Handout:
    smtp, targets = run.plan.settings.smtp, targets_of(addresses)
    return Handout(
        run_id=run.plan.run_id,
        as_of=run.plan.day,
        rules=rules_version(),
        key=secrets.token_hex(_KEY_BYTES),
        seed=0,
        retry_after=tuple(smtp.retry_after),
        horizon=NIGHT,
        limits={
            name: limits.model_dump(exclude_none=True) for name, limits in smtp.providers.items()
        },
        past=Past.of(memory, targets),
        targets=targets,
    )
