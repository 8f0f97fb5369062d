"""`entrega answers`: what others were told, taken in as evidence with its time and source."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from data.verifiers.reading import Told
from data.warehouse import open_warehouse
from flows.away import is_away_answers, take_away_answers
from flows.plan import DEFAULT_WAREHOUSE
from flows.run import WAIT_SECONDS, utc_now
from flows.verifiers import TakenClaims, take_claims


@dataclass(frozen=True, slots=True)
class AnswersRequest:
    """A file of answers, and what it does not say itself."""

    path: Path
    source: str
    day: dt.date | None
    mapping: Path | None
    warehouse: Path | None
    wait: bool


def run_answers(request: AnswersRequest, *, as_json: bool) -> int:
    """Take a file in: answers of `entrega probe` for their run, else a verifier's verdicts."""
    warehouse = (request.warehouse or DEFAULT_WAREHOUSE).absolute()
    if is_away_answers(request.path):
        run_id, count = take_away_answers(request.path, warehouse)
        facts = {"run_id": run_id, "addresses": count}
        line = f"{count:,} addresses answered; go on with: entrega run --resume {run_id}"
    else:
        wait = WAIT_SECONDS if request.wait else None
        told = Told(request.source, request.day)
        with open_warehouse(warehouse, now=utc_now, wait=wait) as opened:
            taken = take_claims(opened, request.path, request.mapping, told, now=utc_now())
        facts, line = asdict(taken), _line(taken)
    print(json.dumps(facts, sort_keys=True) if as_json else line)
    return 0


def _line(taken: TakenClaims) -> str:
    known = ", taken in before" if taken.is_known else ""
    refused = "".join(f"\n  {rows:,} rows refused: {why}" for why, rows in taken.refused.items())
    return f"{taken.source}: {taken.addresses:,} addresses{known}{refused}"
