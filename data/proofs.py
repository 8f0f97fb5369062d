"""Invoice by invoice: verified when and how, sent, delivered, opened, clicked, paid.

What was known when a list was published is kept beside its messages, so that the proof outlives
the run's own tables (rule L19: verdicts 180 days, events and manifests five years).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from checks.frames import MOMENT, MONEY, shaped
from data.feedback.events import EVENTS
from data.relations import Relations, Statement

PROOFS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "list_id": pl.String(),
        "message_key": pl.String(),
        "debtor_id": pl.String(),
        "invoice_id": pl.String(),
        "amount": MONEY,
        "currency": pl.String(),
        "due_date": pl.Date(),
        "verified_at": MOMENT,  # null: its mailbox was never asked about
        "verdict": pl.String(),
        "reason": pl.String(),
        "score": pl.Float64(),
        "score_basis": pl.String(),
        "mx_host": pl.String(),
        "smtp_code": pl.Int64(),
        "smtp_enhanced": pl.String(),
    },
)
"""One row per invoice of a message, as it stood when the list was published."""

_STEPS: Final = {
    "sent_at": ("sent",),
    "delivered_at": ("delivered",),
    "opened_at": ("opened",),
    "machine_opened_at": ("machine_opened",),
    "downloaded_at": ("downloaded",),
    "clicked_at": ("clicked",),
    "replied_at": ("replied",),
    "paid_at": ("paid",),
    "bounced_at": ("bounced", "blocked"),
    "complained_at": ("complained", "unsubscribed"),
}
"""Columns of the ledger, each the first of these events; an opening by a machine is no reading."""

LEDGER: Final = pl.Schema(
    {
        **{name: dtype for name, dtype in PROOFS.items() if name != "creditor_id"},
        "email": pl.String(),  # null: erased since
        "published_at": MOMENT,
        **dict.fromkeys(_STEPS, MOMENT),
        "last_code": pl.Int64(),  # of the newest delivery event that tells one
    },
)
"""One row per invoice and message of one creditor."""


class ProofBook:
    """Proofs and the ledger made of them, in a database."""

    def __init__(self, relations: Relations) -> None:
        """Take the database."""
        self._relations = relations

    def keep_proofs(self, creditor_id: str, list_id: str, proofs: pl.DataFrame) -> None:
        """Keep PROOFS of one list; keeping them again changes nothing."""
        values = (creditor_id, list_id)
        delete = "DELETE FROM proofs WHERE creditor_id = ? AND list_id = ?"
        insert = "INSERT INTO proofs BY NAME SELECT * FROM incoming"
        frames = {"incoming": shaped(proofs, PROOFS)}
        self._relations.transact([Statement(delete, values), Statement(insert, (), frames)])

    def invoice_ledger(self, creditor_id: str, invoice_id: str | None = None) -> pl.DataFrame:
        """Return LEDGER of a creditor, of one invoice where it is named, sorted.

        Events count where they name the message; one that names an address alone may be about
        another message to it and proves nothing here.
        """
        sql = (
            "SELECT p.*, m.address AS email, l.registered_at AS published_at FROM proofs p"
            " LEFT JOIN messages m USING (creditor_id, list_id, message_key)"
            " LEFT JOIN lists l USING (creditor_id, list_id)"
            " WHERE p.creditor_id = ? AND (? IS NULL OR p.invoice_id = ?)"
        )
        rows = self._relations.query(sql, (creditor_id, invoice_id, invoice_id))
        events = self._relations.query(
            "SELECT * FROM events SEMI JOIN keys USING (message_key) WHERE creditor_id = ?",
            (creditor_id,),
            {"keys": rows.select("message_key").unique()},
        )
        told = _steps(shaped(events, EVENTS))
        ledger = rows.join(told, on="message_key", how="left")
        return shaped(ledger, LEDGER).sort("invoice_id", "published_at", "message_key")


def proofs_of(
    recipients: pl.DataFrame, invoices: pl.DataFrame, contacts: pl.DataFrame
) -> pl.DataFrame:
    """Return PROOFS of a list's RECIPIENTS, from the run's INVOICES and CONTACTS."""
    key = ["creditor_id", "debtor_id"]
    asked = contacts.sort(*key, "email", "email_raw").unique(
        [*key, "email"], keep="first", maintain_order=True
    )
    evidence = asked.select(
        *key,
        "email",
        "verdict",
        "reason",
        "score_basis",
        "mx_host",
        "smtp_code",
        "smtp_enhanced",
        verified_at="checked_at",
    )
    billed = invoices.select(*key, "invoice_id", "amount", "currency", "due_date")
    return shaped(
        recipients.select(*key, "list_id", "message_key", "email", "score", "invoice_ids")
        .explode("invoice_ids", empty_as_null=False)
        .rename({"invoice_ids": "invoice_id"})
        .join(billed, on=[*key, "invoice_id"], how="left")
        .join(evidence, on=[*key, "email"], how="left"),
        PROOFS,
    ).sort("message_key", "invoice_id")


def _steps(events: pl.DataFrame) -> pl.DataFrame:
    moment = pl.col("occurred_at")
    coded = pl.col("smtp_code").is_not_null()
    return events.group_by("message_key").agg(
        *(
            moment.filter(pl.col("event").is_in(words)).min().alias(name)
            for name, words in _STEPS.items()
        ),
        last_code=pl.col("smtp_code").filter(coded).sort_by(moment.filter(coded)).last(),
    )
