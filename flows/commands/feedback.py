"""`entrega feedback`: what happened after sending, taken in once however often it is given."""

from __future__ import annotations

import json
from pathlib import Path

from data.feedback import read_events, suppressions_from
from data.warehouse import open_warehouse
from flows.plan import DEFAULT_WAREHOUSE
from flows.run import WAIT_SECONDS, utc_now
from flows.settings import load_settings


def run_feedback(
    files: list[Path],
    config: Path | None,
    warehouse: Path | None,
    *,
    wait: bool,
    as_json: bool,
) -> int:
    """Read event files into the warehouse; print how many events and suppressions are new."""
    load_settings(config)
    path = (warehouse or DEFAULT_WAREHOUSE).absolute()
    with open_warehouse(path, now=utc_now, wait=WAIT_SECONDS if wait else None) as opened:
        told = []
        for file in files:
            events, refused = read_events(file, opened.messages(), opened.hash_key, now=utc_now())
            told.append(
                {
                    "file": file.name,
                    "events": events.height,
                    "new": opened.merge_events(events),
                    "refused": refused.height,
                },
            )
        silenced = opened.renew_suppressions(suppressions_from(opened.events(), opened.hash_key))
    if as_json:
        print(json.dumps({"files": told, "new_suppressions": silenced}, sort_keys=True))
        return 0
    for each in told:
        print(
            f"{each['file']}: {each['events']:,} events, {each['new']:,} new, "
            f"{each['refused']:,} rows refused"
        )
    print(f"{silenced:,} new suppressions")
    return 0
