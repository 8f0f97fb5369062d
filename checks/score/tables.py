"""The tables inside the score room: what it is given, and what its steps hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from checks.frames import CONTACTS, MOMENT, MONEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known when scoring starts, each frame in its schema of `checks.frames`.

    `domains`, `findings` and `history` are empty where nobody was asked or nothing was sent.
    """

    contacts: pl.DataFrame  # FOUND_CONTACTS
    debtors: pl.DataFrame  # DEBTORS
    clusters: pl.DataFrame  # CLUSTERS
    syntax: pl.DataFrame  # SYNTAX
    domains: pl.DataFrame  # DOMAINS
    findings: pl.DataFrame  # FINDINGS
    history: pl.DataFrame  # HISTORY


SOURCES: Final = ("debtor", "creditor", "unknown", "register", "agency", "bureau")
"""Who gives addresses, best first; any other word counts as unknown."""

ADDRESSES: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "address": pl.String(),
        "domain": pl.String(),  # null: impossible shape
        "provider": pl.String(),
        "source": pl.String(),  # the best of those who gave the address
        "verdict": pl.String(),
        "reason": pl.String(),
        "score_basis": pl.String(),
        "mailbox_reason": pl.String(),  # what the server said, unless outdated; null: nothing
        "domain_reason": pl.String(),  # what DNS says against it, unless outdated; null: nothing
        "claim": pl.String(),  # a verifier's, unless we know better; null: none
        "takes_mail": pl.Boolean(),  # DNS was asked and leads to a mail server
        "alive_at": MOMENT,  # last delivery or sign of the owner not refuted since; null: none
        "met_at": MOMENT,  # the same, but told by events of our own and not by a file
        "proven_at": MOMENT,  # the newer of that and the server's acceptance; null: neither
        "dated_at": MOMENT,  # date of collection or confirmation in a file that counts; null: none
        "heard_at": MOMENT,  # last sign of the owner not refuted since; null: none
        "is_bounced": pl.Boolean(),  # a hard bounce newer than any delivery
        "soft_bounces": pl.Int64(),  # since the last delivery
        "is_disposable": pl.Boolean(),
        "is_suspected": pl.Boolean(),  # the shape check suspects a typo
        "is_catch_all": pl.Boolean(),
        "mx_host": pl.String(),
        "smtp_code": pl.Int64(),
        "smtp_enhanced": pl.String(),
        "smtp_text": pl.String(),
        "checked_at": MOMENT,
        "expires_at": MOMENT,
    },
)
"""One row per creditor and address: verdict and the evidence that still counts."""

SCORED: Final = pl.Schema(
    {
        **{
            name: dtype
            for name, dtype in CONTACTS.items()
            if name not in {"decision", "decision_reason"}
        },
        "address": pl.String(),  # as in SYNTAX, also where `email` is null
        "kind": pl.String(),  # DebtorKind of the debtor
        "cluster_id": pl.String(),
        "is_identified": pl.Boolean(),  # has a name, a tax id or an invoice; else a plain list row
        "owes": pl.Boolean(),  # has at least one invoice
        "is_consumer": pl.Boolean(),  # a provider where each mailbox is one person's
        "is_own_domain": pl.Boolean(),  # the domain carries the debtor's own name
        "is_finance": pl.Boolean(),  # mailbox of a paying department
        "is_never": pl.Boolean(),  # abuse@, postmaster@, noreply@
        "is_accountant": pl.Boolean(),  # words or use of an accountant's office
        "people": pl.Int64(),  # distinct persons (clusters) of the creditor with this address
        "companies": pl.Int64(),  # distinct company roots of the creditor with this address
        "is_lookalike": pl.Boolean(),  # one slip from an older domain of the same debtor
        "is_household": pl.Boolean(),  # all persons sharing it have a surname in common
    },
)
"""One row per contact with both scores and what the rules ask about; sorted by its key."""

DECIDED: Final = pl.Schema(
    {
        **CONTACTS,
        "address": pl.String(),
        "rule": pl.String(),  # id of the rule that decided
        "is_paying": pl.Boolean(),  # a company's own paying department
    },
)
"""CONTACTS with the rule that made each decision."""

CANDIDATES: Final = pl.Schema(
    {
        "creditor_id": pl.String(),
        "debtor_id": pl.String(),
        "email": pl.String(),
        "provider": pl.String(),
        "decision": pl.String(),  # send | send_neutral
        "score": pl.Float64(),
        "score_basis": pl.String(),
        "amount": MONEY,  # null: none known
    },
)
"""One row per debtor that a list would write to: what the gate weighs."""

KEY: Final = ("creditor_id", "debtor_id", "address")
"""What tells one scored contact from another."""
