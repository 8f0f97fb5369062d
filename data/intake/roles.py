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

DATED_ROLES: Final = ("source_date", "confirmed_at")
"""Roles that tell something of one mailbox: the plain word speaks of the first e-mail column."""

LAST_DATED: Final = 4
"""E-mail columns up to this one may have dates of their own."""


def dated_role(role: str, place: int) -> str:
    """Return the role that speaks of the e-mail column at a place, counted from 1.

    >>> dated_role("confirmed_at", 1), dated_role("confirmed_at", 2)
    ('confirmed_at', 'confirmed_at_2')
    """
    return role if place == 1 else f"{role}_{place}"


LATER_ROLES: Final = tuple(
    dated_role(role, place) for role in DATED_ROLES for place in range(2, LAST_DATED + 1)
)
"""`source_date_2`, `confirmed_at_2` ...: dates of the further e-mail columns."""

ROLES: Final = (*SEVERAL_ROLES, *SINGLE_ROLES, *LATER_ROLES)
"""Every role, as written under `[intake.columns]`."""

INVOICE_ROLES: Final = ("invoice_id", "amount", "due_date")
"""A file with one of these tells of invoices."""
