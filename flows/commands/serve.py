"""`entrega serve`: the nightly deployment, served from this machine."""

from __future__ import annotations

import os
from pathlib import Path

from checks.errors import SettingError
from flows.prefect_home import prepare_prefect


def run_serve(config: Path | None, inputs: list[Path]) -> int:
    """Serve the flow every night at three in Sao Paulo, one run at a time, until stopped."""
    if not os.environ.get("PREFECT_API_URL"):
        problem = "no Prefect server is configured: a schedule needs one that stays"
        raise SettingError(
            problem,
            "start one with: prefect server start, then set PREFECT_API_URL; "
            "or call `entrega run --local` from cron",
        )
    if not inputs:
        problem = "no input is named"
        raise SettingError(problem, "say: entrega serve debtors.csv -c entrega.toml")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")
    prepare_prefect(Path("var/prefect"))
    from prefect.schedules import Cron

    from flows.hygiene import hygiene

    hygiene.serve(
        name="nightly",
        schedule=Cron("0 3 * * *", timezone="America/Sao_Paulo"),
        parameters={
            "inputs": [str(path.absolute()) for path in inputs],
            "config": str(config.absolute()) if config else None,
        },
        limit=1,
    )
    return 0
