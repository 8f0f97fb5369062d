"""`entrega init`: look at a file, write down what was found."""

from __future__ import annotations

from pathlib import Path

from checks.errors import SettingError
from data.intake import look, render_config
from flows.configuration import DEFAULT_FILE


def run_init(input_: Path, config: Path | None, *, force: bool) -> int:
    """Print columns, roles and first rows of a file; write a commented configuration."""
    target = config or DEFAULT_FILE
    proposal = look(input_)
    if target.exists() and not force:
        problem = f"'{target}' is there already"
        raise SettingError(problem, "name another with -c, or replace it with --force")
    print(proposal.shown())
    target.write_text(render_config(proposal), "utf-8")
    print(f"\nwritten: {target}; fill in [creditor] and [legal], then: entrega run {input_}")
    return 0
