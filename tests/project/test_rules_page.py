"""Every rule L01 to L26 has its place and a test that names it, as docs/rules.md says."""

from __future__ import annotations

import re

import pytest

from tests.flows.calls import ROOT

ROWS = {
    cells[1]: (cells[3], cells[4])
    for line in (ROOT / "docs" / "rules.md").read_text("utf-8").splitlines()
    if len(cells := [cell.strip() for cell in line.split("|")]) == 6 and cells[1].startswith("L")
}


def test_the_page_lists_every_rule() -> None:
    assert list(ROWS) == [f"L{number:02}" for number in range(1, 27)]


@pytest.mark.parametrize("rule", ROWS)
def test_a_rule_is_kept_somewhere_and_named_by_a_test(rule: str) -> None:
    kept, proved = ROWS[rule]
    assert (ROOT / kept.strip("`")).is_file()
    named = re.findall(r"`(tests/[^`:]+)(?:::(\w+))?`", proved)
    assert named
    for path, test in named:
        text = (ROOT / path).read_text("utf-8")
        if test:
            assert f"def {test}(" in text
            assert f"_{rule.lower()}_" in test
        else:
            # a table of cases, each beginning with its rule
            assert re.search(rf"[\"']{rule}\b", text, re.IGNORECASE), (path, rule)
