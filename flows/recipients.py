"""From decided debtors to the rows that a dispatch system sends."""

from __future__ import annotations

import datetime as dt

import polars as pl

from checks.frames import RECIPIENTS, RECIPIENTS_NEUTRAL
from checks.identity import contact_hours
from checks.model import Decision
from data.reference.contact_hours import load_contact_hours

KEY = ["creditor_id", "debtor_id"]


def recipients(
    *,
    debtors: pl.DataFrame,
    contacts: pl.DataFrame,
    invoices: pl.DataFrame,
    records: pl.DataFrame,
    lots: pl.DataFrame,
    as_of: dt.datetime,
    language: str,
) -> pl.DataFrame:
    """Return RECIPIENTS without their names (list id, message key): one row per `send`.

    `debtors` is DECIDED_DEBTORS, `records` is DEBTORS, `lots` has `creditor_id, debtor_id, lot`;
    `language` stands in where a debtor has none. Only invoices still open are named; `as_of` gives
    the days overdue.
    """
    owed = invoices.group_by(KEY).agg(
        pl.col("invoice_id").sort().alias("invoice_ids"),
        pl.col("due_date").min(),
    )
    rows = _rows(debtors, Decision.SEND, contacts, records, language)
    rows = rows.join(owed, on=KEY, how="left").join(lots, on=KEY, how="left")
    days = (pl.lit(as_of.date()) - pl.col("due_date")).dt.total_days()
    return rows.with_columns(
        pl.col("invoice_ids").fill_null([]),
        days.alias("days_overdue"),
    ).select(_columns(RECIPIENTS))


def neutral_recipients(
    *,
    debtors: pl.DataFrame,
    contacts: pl.DataFrame,
    records: pl.DataFrame,
    lots: pl.DataFrame,
    language: str,
) -> pl.DataFrame:
    """Return RECIPIENTS_NEUTRAL without their names: one row per `send_neutral`."""
    rows = _rows(debtors, Decision.SEND_NEUTRAL, contacts, records, language)
    return rows.join(lots, on=KEY, how="left").select(_columns(RECIPIENTS_NEUTRAL))


def _rows(
    debtors: pl.DataFrame,
    decision: Decision,
    contacts: pl.DataFrame,
    records: pl.DataFrame,
    language: str,
) -> pl.DataFrame:
    told = (
        contacts.drop_nulls("email")
        .sort(*KEY, "email", "email_raw")
        .unique([*KEY, "email"], keep="first", maintain_order=True)
        .select(
            *KEY,
            "email",
            # by the day, so that equal runs of a day give equal bytes
            pl.col("checked_at", "expires_at").dt.truncate("1d"),
            "confirmed_at",
        )
    )
    spoken = records.select(*KEY, "phone", "currency", pl.col("language").fill_null(language))
    reached = spoken.select(*KEY, "language").hstack(contact_hours(spoken, load_contact_hours()))
    return (
        debtors.filter(pl.col("decision") == decision.value)
        .join(told, on=[*KEY, "email"], how="left")
        .join(reached, on=KEY, how="left")
    )


def _columns(schema: pl.Schema) -> list[str]:
    named_later = {"schema_version", "list_id", "message_key"}
    return [name for name in schema if name not in named_later]
