"""Small portfolios for the score room: rows as dicts, what a row leaves out takes a plain value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Required, TypedDict, Unpack

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
    OVERRIDES,
    DecidedDebtors,
    DecisionPolicy,
    Facts,
    ProviderPrior,
    Scored,
    ScoreModel,
    ScoreReference,
    decide_contacts,
    decide_debtors,
    find_suppressed,
    merge_verdicts,
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
        if name != "amount"
    }
    frame = pl.DataFrame(cells, schema={name: schema[name] for name in cells}, strict=False)
    if "amount" in schema:
        amounts = [row.get("amount", _PLAIN["amount"]) for row in rows]
        frame = frame.with_columns(pl.Series("amount", amounts, pl.String).cast(schema["amount"]))
    return frame.select(list(schema))


Rows = Sequence[Mapping[str, Any]]


class CaseRows(TypedDict, total=False):
    """The fields of `Case`, as keyword arguments."""

    contacts: Required[Rows]
    debtors: Rows
    clusters: Rows
    syntax: Rows
    domains: Rows
    findings: Rows
    history: Rows
    invoices: Rows
    suppressions: Rows
    overrides: Rows
    policy: DecisionPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Rows of a small portfolio; debtors, clusters and shapes are filled in from the contacts."""

    contacts: Rows
    debtors: Rows = ()
    clusters: Rows = ()
    syntax: Rows = ()
    domains: Rows = ()
    findings: Rows = ()
    history: Rows = ()
    invoices: Rows = ()
    suppressions: Rows = ()
    overrides: Rows = ()
    policy: DecisionPolicy = field(default_factory=DecisionPolicy)

    def facts(self) -> Facts:
        """Return the frames that scoring takes."""
        known = {str(row.get("debtor_id", "d1")): dict(row) for row in self.debtors}
        for row in self.contacts:
            known.setdefault(str(row.get("debtor_id", "d1")), dict(row))
        names = [{**row, "debtor_id": name} for name, row in known.items()]
        groups = {str(row["debtor_id"]): row["cluster_id"] for row in self.clusters}
        shapes = {str(row["email_raw"]): _shape(str(row["email_raw"])) for row in self.contacts}
        for row in self.syntax:
            raw = str(row["email_raw"])
            shapes[raw] = {**shapes.get(raw, {}), **row}
        return Facts(
            contacts=table(FOUND_CONTACTS, self.contacts),
            debtors=table(DEBTORS, names),
            clusters=table(
                CLUSTERS,
                [
                    {**row, "cluster_id": groups.get(row["debtor_id"], row["debtor_id"])}
                    for row in names
                ],
            ),
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
    """The score room with its default numbers, asked about small cases (the fields of `Case`)."""

    model: ScoreModel
    reference: ScoreReference
    as_of: datetime = AS_OF

    def facts(self, **case: Unpack[CaseRows]) -> Facts:
        """Return the frames of a case."""
        return Case(**case).facts()

    def verdicts(self, **case: Unpack[CaseRows]) -> pl.DataFrame:
        """Return ADDRESSES of a case."""
        return merge_verdicts(Case(**case).facts(), self.reference, answer_days=30)

    def score(self, **case: Unpack[CaseRows]) -> Scored:
        """Return both scores of a case."""
        return score_contacts(Case(**case).facts(), AS_OF, self.model, self.reference)

    def decide(self, **case: Unpack[CaseRows]) -> pl.DataFrame:
        """Return DECIDED contacts of a case."""
        contacts, _ = self.settle(**case)
        return contacts

    def settle(self, **case: Unpack[CaseRows]) -> tuple[pl.DataFrame, DecidedDebtors]:
        """Return decided contacts and debtors of a case; an address is its own keyed hash."""
        known = Case(**case)
        facts = known.facts()
        scored = score_contacts(facts, AS_OF, self.model, self.reference).contacts
        invoices = table(INVOICES, known.invoices)
        suppressed = find_suppressed(
            suppressions=table(SUPPRESSIONS, known.suppressions),
            address_keys=scored.select("address", pl.col("address").alias("key")).unique(),
            contacts=scored,
            clusters=facts.clusters,
            invoices=invoices,
            as_of=AS_OF,
        )
        overrides = table(OVERRIDES, known.overrides)
        contacts = decide_contacts(scored, suppressed, known.policy, overrides)
        debtors = decide_debtors(
            contacts=contacts,
            debtors=facts.debtors,
            clusters=facts.clusters,
            invoices=invoices,
            suppressed=suppressed,
            as_of=AS_OF,
            policy=known.policy,
            overrides=overrides,
        )
        return contacts, debtors


@pytest.fixture(scope="session")
def office() -> Office:
    """Return the score room with the numbers that come with Entrega."""
    return Office(load_score_model(), load_score_reference())


@pytest.fixture(scope="session")
def harsh(office: Office) -> ScoreModel:
    """Return a world in which mailboxes die twice as fast and Hotmail thrice."""
    prior = {
        name: ProviderPrior(old.valid, old.hazard * (3 if name == "microsoft_consumer" else 2))
        for name, old in office.model.prior.items()
    }
    return replace(office.model, prior=prior)
