"""The tables a run leaves in the warehouse: which frame, which key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from checks import frames

EVERY_CREDITOR: Final = "*"
"""Stored as `creditor_id` where a fact belongs to no single creditor (see `RunTable`)."""


@dataclass(frozen=True, slots=True)
class RunTable:
    """One frame of `checks/frames.py` as the warehouse keeps it, run by run.

    `key` tells the frame's rows apart within a run, and orders them when read. Every stored key
    begins with `run_id, creditor_id`; a frame without a creditor (the shape of an address, the
    DNS of a domain, an unreadable row) is stored under `EVERY_CREDITOR`.
    """

    name: str
    schema: pl.Schema
    key: tuple[str, ...]

    @property
    def knows_creditor(self) -> bool:
        """Whether the frame itself says whose row it is."""
        return "creditor_id" in self.schema


_TABLES: Final = (
    RunTable("records", frames.RECORDS, ("creditor_id", "source", "line")),
    RunTable("found_contacts", frames.FOUND_CONTACTS, ("creditor_id", "debtor_id", "email_raw")),
    RunTable("invoices", frames.INVOICES, ("creditor_id", "debtor_id", "invoice_id")),
    RunTable("quarantine", frames.QUARANTINE, ("source", "line")),
    RunTable("debtors", frames.DEBTORS, ("creditor_id", "debtor_id")),
    RunTable("syntax", frames.SYNTAX, ("email_raw",)),
    RunTable("domains", frames.DOMAINS, ("domain",)),
    RunTable("findings", frames.FINDINGS, ("address", "check")),
    RunTable("clusters", frames.CLUSTERS, ("creditor_id", "debtor_id")),
    RunTable("contacts", frames.CONTACTS, ("creditor_id", "debtor_id", "email_raw")),
    RunTable("steps", frames.STEPS, ("creditor_id", "debtor_id", "address", "score", "position")),
    RunTable("decided_debtors", frames.DECIDED_DEBTORS, ("creditor_id", "debtor_id")),
)

RUN_TABLES: Final = {table.name: table for table in _TABLES}
"""Every run table by its name.

>>> RUN_TABLES["debtors"].key
('creditor_id', 'debtor_id')
>>> RUN_TABLES["syntax"].knows_creditor
False
"""
