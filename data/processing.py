"""The record of one run's processing (LGPD art. 37; rule L21): what was done with whose data.

It names nobody: counts, categories, purposes, recipients and versions only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from checks.model import DebtorKind
from data.files import write_private
from data.relations import Relations, Statement

PROCESSING_FILE: Final = "processing.json"
SCHEMA_VERSION: Final = 1

PURPOSE: Final = {
    "pt-BR": "verificar, antes do envio, qual endereço de e-mail alcança o próprio devedor",
    "es-MX": "verificar, antes del envío, qué dirección de correo llega al propio deudor",
    "en": "verify, before anything is sent, which e-mail address reaches the debtor in person",
}
_CATEGORIES: Final = {
    "identification": ("name", "tax_id", "creditor's own id"),
    "contact": ("e-mail address", "phone"),
    "debt": ("invoice id", "amount", "due date"),
    "inferred": ("deliverability", "ownership", "same person as", "decision"),
}
_SUBJECTS: Final = {
    "natural persons": DebtorKind.PERSON,
    "companies": DebtorKind.COMPANY,
    "not known which": DebtorKind.UNKNOWN,
}
_TO_MAIL_PROVIDERS: Final = ("e-mail address", "our host name", "our sender address")
_TO_NAMESERVERS: Final = ("domain of the address",)


@dataclass(frozen=True, slots=True)
class ProcessingFacts:
    """What a record says besides the counts of its frames; versions, days, names of creditors.

    `asked`: recipients named to each mail provider. `lists`: rows published per creditor.
    """

    run_id: str
    as_of: datetime
    language: str
    controllers: Mapping[str, str]  # creditor id -> name
    retention_days: Mapping[str, int]
    versions: Mapping[str, str]
    domains_asked: int = 0
    asked: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def processing_record(
    facts: ProcessingFacts, contacts: pl.DataFrame, debtors: pl.DataFrame
) -> dict[str, Any]:
    """Return the record as a JSON object, from CONTACTS and DECIDED_DEBTORS of the run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": facts.run_id,
        "as_of": facts.as_of.isoformat(),
        "purpose": PURPOSE[facts.language],
        "role": "operator, on behalf of the controllers named (LGPD art. 5 VII, 39)",
        "data_categories": {name: list(items) for name, items in _CATEGORIES.items()},
        "sensitive_data": False,
        "controllers": [
            _controller(
                creditor_id,
                name,
                contacts.filter(pl.col("creditor_id") == creditor_id),
                debtors.filter(pl.col("creditor_id") == creditor_id),
                facts.lists.get(creditor_id, {}),
            )
            for creditor_id, name in sorted(facts.controllers.items())
        ],
        "disclosed": {
            "mail_providers": {
                "what": list(_TO_MAIL_PROVIDERS),
                "addresses": dict(sorted(facts.asked.items())),
            },
            "nameservers": {"what": list(_TO_NAMESERVERS), "domains": facts.domains_asked},
            "never": ["name", "tax_id", "phone", "invoice id", "amount", "creditor"],
        },
        "automated_decisions": (
            "by published rules; each row carries its reason and may be reviewed (LGPD art. 20)"
        ),
        "retention_days": dict(sorted(facts.retention_days.items())),
        "versions": dict(sorted(facts.versions.items())),
        "security": "folders 0700, files 0600; hostile files are read in a limited child process",
    }


def write_processing(record: Mapping[str, Any], out: Path) -> Path:
    """Write `processing.json` beside a run's outputs; return the file."""
    path = out / PROCESSING_FILE
    write_private(path, (_text(record, indent=1) + "\n").encode())
    return path


class ProcessingBook:
    """Records of processing, in a database."""

    def __init__(self, relations: Relations, now: Callable[[], datetime]) -> None:
        """Take the database and the wall clock."""
        self._relations = relations
        self._now = now

    def record_processing(self, record: Mapping[str, Any]) -> None:
        """Keep a run's record; a resumed run replaces its own."""
        sql = "INSERT OR REPLACE INTO processing VALUES (?, ?, ?)"
        values = (record["run_id"], self._now(), _text(record))
        self._relations.transact([Statement(sql, values)])

    def processing(self, run_id: str) -> dict[str, Any] | None:
        """Return a run's record, or None where it published nothing yet."""
        found = self._relations.query("SELECT record FROM processing WHERE run_id = ?", (run_id,))
        return None if found.is_empty() else dict(json.loads(found.item()))


def _controller(
    creditor_id: str,
    name: str,
    contacts: pl.DataFrame,
    debtors: pl.DataFrame,
    published: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "creditor_id": creditor_id,
        "name": name,
        "subjects": {words: _of_kind(debtors, kind) for words, kind in _SUBJECTS.items()},
        "debtors": debtors.height,
        "contacts": contacts.height,
        "addresses": contacts["email"].drop_nulls().n_unique(),
        "legal_bases": _counts(contacts, "legal_basis"),
        "sources": _counts(contacts, "source"),
        "decisions": _counts(debtors, "decision"),
        "recipients": {"dispatch system": dict(published)},
    }


def _of_kind(debtors: pl.DataFrame, kind: DebtorKind) -> int:
    return debtors.filter(pl.col("kind") == kind.value).height


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    told = frame.select(pl.col(column).fill_null("not given")).to_series()
    return dict(sorted(told.value_counts().iter_rows()))


def _text(record: Mapping[str, Any], indent: int | None = None) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=False, indent=indent)
