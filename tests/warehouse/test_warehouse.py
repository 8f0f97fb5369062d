"""The warehouse keeps frames exactly, replaces what is repeated and loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.errors import SettingError
from data.tables import RUN_TABLES, RunTable
from data.warehouse import Warehouse, open_warehouse

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER: Final = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
NEVER_NULL: Final = {"creditor_id", "debtor_id"}
AWKWARD_VALUES: Final[dict[pl.DataType, object]] = {
    pl.String(): "ação '; DROP TABLE runs; --\n\x00",
    pl.Int64(): 2**53 + 1,
    pl.Float64(): 0.1 + 0.2,
    pl.Boolean(): True,
    pl.Date(): date(2024, 2, 29),
    pl.Datetime("us", "UTC"): datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    pl.Decimal(18, 2): Decimal("9999999999999999.99"),
    pl.List(pl.String()): ["b", "a", ""],
}


def now() -> datetime:
    return NOW


def sample(table: RunTable, rows: int) -> pl.DataFrame:
    """Awkward values in falling order of the key, and a second row of nulls where it may be."""
    columns: dict[str, list[object]] = {}
    for name, dtype in table.schema.items():
        columns[name] = [AWKWARD_VALUES[dtype]] * rows
        if name not in table.key and name not in NEVER_NULL and rows > 1:
            columns[name][1] = None
    last = table.key[-1]
    is_text = table.schema[last] == pl.String()
    columns[last] = [f"{rows - row:09}" if is_text else rows - row for row in range(rows)]
    return pl.DataFrame(columns, schema=table.schema)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_warehouse(tmp_path / "w.duckdb", now=now) as opened:
        opened.start_run("r1", as_of=NOW, digests={"input": "00"})
        yield opened


@pytest.mark.parametrize("name", RUN_TABLES)
def test_a_frame_comes_back_exactly_and_sorted_by_its_key(warehouse: Warehouse, name: str) -> None:
    table = RUN_TABLES[name]
    frame = sample(table, 3)
    warehouse.commit("r1", "stage", {name: frame})
    assert_frame_equal(warehouse.read(name, "r1"), frame.sort(table.key))


@pytest.mark.parametrize("name", RUN_TABLES)
def test_an_empty_frame_comes_back_with_its_schema(warehouse: Warehouse, name: str) -> None:
    warehouse.commit("r1", "stage", {name: sample(RUN_TABLES[name], 0)})
    assert warehouse.read(name, "r1").schema == RUN_TABLES[name].schema


@pytest.mark.parametrize("table", RUN_TABLES.values(), ids=RUN_TABLES)
def test_the_schema_file_repeats_every_frame_column_by_column(table: RunTable) -> None:
    text = resources.files("data").joinpath("schema.sql").read_text(encoding="utf-8")
    found = re.search(rf"CREATE TABLE {table.name} \((.*?)\n\);", text, re.DOTALL)
    assert found is not None
    columns = [line.split()[0].strip('"') for line in found[1].strip().splitlines()]
    own = list(table.schema) if table.knows_creditor else ["creditor_id", *table.schema]
    assert columns == ["run_id", "stage", *own]


def test_repeating_a_stage_changes_nothing_and_leaves_other_stages_alone(
    warehouse: Warehouse,
) -> None:
    contacts = RUN_TABLES["found_contacts"]
    from_file = sample(contacts, 3)
    repaired = from_file.with_columns(email_raw=pl.lit("repaired@") + pl.col("email_raw"))
    for _ in range(2):
        warehouse.commit("r1", "read", {"found_contacts": from_file})
        warehouse.commit("r1", "enrich", {"found_contacts": repaired})
    warehouse.commit("r1", "enrich", {"found_contacts": repaired.head(1)})
    expected = pl.concat([from_file, repaired.head(1)]).sort(contacts.key)
    assert_frame_equal(warehouse.read("found_contacts", "r1"), expected)
    assert warehouse.done("r1") == {"read", "enrich"}


def test_runs_do_not_see_each_other(warehouse: Warehouse) -> None:
    warehouse.start_run("r2", as_of=NOW, digests={})
    warehouse.commit("r1", "match", {"clusters": sample(RUN_TABLES["clusters"], 2)})
    assert warehouse.read("clusters", "r2").is_empty()
    assert warehouse.done("r2") == frozenset()


def test_a_runs_debtors_are_known_by_the_clusters_of_the_newest_run_before(
    tmp_path: Path,
) -> None:
    moments = iter(datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 29))
    schema = RUN_TABLES["clusters"].schema

    def clusters(*rows: tuple[str, str]) -> pl.DataFrame:
        told = [("c", debtor, cluster, "name") for debtor, cluster in rows]
        return pl.DataFrame(told, schema=schema, orient="row")

    with open_warehouse(tmp_path / "w.duckdb", now=lambda: next(moments)) as opened:
        nights = [("r9", [("1", "c:1"), ("2", "c:2"), ("8", "c:8")]), ("r8", [("2", "c:1")])]
        for run, rows in nights:
            opened.start_run(run, as_of=NOW, digests={})
            opened.commit(run, "match", {"clusters": clusters(*rows)})
        opened.start_run("r2", as_of=NOW, digests={})
        opened.start_run("r3", as_of=NOW, digests={})
        opened.commit("r3", "match", {"clusters": clusters(("1", "c:later"))})
        debtors = pl.DataFrame(
            [{"creditor_id": "c", "debtor_id": debtor} for debtor in ("1", "2", "3")]
        )
        whole = RUN_TABLES["debtors"].schema
        missing = [pl.lit(None, whole[name]).alias(name) for name in whole.names()[2:]]
        opened.commit("r2", "read", {"debtors": debtors.with_columns(missing)})
        opened.commit("r2", "match", {"clusters": clusters(("1", "c:own"))})
        assert_frame_equal(opened.earlier_clusters("r2"), clusters(("1", "c:1"), ("2", "c:1")))


def test_a_commit_is_whole_or_nothing(warehouse: Warehouse) -> None:
    good, bad = sample(RUN_TABLES["clusters"], 2), sample(RUN_TABLES["debtors"], 2)
    doubled = pl.concat([bad, bad])
    with pytest.raises(ValueError, match="'debtors' has 2 rows with a repeated key"):
        warehouse.commit("r1", "match", {"clusters": good, "debtors": doubled})
    assert warehouse.read("clusters", "r1").is_empty()
    assert warehouse.done("r1") == frozenset()


def test_a_transaction_that_fails_half_way_leaves_nothing(warehouse: Warehouse) -> None:
    fine = sample(RUN_TABLES["clusters"], 2)
    nameless = sample(RUN_TABLES["records"], 2).with_columns(debtor_id=pl.lit(None, pl.String))
    with pytest.raises(Exception, match="NOT NULL constraint"):
        warehouse.commit("r1", "read", {"clusters": fine, "records": nameless})
    assert warehouse.read("clusters", "r1").is_empty()


def test_two_stages_may_not_write_the_same_row(warehouse: Warehouse) -> None:
    frame = sample(RUN_TABLES["findings"], 2)
    warehouse.commit("r1", "check_syntax", {"findings": frame})
    with pytest.raises(ValueError, match="repeated key"):
        warehouse.commit("r1", "check_domains", {"findings": frame.head(1)})


def test_a_null_in_a_key_is_refused(warehouse: Warehouse) -> None:
    frame = sample(RUN_TABLES["domains"], 1).with_columns(domain=pl.lit(None, pl.String))
    with pytest.raises(ValueError, match="null in their key"):
        warehouse.commit("r1", "check_domains", {"domains": frame})


def test_a_run_taken_up_again_keeps_its_first_as_of(warehouse: Warehouse) -> None:
    again = warehouse.start_run("r1", as_of=LATER, digests={"input": "00"})
    assert (again.as_of, again.state) == (NOW, "running")
    assert [run.run_id for run in warehouse.runs()] == ["r1"]


def test_a_run_is_not_taken_up_with_another_input(warehouse: Warehouse) -> None:
    with pytest.raises(SettingError, match="run 'r1' was begun with another input"):
        warehouse.start_run("r1", as_of=NOW, digests={"input": "01"})


def test_a_run_remembers_how_it_ended(warehouse: Warehouse) -> None:
    warehouse.finish_run("r1", "degraded", '{"rows": 3}')
    run = warehouse.run("r1")
    assert run is not None
    assert (run.state, run.summary, run.finished_at) == ("degraded", '{"rows": 3}', NOW)


def test_an_unknown_run_is_named_with_the_remedy(warehouse: Warehouse) -> None:
    with pytest.raises(SettingError, match="run 'r9' is not in this warehouse; see"):
        warehouse.finish_run("r9", "completed", "{}")
    assert warehouse.run("r9") is None


def test_what_was_committed_is_there_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    frame = sample(RUN_TABLES["clusters"], 4)
    with open_warehouse(path, now=now) as warehouse:
        warehouse.start_run("r1", as_of=NOW, digests={})
        warehouse.commit("r1", "match", {"clusters": frame})
    with open_warehouse(path, now=now) as warehouse:
        assert_frame_equal(warehouse.read("clusters", "r1"), frame.sort("creditor_id", "debtor_id"))
        assert warehouse.done("r1") == {"match"}
