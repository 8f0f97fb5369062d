"""A lab of hundreds of servers, a fifth of them hostile: no wrong verdict, no limit broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.parametrize("kills", [0, 4])
def test_the_prober_is_right_and_polite(kills: int) -> None:
    command = [sys.executable, "benchmarks/lab.py", "--hosts", "500", "--each", "20"]
    command += ["--kills", str(kills), "--kill-after", "5"]
    told = subprocess.run(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
