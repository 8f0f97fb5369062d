"""Better addresses for debtors, proposed from what their own creditor holds."""

from __future__ import annotations

from checks.enrich import propose_contacts
from flows.run import Run
from flows.stages.syntax import check_texts


def enrich(run: Run) -> None:
    """Add proposals to the contacts, and the shape of those not seen before."""
    known = run.read("syntax")
    proposed = propose_contacts(
        run.read("debtors"),
        run.read("found_contacts"),
        known,
        run.read("clusters"),
    )
    texts = proposed["email_raw"]
    fresh = texts.filter(~texts.is_in(known["email_raw"].implode()))
    run.commit(
        "enrich",
        {"found_contacts": proposed, "syntax": check_texts(run, fresh, "enrich")},
    )
