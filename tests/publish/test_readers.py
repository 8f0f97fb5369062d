"""Readers while lists are published, and publishers killed on the way: whole lists, always."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from data.publish import verify_list

ROOT: Final = Path(__file__).parents[2]
AS_OF: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PUBLISHER: Final = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import polars as pl
from checks.frames import RECIPIENTS, RECIPIENTS_NEUTRAL, empty
from checks.model import GateState
from data.publish import ListFacts, name_list, publish_list
as_of = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
facts = ListFacts("c", as_of, as_of + timedelta(days=1), GateState.OPEN)
number = 0
while True:
    number += 1
    known = {"creditor_id": "c", "debtor_id": "d", "email": "a@x.test", "name": str(number % 5)}
    rows = pl.DataFrame({name: [known.get(name)] for name in RECIPIENTS}, schema=RECIPIENTS)
    clean = name_list(facts, rows, empty(RECIPIENTS_NEUTRAL))
    publish_list(Path(sys.argv[1]), clean, number=number)
    print(number, flush=True)
"""


def test_no_reader_meets_half_a_list_though_publishers_are_killed(tmp_path: Path) -> None:
    creditor = tmp_path / "clean" / "c"
    answers = set()
    seen = 0
    for lifetime in (0.23, 0.37, 0.41, 0.59):  # seconds until the kill
        command = [sys.executable, "-c", PUBLISHER, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as publisher:
            assert publisher.stdout is not None
            assert publisher.stdout.readline()
            end = time.monotonic() + lifetime
            while time.monotonic() < end:
                answer = verify_list(creditor, AS_OF)
                answers.add((answer.state.value, answer.problems))
            publisher.kill()
        answer = verify_list(creditor, AS_OF)
        answers.add((answer.state.value, answer.problems))
        assert answer.manifest is not None
        assert answer.manifest.list_number > seen
        seen = answer.manifest.list_number
    assert answers == {("open", ())}
