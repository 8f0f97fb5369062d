"""Measure the reply rules on labelled bounces: `python benchmarks/replies.py FILE.csv`.

The file has the columns class (nonexistent, disabled, full, policy, temp) and reply; only the
reply is read by the judge. Prints recall of nonexistent mailboxes and how many replies about us
or about a passing state were taken for a condemnation.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import polars as pl

from checks.mailbox.judge import judge_recipient
from checks.mailbox.reply import reply_of_diagnostic
from checks.model import VERDICT_OF, Reason, Verdict
from data.reference.smtp_replies import load_reply_rules

INNOCENT = ("policy", "temp", "full")


def main(path: Path) -> None:
    """Print the measures and a table of class against reason."""
    rules, seen = load_reply_rules(), Counter[tuple[str, Reason | None]]()
    for label, text in pl.read_csv(path).select("class", "reply").iter_rows():
        reply = reply_of_diagnostic(text)
        ruling = None if reply is None else judge_recipient(reply, "other", rules)
        seen[label, None if ruling is None else ruling.reason] += 1
    missing = sum(n for (label, _), n in seen.items() if label == "nonexistent")
    found = sum(n for (label, r), n in seen.items() if label == "nonexistent" and _condemns(r))
    innocent = sum(n for (label, _), n in seen.items() if label in INNOCENT)
    wronged = sum(n for (label, r), n in seen.items() if label in INNOCENT and _condemns(r))
    print(f"nonexistent called undeliverable: {found}/{missing}")
    full = sum(n for (label, _), n in seen.items() if label == "full")
    print(f"policy, temp and full called undeliverable: {wronged}/{innocent}")
    print(f"full called full: {seen['full', Reason.MAILBOX_FULL]}/{full}")
    for (label, reason), count in sorted(seen.items(), key=str):
        print(f"{label:12} {reason or 'no reply':22} {count:4}")


def _condemns(reason: Reason | None) -> bool:
    return reason is not None and VERDICT_OF[reason] is Verdict.UNDELIVERABLE


if __name__ == "__main__":
    main(Path(sys.argv[1]))
