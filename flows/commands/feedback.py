"""`entrega feedback`: what happened after sending, taken in once however often it is given."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from checks.errors import InputRefusedError
from flows.feedback import FeedbackRequest, Taken, take_events


def run_feedback(
    paths: list[Path],
    mapping: Path | None,
    config: Path | None,
    warehouse: Path | None,
    *,
    wait: bool,
    as_json: bool,
) -> int:
    """Take event files and folders in; print how many events and suppressions are new."""
    request = FeedbackRequest(tuple(paths), mapping, config, warehouse, wait=wait)
    taken = take_events(request)
    if as_json:
        print(json.dumps(asdict(taken), sort_keys=True))
    else:
        _print_lines(taken)
    return InputRefusedError.exit_code if any(each.problem for each in taken.files) else 0


def _print_lines(taken: Taken) -> None:
    for each in taken.files:
        if each.problem:
            print(f"entrega: {each.problem}", file=sys.stderr)
            continue
        print(
            f"{each.file}: {each.events:,} events, {each.new:,} new, {each.refused:,} rows refused"
        )
        for reason, rows in sorted(each.reasons.items()):
            print(f"  {rows:,} {reason}")
    print(f"{taken.new_suppressions:,} new suppressions")
