"""A run as a paragraph: read, check, match, enrich, score, decide, gate, report, publish."""

from __future__ import annotations

from collections.abc import Callable

from flows.run import Run
from flows.stages.decide import decide
from flows.stages.domains import check_domains
from flows.stages.enrich import enrich
from flows.stages.gate import gate
from flows.stages.mailboxes import check_mailboxes
from flows.stages.match import match
from flows.stages.publish import publish
from flows.stages.read import read
from flows.stages.report import report
from flows.stages.score import score
from flows.stages.syntax import check_syntax

Stage = Callable[[Run], None]
Caller = Callable[[Stage, Run], None]

STAGES: tuple[Stage, ...] = (
    read,
    check_syntax,
    match,
    enrich,
    check_domains,
    check_mailboxes,
    score,
    decide,
    gate,
    report,
    publish,
)


def pipeline(run: Run, call: Caller) -> None:
    """Do what is left of the run; `call` decides how a stage is called."""
    for stage in STAGES:
        name = stage.__name__
        if name in run.done:
            run.progress.skip(name)
            continue
        with run.progress.stage(name):
            call(stage, run)


def directly(stage: Stage, run: Run) -> None:
    """Call a stage as the plain function it is."""
    stage(run)
