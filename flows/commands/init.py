"""`entrega init`: look at a file, write down what was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from checks.errors import SettingError
from data.intake import Proposal, look, render_config
from flows.settings import DEFAULT_FILE


def run_init(input_: Path, config: Path | None, *, force: bool) -> int:
    """Print columns, roles and first rows of a file; write a commented configuration."""
    target = config or DEFAULT_FILE
    if target.exists() and not force:
        problem = f"'{target}' is there already"
        raise SettingError(problem, "name another with -c, or replace it with --force")
    proposal = look(input_)
    print("\n".join(shown_lines(proposal)))
    target.write_text(render_config(proposal), "utf-8")
    print(f"\nwritten: {target}; fill in [creditor] and [legal], then: entrega run {input_}")
    return 0


def shown_lines(proposal: Proposal) -> Iterator[str]:
    """Yield what was found, for the terminal of the person who gave the file."""
    yield f"{proposal.source}: {proposal.format}, {proposal.encoding}, country {proposal.country}"
    for place, name in enumerate(proposal.header):
        yield f"  {name[:40]:<40} {proposal.role_of(place) or '(dropped)'}"
    yield "first rows as they will be read:"
    for row in proposal.parsed.iter_rows(named=True):
        told = {role: value for role, value in row.items() if value not in (None, "", [])}
        yield "  " + ", ".join(f"{role}: {_text(value)}" for role, value in told.items())


def _text(value: object) -> str:
    """Return a cell as one bounded line without control characters."""
    shown = " | ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(char if char.isprintable() else " " for char in shown[:80])
