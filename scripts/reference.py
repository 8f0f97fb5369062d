"""Write docs/reference from the code, or with --check say where it is out of date."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from checks.model import VERDICT_OF, Decision, DecisionReason, Verdict
from checks.score import VERDICT_RULES, DecisionPolicy, DecisionRule, decision_rules
from checks.score.verdicts import VerdictRule
from flows.cli import app
from flows.commands.config import default_settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
HEAD = "<!-- written by `make docs`; edit the code instead -->\n"


def settings_page() -> str:
    """Return every setting, its default and its meaning."""
    rows = [f"| `{item.key}` | `{item.value}` | {item.meaning} |" for item in default_settings()]
    table = ["| setting | default | meaning |", "|---|---|---|", *rows]
    return "\n".join(["# Settings", HEAD, *table, ""])


def words_page() -> str:
    """Return every verdict with its reasons, every decision, every decision reason."""
    return "\n".join(["# Words", HEAD, *_word_lines(), ""])


def _word_lines() -> Iterator[str]:
    for verdict in Verdict:
        reasons = [f"`{reason}`" for reason, of in VERDICT_OF.items() if of is verdict]
        yield f"- **{verdict}**: {', '.join(reasons)}"
    yield "\nDecisions: " + ", ".join(f"`{word}`" for word in Decision)
    yield "\nDecision reasons: " + ", ".join(f"`{word}`" for word in DecisionReason)


def rules_page() -> str:
    """Return the rules that decide, in the order in which they are tried."""
    rows = [
        f"| {place} | {rule.rule} | {rule.sentence} | `{rule.decision}` | {_reason(rule)} |"
        for place, rule in enumerate(decision_rules(DecisionPolicy()), start=1)
    ]
    verdicts = [f"| {rule.number} | {_words_of(rule)} |" for rule in VERDICT_RULES]
    return "\n".join(
        [
            "# Rules",
            HEAD,
            "The first rule that holds decides. A debtor gets the decision of its best contact, or",
            "`other_channel`; the gate may then hold what it decided to send. After all rules a",
            "person may decide (L22, `entrega override`): that is `overridden`, and nobody is",
            "written to against L12, L13, L15 or L16.",
            "",
            "| | rule | because | decision | decision reason |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Verdicts, before any decision, in the same way:",
            "",
            "| | reason |",
            "|---|---|",
            *verdicts,
            "",
        ],
    )


def _reason(rule: DecisionRule) -> str:
    return f"`{rule.reason}`" if isinstance(rule.reason, str) else "as suppressed"


def _words_of(rule: VerdictRule) -> str:
    found = str(rule.reason)
    return f"`{found.strip(chr(34))}`" if "col" not in found else "as the check says"


def commands_page() -> str:
    """Return the help of every command."""
    parts = ["# Commands", HEAD]
    commands = sorted(name for name in app if not name.startswith("-"))
    for command in ("", *commands):
        title = f"entrega {command}".strip()
        parts += [f"## {title}", "```text", _help(command), "```", ""]
    return "\n".join(parts)


def _help(command: str) -> str:
    words = [sys.executable, "-m", "flows.cli", *([command] if command else []), "--help"]
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    done = subprocess.run(  # noqa: S603  our own command line
        words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def main() -> int:
    """Write the pages, or compare them."""
    os.environ.pop("ENTREGA_CONFIG", None)
    pages = {
        "settings.md": settings_page(),
        "words.md": words_page(),
        "rules.md": rules_page(),
        "commands.md": commands_page(),
    }
    if "--check" in sys.argv:
        stale = [
            name
            for name, text in pages.items()
            if not (FOLDER / name).is_file() or (FOLDER / name).read_text("utf-8") != text
        ]
        for name in stale:
            print(f"docs/reference/{name} is out of date; run: make docs")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
