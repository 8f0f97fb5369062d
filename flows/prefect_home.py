"""Prefect's settings, put into the environment before Prefect is imported."""

from __future__ import annotations

import os
from pathlib import Path

SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # an empty home migrates its SQLite file for half a minute on two cores (Prefect 3.8.8)
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    # errors reach the user once, as a sentence with its remedy, not as a log of a traceback
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}


def prepare_prefect(home: Path) -> None:
    """Set what is not set; `home` holds the temporary server's database."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ.setdefault("PREFECT_HOME", str(home.absolute()))
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
