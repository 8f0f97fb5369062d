"""`entrega answers`: what others were told, taken in as evidence with its time and source."""

from __future__ import annotations

import json
from pathlib import Path

from flows.away import take_away_answers
from flows.plan import DEFAULT_WAREHOUSE


def run_answers(path: Path, warehouse: Path | None, *, as_json: bool) -> int:
    """Take a file of `entrega probe` in; say which run goes on with it."""
    run_id, count = take_away_answers(path, (warehouse or DEFAULT_WAREHOUSE).absolute())
    if as_json:
        print(json.dumps({"run_id": run_id, "addresses": count}, sort_keys=True))
    else:
        print(f"{count:,} addresses answered; go on with: entrega run --resume {run_id}")
    return 0
