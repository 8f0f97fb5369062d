"""Small portfolios for the score room: rows as dicts, what a row leaves out takes a plain value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

import polars as pl
import pytest

from checks.frames import (
    CLUSTERS,
    DEBTORS,
    DOMAINS,
    FINDINGS,
    FOUND_CONTACTS,
    HISTORY,
    INVOICES,
    SUPPRESSIONS,
    SYNTAX,
)
from checks.score import (
    DecidedDebtors,
    DecisionPolicy,
    Facts,
    Scored,
    ScoreModel,
    ScoreReference,
    decide_contacts,
    decide_debtors,
    find_suppressed,
    score_contacts,
)
from data.reference.score import load_score_model, load_score_reference

AS_OF: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)

_PLAIN: Final[dict[str, Any]] = {
    "creditor_id": "acme",
    "debtor_id": "d1",
    "kind": "pf",
    "name": "Maria Aparecida Souza",
    "tax_id_flag": "missing",
    "language": "pt-BR",
    "invoices": 1,
    "currency": "BRL",
    "origin": "file",
    "source": "creditor",
    "legal_basis": "LGPD art. 7, X",
    "source_date": date(2026, 6, 1),
    "link": "single",
    "is_role": False,
    "is_free": True,
    "is_disposable": False,
    "provider": "other",
    "mx_hosts": ["mx.example"],
    "mx_addresses": ["192.0.2.1"],
    "evidence": "{}",
    "checked_at": AS_OF,
    "expires_at": AS_OF,
    "check": "mailbox",
    "delivered": 0,
    "soft_bounces": 0,
    "hard_bounces": 0,
    "since": datetime(2026, 1, 1, tzinfo=UTC),
    "subject": "address",
    "invoice_id": "i1",
    "amount": "100.00",
}


def table(schema: pl.Schema, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return a frame of a schema; a row's missing cells take the plain value, else null."""
    cells = {
        name: [row.get(name, _PLAIN.get(name)) for row in rows]
        for name in schema
        if name not in {"amount"}
    }
    frame = pl.DataFrame(cells, schema={name: schema[name] for name in cells}, strict=False)
    if "amount" in schema:
        amounts = [row.get("amount", _PLAIN["amount"]) for row in rows]
        frame = frame.with_columns(pl.Series("amount", amounts, pl.String).cast(schema["amount"]))
    return frame.select(list(schema))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Rows of a small portfolio; debtors, clusters and shapes are filled in from the contacts."""

    contacts: Sequence[Mapping[str, Any]]
    debtors: Sequence[Mapping[str, Any]] = ()
    clusters: Sequence[Mapping[str, Any]] = ()
    syntax: Sequence[Mapping[str, Any]] = ()
    domains: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    history: Sequence[Mapping[str, Any]] = ()
    invoices: Sequence[Mapping[str, Any]] = ()
    suppressions: Sequence[Mapping[str, Any]] = ()
    policy: DecisionPolicy = field(default_factory=DecisionPolicy)

    def facts(self) -> Facts:
        """Return the frames that scoring takes."""
        known = {str(row.get("debtor_id", "d1")): dict(row) for row in self.debtors}
        for row in self.contacts:
            known.setdefault(str(row.get("debtor_id", "d1")), dict(row))
        names = [{"debtor_id": name, **row} for name, row in known.items()]
        grouped = {str(row["debtor_id"]): row for row in self.clusters}
        clusters = [
            {
                **row,
                "cluster_id": grouped.get(row["debtor_id"], {}).get(
                    "cluster_id", f"c-{row['debtor_id']}"
                ),
            }
            for row in names
        ]
        shapes = {str(row["email_raw"]): _shape(str(row["email_raw"])) for row in self.contacts}
        for row in self.syntax:
            shapes[str(row["email_raw"])] = {**shapes.get(str(row["email_raw"]), {}), **row}
        return Facts(
            contacts=table(FOUND_CONTACTS, self.contacts),
            debtors=table(DEBTORS, names),
            clusters=table(CLUSTERS, clusters),
            syntax=table(SYNTAX, list(shapes.values())),
            domains=table(DOMAINS, self.domains),
            findings=table(FINDINGS, self.findings),
            history=table(HISTORY, self.history),
        )


def _shape(raw: str) -> dict[str, Any]:
    address = raw.strip().lower()
    return {"email_raw": raw, "address": address, "domain": address.split("@")[-1]}


@dataclass(frozen=True, slots=True)
class Office:
    """The score room with its default numbers, asked about small cases."""

    model: ScoreModel
    reference: ScoreReference

    def score(self, case: Case) -> Scored:
        """Return both scores of a case."""
        return score_contacts(case.facts(), AS_OF, self.model, self.reference)

    def decide(self, case: Case) -> pl.DataFrame:
        """Return DECIDED contacts of a case."""
        contacts, _ = self.settle(case)
        return contacts

    def settle(self, case: Case) -> tuple[pl.DataFrame, DecidedDebtors]:
        """Return decided contacts and debtors of a case; an address is its own keyed hash."""
        facts = case.facts()
        scored = score_contacts(facts, AS_OF, self.model, self.reference).contacts
        invoices = table(INVOICES, case.invoices)
        suppressed = find_suppressed(
            suppressions=table(SUPPRESSIONS, case.suppressions),
            address_keys=scored.select("address", pl.col("address").alias("key")).unique(),
            contacts=scored,
            clusters=facts.clusters,
            invoices=invoices,
            as_of=AS_OF,
        )
        contacts = decide_contacts(scored, suppressed, case.policy)
        debtors = decide_debtors(
            contacts=contacts,
            debtors=facts.debtors,
            clusters=facts.clusters,
            invoices=invoices,
            suppressed=suppressed,
            as_of=AS_OF,
            policy=case.policy,
        )
        return contacts, debtors


@pytest.fixture(scope="session")
def office() -> Office:
    """Return the score room with the numbers that come with Entrega."""
    return Office(load_score_model(), load_score_reference())
