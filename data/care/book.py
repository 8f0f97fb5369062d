"""Erasing and letting go in the warehouse's tables; the file is written anew afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import polars as pl

from checks.frames import SUPPRESSIONS, shaped
from checks.model import DecisionReason
from data.care.people import People
from data.care.person import Person
from data.care.retention import Cutoffs, expired
from data.hashing import keyed_hash
from data.relations import Relations, Statement, named
from data.tables import EVERY_CREDITOR, RUN_TABLES

_BY_DEBTOR: Final = (
    *(name for name, table in RUN_TABLES.items() if "debtor_id" in table.schema),
    "messages",
    "proofs",
)
_BY_ADDRESS: Final = {
    "found_contacts": ("email_raw",),
    "contacts": ("email_raw", "email"),
    "steps": ("address",),
    "messages": ("address",),
    "events": ("address",),
}
_SOURCE: Final = "entrega forget"
ERASED_DEBTOR: Final = "debtor_hash"
"""Subject of a suppression whose key is the hash of a debtor's id or tax id."""


class CareBook(People):
    """What erasure and retention do to tables, in a database."""

    def __init__(self, relations: Relations, now: Callable[[], datetime]) -> None:
        """Take the database and the wall clock."""
        super().__init__(relations)
        self._now = now

    def records_of(self, person: Person) -> pl.DataFrame:
        """Return `run_id`, `source`, `rows`: how many input rows of each run are the person's."""
        sql = (
            "SELECT run_id, source, count(*) AS rows FROM records"
            " WHERE creditor_id = ? AND list_contains(?, debtor_id) GROUP BY ALL ORDER BY ALL"
        )
        return self._relations.query(sql, (person.creditor_id, sorted(person.debtor_ids)))

    def erase(self, person: Person, hash_key: bytes) -> dict[str, int]:
        """Take the person out of every table, leave keyed hashes; return rows taken by table."""
        before = self._rows()
        statements = [
            *self._by_debtor(person),
            *self._by_address(person),
            *self._shared_tables(person),
            *self._other_debtors(person),
        ]
        self._relations.transact(statements)
        after = self._rows()
        self._suppress(person, hash_key)
        return {name: count - after[name] for name, count in before.items() if count > after[name]}

    def left(self, person: Person) -> dict[str, int]:
        """Return the rows of each table in which something of the person is still found."""
        wanted = {"wanted": pl.DataFrame({"found": sorted(person.searched)})}
        found: dict[str, int] = {}
        for table, column in self._text_columns():
            sql = named(
                "SELECT count(*) AS rows FROM {table} SEMI JOIN wanted ON {column} = wanted.found",
                table=table,
                column=column,
            )
            rows = int(self._relations.query(sql, (), wanted).item())
            if rows:
                found[table] = found.get(table, 0) + rows
        return found

    def let_go(self, cutoffs: Cutoffs, *, dry: bool) -> dict[str, int]:
        """Remove what is past its time; return the rows of each kind, removed or to be removed."""
        counts: dict[str, int] = {}
        statements = []
        for each in expired(cutoffs):
            sql = named("SELECT count(*) AS rows FROM {table} WHERE ", table=each.table)
            rows = int(self._relations.query(sql + each.condition, each.parameters).item())
            counts[each.kind] = counts.get(each.kind, 0) + rows
            delete = named("DELETE FROM {table} WHERE ", table=each.table) + each.condition
            statements.append(Statement(delete, each.parameters))
        if not dry:
            self._relations.transact(statements)
        return counts

    def _by_debtor(self, person: Person) -> list[Statement]:
        where = " WHERE creditor_id = ? AND list_contains(?, debtor_id)"
        values = (person.creditor_id, sorted(person.debtor_ids))
        return [
            Statement(named("DELETE FROM {table}", table=table) + where, values)
            for table in _BY_DEBTOR
        ]

    def _by_address(self, person: Person) -> list[Statement]:
        """Rows about the address, of this creditor; events of nobody's in particular too."""
        statements = []
        for table, columns in _BY_ADDRESS.items():
            for column in columns:
                sql = named(
                    "DELETE FROM {table} WHERE list_contains(?, {column})"
                    " AND (creditor_id = ? OR (creditor_id = ? AND list_contains(?, {column})))",
                    table=table,
                    column=column,
                )
                values = (
                    sorted(person.texts),
                    person.creditor_id,
                    EVERY_CREDITOR,
                    sorted(person.own_texts),
                )
                statements.append(Statement(sql, values))
        return statements

    def _shared_tables(self, person: Person) -> list[Statement]:
        """Shapes and answers belong to no creditor: they go unless another one needs them."""
        texts = (sorted(person.own_texts),)
        return [
            Statement("DELETE FROM syntax WHERE list_contains(?, address)", texts),
            Statement("DELETE FROM syntax WHERE list_contains(?, email_raw)", texts),
            Statement("DELETE FROM findings WHERE list_contains(?, address)", texts),
            Statement(
                "UPDATE syntax SET suggestion = NULL WHERE list_contains(?, suggestion)", texts
            ),
        ]

    def _other_debtors(self, person: Person) -> list[Statement]:
        """Debtors at the same address keep their rows, without it."""
        texts, creditor = sorted(person.texts), person.creditor_id
        return [
            Statement(
                "UPDATE decided_debtors SET email = NULL, score = NULL, ownership = NULL"
                " WHERE creditor_id = ? AND list_contains(?, email)",
                (creditor, texts),
            ),
            Statement(
                "UPDATE decided_debtors SET backups ="
                " list_filter(backups, lambda one: NOT list_contains(?, one))"
                " WHERE creditor_id = ? AND list_has_any(backups, ?)",
                (texts, creditor, texts),
            ),
            Statement(
                "UPDATE contacts SET suggestion = NULL"
                " WHERE creditor_id = ? AND list_contains(?, suggestion)",
                (creditor, texts),
            ),
        ]

    def _suppress(self, person: Person, hash_key: bytes) -> None:
        """Keep hashes alone: of the addresses for every creditor, of ids and tax ids for this one.

        A debtor that comes again in a later file is recognised by its id or tax id.
        """
        known = sorted(person.debtor_ids | person.tax_ids)
        keys = pl.concat(
            [
                _keys("address", EVERY_CREDITOR, sorted(person.addresses), hash_key),
                _keys(ERASED_DEBTOR, person.creditor_id, known, hash_key),
            ]
        )
        rows = keys.with_columns(
            reason=pl.lit(DecisionReason.SUPPRESS_ERASED.value),
            since=pl.lit(self._now()),
            until=pl.lit(None),
            source=pl.lit(_SOURCE),
        )
        insert = (
            "INSERT INTO suppressions BY NAME SELECT * FROM incoming"
            " ANTI JOIN suppressions USING (creditor_id, subject, key, reason)"
        )
        frames: Mapping[str, pl.DataFrame] = {"incoming": shaped(rows, SUPPRESSIONS)}
        plain = "DELETE FROM suppressions WHERE subject = 'debtor' AND creditor_id = ?"
        self._relations.transact(
            [
                Statement(
                    plain + " AND list_contains(?, key)",
                    (person.creditor_id, sorted(person.debtor_ids)),
                ),
                Statement(insert, (), frames),
            ]
        )

    def _text_columns(self) -> list[tuple[str, str]]:
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE data_type = 'VARCHAR' ORDER BY ALL"
        )
        return [(table, column) for table, column in self._relations.query(sql).rows()]

    def _rows(self) -> dict[str, int]:
        tables = (*_BY_DEBTOR, *_BY_ADDRESS, "syntax", "findings")
        return {
            table: int(
                self._relations.query(
                    named("SELECT count(*) AS rows FROM {table}", table=table)
                ).item()
            )
            for table in dict.fromkeys(tables)
        }


def _keys(subject: str, creditor_id: str, values: Sequence[str], hash_key: bytes) -> pl.DataFrame:
    keys = keyed_hash(hash_key, pl.Series("key", values, dtype=pl.String))
    return keys.to_frame("key").with_columns(
        creditor_id=pl.lit(creditor_id), subject=pl.lit(subject)
    )
