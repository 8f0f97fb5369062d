"""Whether each mailbox exists, as far as servers may be asked."""

from __future__ import annotations

from flows.run import Run


def check_mailboxes(run: Run) -> None:
    """Ask nobody yet: every mailbox is `not_asked_smtp_off`."""
    run.commit("check_mailboxes", {})
