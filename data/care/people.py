"""Finding a person in the warehouse: every record, every address, every way of writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from data.care.person import Person
from data.relations import Relations

_OTHERS_ORIGINS: Final = ("branch", "pattern", "register")
"""Origins of addresses that were proposed for a debtor and are, or may be, somebody else's."""

_ADDRESS: Final = {"address": pl.String}
_FOUND: Final = {"found": pl.String}


class People:
    """Looks persons up in a database."""

    def __init__(self, relations: Relations) -> None:
        """Take the database."""
        self._relations = relations

    def debtor(self, creditor_id: str, debtor_ids: Sequence[str]) -> Person:
        """Return all that is known of a debtor, over every run; empty where nothing is."""
        wanted = {"wanted": pl.DataFrame({"debtor_id": list(debtor_ids)})}
        others = list(_OTHERS_ORIGINS)
        addresses = self._column(
            "SELECT DISTINCT coalesce(s.address, f.email_raw) AS found FROM found_contacts f"
            " LEFT JOIN syntax s USING (run_id, email_raw)"
            " SEMI JOIN wanted USING (debtor_id)"
            " WHERE f.creditor_id = ? AND f.origin NOT IN (SELECT unnest(?))"
            " UNION (SELECT address FROM messages SEMI JOIN wanted USING (debtor_id)"
            " WHERE creditor_id = ? EXCEPT SELECT s.address FROM found_contacts f"
            " JOIN syntax s USING (run_id, email_raw) SEMI JOIN wanted USING (debtor_id)"
            " WHERE f.creditor_id = ? AND f.origin IN (SELECT unnest(?)))",
            (creditor_id, others, creditor_id, creditor_id, others),
            wanted,
        )
        traces = self._column(
            "SELECT unnest([name, tax_id, phone]) AS found FROM records"
            " SEMI JOIN wanted USING (debtor_id) WHERE creditor_id = ?"
            " UNION SELECT unnest([name, tax_id, phone]) FROM debtors"
            " SEMI JOIN wanted USING (debtor_id) WHERE creditor_id = ?",
            (creditor_id, creditor_id),
            wanted,
        )
        tax_ids = self._column(
            "SELECT tax_id AS found FROM records SEMI JOIN wanted USING (debtor_id)"
            " WHERE creditor_id = ?",
            (creditor_id,),
            wanted,
        )
        return self._person(creditor_id, frozenset(debtor_ids), addresses, traces, tax_ids)

    def address(self, creditor_id: str, address: str) -> Person:
        """Return what is known of one address alone."""
        return self._person(
            creditor_id, frozenset(), frozenset({address}), frozenset(), frozenset()
        )

    def same_person(self, person: Person) -> frozenset[str]:
        """Return ids of further records that a run held to be the same debtor."""
        own = pl.DataFrame(
            {"debtor_id": sorted(person.debtor_ids)}, schema={"debtor_id": pl.String}
        )
        found = self._column(
            "SELECT DISTINCT debtor_id AS found FROM clusters WHERE creditor_id = ?"
            " AND (run_id, cluster_id) IN (SELECT (run_id, cluster_id) FROM clusters"
            " SEMI JOIN own USING (debtor_id) WHERE creditor_id = ?)",
            (person.creditor_id, person.creditor_id),
            {"own": own},
        )
        return found - person.debtor_ids

    def _person(
        self,
        creditor_id: str,
        debtor_ids: frozenset[str],
        addresses: frozenset[str],
        traces: frozenset[str],
        tax_ids: frozenset[str],
    ) -> Person:
        known = {"known": pl.DataFrame({"address": sorted(addresses)}, schema=_ADDRESS)}
        written = self._column(
            "SELECT DISTINCT email_raw AS found FROM syntax SEMI JOIN known USING (address)",
            (),
            known,
        )
        texts = addresses | written
        return Person(
            creditor_id=creditor_id,
            debtor_ids=debtor_ids,
            addresses=addresses,
            texts=texts,
            traces=traces,
            tax_ids=tax_ids,
            shared=self._shared(creditor_id, debtor_ids, texts, traces),
        )

    def _shared(
        self,
        creditor_id: str,
        debtor_ids: frozenset[str],
        texts: frozenset[str],
        traces: frozenset[str],
    ) -> frozenset[str]:
        """Return what others hold too: texts at other creditors, traces at other debtors."""
        frames = {
            "texts": pl.DataFrame({"found": sorted(texts)}, schema=_FOUND),
            "traces": pl.DataFrame({"found": sorted(traces)}, schema=_FOUND),
        }
        elsewhere = self._column(
            "SELECT DISTINCT found FROM texts JOIN found_contacts f ON f.email_raw = found"
            " WHERE f.creditor_id <> ? UNION SELECT DISTINCT found FROM texts"
            " JOIN syntax s ON s.address = found JOIN found_contacts f"
            " USING (run_id, email_raw) WHERE f.creditor_id <> ?",
            (creditor_id, creditor_id),
            frames,
        )
        namesakes = self._column(
            "SELECT DISTINCT found FROM traces JOIN (SELECT creditor_id, debtor_id,"
            " unnest([name, tax_id, phone]) AS found FROM records) USING (found)"
            " WHERE creditor_id <> ? OR NOT list_contains(?, debtor_id)",
            (creditor_id, sorted(debtor_ids)),
            frames,
        )
        return elsewhere | namesakes

    def _column(
        self, sql: str, parameters: Sequence[object], frames: Mapping[str, pl.DataFrame]
    ) -> frozenset[str]:
        return frozenset(self._relations.query(sql, parameters, frames)["found"].drop_nulls())
