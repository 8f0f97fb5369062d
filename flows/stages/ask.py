"""Asking the mail internet: domains, then mailboxes."""

from __future__ import annotations

from flows.run import Run


def check_domains(run: Run) -> None:
    """Ask nobody yet: domains stay as their names tell."""
    run.commit("check_domains", {})


def check_mailboxes(run: Run) -> None:
    """Ask nobody yet: every mailbox is `not_asked_smtp_off`."""
    run.commit("check_mailboxes", {})
