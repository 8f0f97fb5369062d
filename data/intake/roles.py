"""What a column of an input file can be."""

from __future__ import annotations

from typing import Final

SINGLE_ROLES: Final = (
    "debtor_id",
    "tax_id",
    "name",
    "invoice_id",
    "amount",
    "currency",
    "due_date",
    "creditor",
    "kind",
    "language",
    "source",
    "source_date",
    "provided_by",
    "legal_basis",
    "confirmed_at",
)
"""Roles that one column holds."""

SEVERAL_ROLES: Final = ("email", "phone")
"""Roles that several columns may hold; the first that is filled comes first."""

ROLES: Final = (*SEVERAL_ROLES, *SINGLE_ROLES)
"""Every role, as written under `[intake.columns]`."""

INVOICE_ROLES: Final = ("invoice_id", "amount", "due_date")
"""A file with one of these tells of invoices."""
