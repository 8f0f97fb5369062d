"""The tables that pass between rooms: one schema each, columns in order.

Every frame is a `polars.DataFrame` with exactly these columns. Text is `String`, moments are
UTC microseconds, days are `Date`, money is `Decimal(18, 2)`. A column may be null only where
its comment says so.
"""

from __future__ import annotations

from typing import Final

import polars as pl

MOMENT: Final = pl.Datetime("us", "UTC")
MONEY: Final = pl.Decimal(18, 2)

RECORDS: Final = pl.Schema(
    {
        "source": pl.String(),  # file name without folders
        "line": pl.Int64(),  # data row in the source, from 1
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "kind": pl.String(),  # DebtorKind
        "name": pl.String(),  # null: not given
        "tax_id": pl.String(),  # normalised; null unless valid
        "tax_id_flag": pl.String(),  # valid | invalid | missing (placeholders count as missing)
        "phone": pl.String(),  # E.164; null: none or unusable
        "language": pl.String(),  # pt-BR | es-MX | en; null: the creditor's
    },
)
"""One row per accepted input row."""

FOUND_CONTACTS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "email_raw": pl.String(),  # one address, exactly as it stood in its cell
        "origin": pl.String(),  # file | cluster | repair | ... where this contact was found
        "source": pl.String(),  # debtor | creditor | agency | bureau | register | unknown
        "source_date": pl.Date(),  # null: not given
        "legal_basis": pl.String(),  # null: not given
        "confirmed_at": MOMENT,  # null: never confirmed by click, reply or login
    },
)
"""One row per address found on a debtor; distinct per (creditor_id, debtor_id, email_raw)."""

INVOICES: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "invoice_id": pl.String(),
        "amount": MONEY,  # null: unreadable
        "currency": pl.String(),  # ISO 4217
        "due_date": pl.Date(),  # null: not given
    },
)
"""One row per amount owed; distinct per (creditor_id, debtor_id, invoice_id)."""

QUARANTINE: Final = pl.Schema(
    {
        "source": pl.String(),
        "line": pl.Int64(),
        "reason": pl.String(),  # a machine word of data/intake
        "detail": pl.String(),  # column or position, never a value of the row
    },
)
"""One row per input row that could not be used."""

DEBTORS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "kind": pl.String(),
        "name": pl.String(),  # null: not given
        "tax_id": pl.String(),  # null unless valid
        "tax_id_flag": pl.String(),
        "phone": pl.String(),  # null: none
        "language": pl.String(),  # null: the creditor's
        "invoices": pl.Int64(),
        "amount": MONEY,  # null: no invoice with a readable amount
        "currency": pl.String(),  # null: no invoice
        "due_date": pl.Date(),  # the oldest; null: none given
    },
)
"""One row per debtor: its records folded together."""

SYNTAX: Final = pl.Schema(
    {
        "email_raw": pl.String(),
        "address": pl.String(),  # normalised; where the shape is impossible, the raw text trimmed
        "domain": pl.String(),  # ASCII (A-label) lower case; null: the shape is impossible
        "verdict": pl.String(),  # undeliverable | risky; null: nothing against it
        "reason": pl.String(),  # null where verdict is
        "is_role": pl.Boolean(),
        "is_free": pl.Boolean(),
        "is_disposable": pl.Boolean(),
        "suggestion": pl.String(),  # a repaired address to propose; null: none
    },
)
"""One row per distinct `email_raw`."""

DOMAINS: Final = pl.Schema(
    {
        "domain": pl.String(),
        "verdict": pl.String(),  # undeliverable | unknown; null: takes mail
        "reason": pl.String(),  # null where verdict is
        "provider": pl.String(),  # name in data/reference/providers.toml; "other"
        "mx_hosts": pl.List(pl.String()),  # by preference, then name; empty: none known
        "mx_addresses": pl.List(pl.String()),  # guarded addresses to connect to, in order
        "evidence": pl.String(),  # JSON object
        "checked_at": MOMENT,
        "expires_at": MOMENT,
    },
)
"""One row per distinct domain."""

FINDINGS: Final = pl.Schema(
    {
        "address": pl.String(),
        "check": pl.String(),  # syntax | domain | mailbox | verifier | history
        "verdict": pl.String(),
        "reason": pl.String(),
        "evidence": pl.String(),  # JSON: mx_host, smtp_code, smtp_enhanced, smtp_text where asked
        "checked_at": MOMENT,
    },
)
"""One row per address and check that has something to say."""

HISTORY: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "address": pl.String(),
        "delivered": pl.Int64(),
        "soft_bounces": pl.Int64(),
        "hard_bounces": pl.Int64(),
        "last_delivered_at": MOMENT,  # null: never
        "last_soft_at": MOMENT,  # null: never
        "last_hard_at": MOMENT,  # null: never
        "confirmed_at": MOMENT,  # last human click, download, reply or login; null: never
    },
)
"""What delivery events say of an address, one row per creditor and address."""

SUPPRESSIONS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),  # "*": every creditor of this installation
        "subject": pl.String(),  # address | debtor | invoice
        "key": pl.String(),  # keyed hash of the address; debtor or invoice id in clear
        "reason": pl.String(),  # a suppress_* DecisionReason
        "since": MOMENT,
        "until": MOMENT,  # null: for ever
        "source": pl.String(),
    },
)
"""Who must not be written to."""

CLUSTERS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "cluster_id": pl.String(),
        "link": pl.String(),  # what told it: single | tax_id | name | email | phone | decision
    },
)
"""One row per debtor; debtors of one cluster are one person or company."""

CONTACTS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "email_raw": pl.String(),
        "email": pl.String(),  # null: impossible shape
        "verdict": pl.String(),
        "reason": pl.String(),
        "score": pl.Float64(),
        "score_basis": pl.String(),
        "ownership": pl.Float64(),
        "decision": pl.String(),
        "decision_reason": pl.String(),
        "provider": pl.String(),
        "mx_host": pl.String(),  # null: not asked
        "smtp_code": pl.Int64(),  # null: not asked
        "smtp_enhanced": pl.String(),
        "smtp_text": pl.String(),
        "is_role": pl.Boolean(),
        "is_free": pl.Boolean(),
        "is_disposable": pl.Boolean(),
        "is_catch_all": pl.Boolean(),
        "suggestion": pl.String(),
        "origin": pl.String(),
        "source": pl.String(),
        "source_date": pl.Date(),
        "legal_basis": pl.String(),
        "checked_at": MOMENT,
        "expires_at": MOMENT,
        "confirmed_at": MOMENT,
    },
)
"""One row per contact, as published in contacts.parquet."""

STEPS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),  # "" for deliverability, which belongs to the address
        "address": pl.String(),
        "score": pl.String(),  # deliverability | ownership
        "position": pl.Int64(),  # from 0: the prior
        "step": pl.String(),  # a machine word
        "log_odds": pl.Float64(),  # what the step adds; their sum's logistic is the score
    },
)
"""How each score came about, to be drawn as a waterfall."""

DECIDED_DEBTORS: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "cluster_id": pl.String(),
        "kind": pl.String(),
        "name": pl.String(),
        "decision": pl.String(),
        "decision_reason": pl.String(),
        "email": pl.String(),  # the chosen contact's; null: other_channel
        "score": pl.Float64(),  # null: no contact
        "ownership": pl.Float64(),  # null: no contact
        "backups": pl.List(pl.String()),  # at most two further addresses, best first
        "other_channel": pl.String(),  # whatsapp | sms | voice | letter; null: e-mail works
        "phone": pl.String(),
        "invoices": pl.Int64(),
        "amount": MONEY,
        "currency": pl.String(),
        "days_overdue": pl.Int64(),  # of the oldest invoice, at as_of; null: no due date
    },
)
"""One row per debtor, as published in debtors.parquet."""

RECIPIENTS_NEUTRAL: Final = pl.Schema(
    {
        "schema_version": pl.Int64(),
        "list_id": pl.String(),
        "message_key": pl.String(),
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "email": pl.String(),
        "name": pl.String(),
        "language": pl.String(),
        "score": pl.Float64(),
        "ownership": pl.Float64(),
        "decision_reason": pl.String(),
        "checked_at": MOMENT,
        "expires_at": MOMENT,
        "confirmed_at": MOMENT,
        "time_zone": pl.String(),  # IANA; null: the debtor's country is not known
        "contact_hours": pl.String(),  # local hours as OSM opening_hours; null where time_zone is
        "lot": pl.Int64(),  # 1, or when it may leave where the manifest has lots
    },
)
"""The neutral list: no debt content, safe by shape."""

RECIPIENTS: Final = pl.Schema(
    {
        "schema_version": pl.Int64(),
        "list_id": pl.String(),
        "message_key": pl.String(),
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "invoice_ids": pl.List(pl.String()),
        "email": pl.String(),
        "name": pl.String(),
        "language": pl.String(),
        "amount": MONEY,
        "currency": pl.String(),
        "due_date": pl.Date(),
        "days_overdue": pl.Int64(),
        "score": pl.Float64(),
        "ownership": pl.Float64(),
        "decision_reason": pl.String(),
        "checked_at": MOMENT,
        "expires_at": MOMENT,
        "confirmed_at": MOMENT,
        "time_zone": pl.String(),  # IANA; null: the debtor's country is not known
        "contact_hours": pl.String(),  # local hours as OSM opening_hours; null where time_zone is
        "lot": pl.Int64(),  # 1, or when it may leave where the manifest has lots
    },
)
"""The clean list, version 1: one row per debtor to be sent to."""


def empty(schema: pl.Schema) -> pl.DataFrame:
    """Return a frame of the given schema without rows.

    >>> empty(QUARANTINE).columns
    ['source', 'line', 'reason', 'detail']
    """
    return pl.DataFrame(schema=schema)


def shaped(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the frame's columns in the schema's order and dtypes; raise if one is missing.

    >>> shaped(pl.DataFrame({"line": [1], "source": ["a"], "reason": ["x"], "detail": [""]}),
    ...        QUARANTINE).columns
    ['source', 'line', 'reason', 'detail']
    """
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
