"""A clean list is published whole, the same for the same content, and read back exactly."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.frames import RECIPIENTS, RECIPIENTS_NEUTRAL
from checks.model import GateState
from data.publish import CleanList, ListFacts, name_list, publish_list, verify_list
from data.publish.folders import folder_name

FILES = {
    "recipients.parquet",
    "recipients.csv",
    "recipients.jsonl",
    "recipients_neutral.parquet",
    "recipients_neutral.csv",
    "recipients_neutral.jsonl",
    "schema.json",
    "manifest.json",
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def table_bytes(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in contents(folder).items() if "recipients" in name}


def test_a_list_has_its_files_and_no_others_for_its_owner_alone(
    tmp_path: Path, clean: CleanList
) -> None:
    before = os.umask(0)
    try:
        folder = publish_list(tmp_path / "out", clean, number=1)
    finally:
        os.umask(before)
    assert folder == tmp_path / "out" / "clean" / "banco-7" / clean.list_id
    assert set(contents(folder)) == FILES
    assert {path.name for path in folder.parent.iterdir()} == {clean.list_id, "current.json"}
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "out").rglob("*")}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


def test_the_three_forms_hold_the_same_values(tmp_path: Path, clean: CleanList) -> None:
    folder = publish_list(tmp_path, clean, number=1)
    parquet = pl.read_parquet(folder / "recipients.parquet")
    assert_frame_equal(parquet, clean.recipients)
    with (folder / "recipients.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    lines = [json.loads(line) for line in (folder / "recipients.jsonl").read_text().splitlines()]
    for expected, row, line in zip(clean.recipients.rows(named=True), rows, lines, strict=True):
        assert list(row) == list(line) == RECIPIENTS.names()
        assert row["name"] == (expected["name"] or "")
        assert line["name"] == expected["name"]
        assert json.loads(row["invoice_ids"]) == line["invoice_ids"] == expected["invoice_ids"]
        amount = str(expected["amount"]) if expected["amount"] is not None else None
        assert (row["amount"] or None) == line["amount"] == amount
        assert float(row["score"]) == line["score"] == expected["score"]
        assert row["checked_at"] == line["checked_at"] == "2026-11-21T12:00:00.000000Z"


def test_machine_files_keep_every_byte_and_have_no_bom(tmp_path: Path, clean: CleanList) -> None:
    content = (publish_list(tmp_path, clean, number=1) / "recipients.csv").read_bytes()
    assert content.startswith(b"schema_version,list_id,message_key,creditor_id,debtor_id,")
    assert b",=1+1," in content
    assert '"Zoë\r\nÑandú"'.encode() in content
    assert content.endswith(b"\r\n")


def test_l06_the_neutral_list_has_no_debt_content_by_its_shape(
    tmp_path: Path, clean: CleanList
) -> None:
    folder = publish_list(tmp_path, clean, number=1)
    names = pl.read_parquet(folder / "recipients_neutral.parquet").columns
    debt = {"invoice_ids", "amount", "currency", "due_date", "days_overdue"}
    assert names == RECIPIENTS_NEUTRAL.names()
    assert not debt & set(names)


def test_rows_are_sorted_and_keys_are_unique_and_opaque(clean: CleanList) -> None:
    assert clean.recipients["debtor_id"].is_sorted()
    messages = clean.messages
    assert messages["message_key"].n_unique() == messages.height == 7
    assert messages["message_key"].str.contains("^[0-9a-f]{32}$").all()
    assert messages["neutral"].sum() == 2


@pytest.mark.parametrize("seed", range(3))
def test_equal_content_gives_equal_bytes_in_any_order(
    tmp_path: Path,
    facts: ListFacts,
    recipients: pl.DataFrame,
    neutral: pl.DataFrame,
    seed: int,
) -> None:
    later = replace(
        facts, as_of=facts.as_of + timedelta(hours=11), digests={"input": "2" * 64}, counts={}
    )
    shuffled = recipients.sample(fraction=1.0, shuffle=True, seed=seed)
    clean = name_list(facts, recipients, neutral)
    again = name_list(later, shuffled, neutral.reverse())
    first = publish_list(tmp_path / "a", clean, number=1)
    second = publish_list(tmp_path / "b", again, number=5)
    assert first.name == second.name
    assert table_bytes(first) == table_bytes(second)


def test_other_content_is_another_list(
    facts: ListFacts, recipients: pl.DataFrame, neutral: pl.DataFrame
) -> None:
    other = pl.lit("banco-8")
    tomorrow = replace(facts, as_of=facts.as_of + timedelta(days=1))
    lists = [
        name_list(facts, recipients, neutral),
        name_list(tomorrow, recipients, neutral),
        name_list(facts, recipients.head(4), neutral),
        name_list(facts, recipients, neutral.head(1)),
        name_list(facts, recipients.with_columns(score=pl.col("score") / 2), neutral),
        name_list(
            replace(facts, creditor_id="banco-8"),
            recipients.with_columns(creditor_id=other),
            neutral.with_columns(creditor_id=other),
        ),
        name_list(replace(facts, gate=GateState.CLOSED), recipients, neutral),
        name_list(facts, recipients.head(0), neutral.head(0)),
    ]
    keys = pl.concat([each.messages["message_key"] for each in lists])
    assert len({each.list_id for each in lists}) == len(lists)
    assert keys.n_unique() == keys.len()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"creditor_id": pl.lit("other")}, "rows of another creditor"),
        ({"debtor_id": pl.lit("1")}, "a debtor twice"),
        ({"email": pl.lit(None, pl.String)}, "without creditor, debtor or address"),
        ({"email": pl.lit("")}, "without creditor, debtor or address"),
    ],
)
def test_rows_that_must_not_go_out_are_refused(
    facts: ListFacts, recipients: pl.DataFrame, change: dict[str, pl.Expr], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        name_list(facts, recipients.with_columns(**change), recipients.head(0))


def test_a_debtor_is_on_one_of_the_two_lists(facts: ListFacts, recipients: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="a debtor twice"):
        name_list(facts, recipients, recipients.head(1))


def test_a_closed_list_has_a_manifest_and_no_recipients(
    tmp_path: Path, facts: ListFacts, recipients: pl.DataFrame, neutral: pl.DataFrame
) -> None:
    closed = name_list(replace(facts, gate=GateState.CLOSED), recipients, neutral)
    folder = publish_list(tmp_path, closed, number=1)
    assert set(contents(folder)) == {"manifest.json", "schema.json"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["gate"] == {"state": "closed", "reasons": ["hold_gate"]}
    assert manifest["counts"] == {"held": 3, "recipients": 0, "recipients_neutral": 0}


def test_the_manifest_says_what_the_contract_asks(tmp_path: Path, clean: CleanList) -> None:
    folder = publish_list(tmp_path, clean, number=12)
    manifest = json.loads((folder / "manifest.json").read_text())
    files = manifest.pop("files")
    assert manifest == {
        "schema_version": 1,
        "list_id": clean.list_id,
        "list_number": 12,
        "creditor_id": "banco-7",
        "creditor_name": "Banco Sete",
        "as_of": "2026-11-21T12:00:00Z",
        "expires_at": "2026-11-22T12:00:00Z",
        "gate": {"state": "trimmed", "reasons": ["hold_gate"]},
        "counts": {"held": 3, "recipients": 5, "recipients_neutral": 2},
        "forced": None,
        "predicted_bounce": {"rate": 0.012, "low": 0.008, "high": 0.017},
        "lots": {"messages": [4, 3], "wait_hours": 4.0, "bounces_at_most": 0.03},
        "exposure": {"expected": 0.0015, "limit": 0.002, "notices": 4},
        "digests": {"input": "0" * 64, "configuration": "1" * 64},
        "lab_networks": [],
        "signature": None,
    }
    assert set(files) == FILES - {"manifest.json"}
    assert files["recipients.csv"]["rows"] == 5
    assert files["schema.json"]["rows"] is None


def test_publishing_again_renews_the_manifest_and_keeps_the_number(
    tmp_path: Path, clean: CleanList, facts: ListFacts, as_of: datetime
) -> None:
    folder = publish_list(tmp_path, clean, number=1)
    first = contents(folder)
    later = replace(facts, as_of=as_of + timedelta(hours=1), expires_at=as_of + timedelta(days=2))
    publish_list(tmp_path, replace(clean, facts=later), number=1)
    second = contents(folder)
    assert {name for name in FILES if first[name] != second[name]} == {"manifest.json"}
    assert json.loads(second["manifest.json"])["list_number"] == 1
    assert {path.name for path in folder.parent.iterdir()} == {clean.list_id, "current.json"}


def test_the_number_grows_though_another_warehouse_begins_again(
    tmp_path: Path, clean: CleanList, facts: ListFacts, recipients: pl.DataFrame
) -> None:
    publish_list(tmp_path, clean, number=7)
    other = name_list(facts, recipients, recipients.head(0))
    folder = publish_list(tmp_path, other, number=1)
    current = json.loads((folder.parent / "current.json").read_text())
    assert current == {"schema_version": 1, "list_id": other.list_id, "list_number": 8}
    assert json.loads((folder / "manifest.json").read_text())["list_number"] == 8


def test_a_damaged_list_is_replaced_and_left_overs_are_swept(
    tmp_path: Path, clean: CleanList, as_of: datetime
) -> None:
    folder = publish_list(tmp_path, clean, number=1)
    (folder / "recipients.csv").unlink()
    (folder.parent / ".tmp-20261120-0000000000000000").mkdir()
    (folder.parent / ".tmp-current.json").write_bytes(b"half")
    publish_list(tmp_path, clean, number=1)
    assert verify_list(folder, as_of).state == "open"
    assert {path.name for path in folder.parent.iterdir()} == {clean.list_id, "current.json"}


@pytest.mark.parametrize(
    "creditor_id",
    [
        "../../etc",
        "/etc",
        ".",
        "..",
        "",
        "a/b",
        "a\x00b",
        "a\nb",
        "-rf",
        "~root",
        "x" * 500,
        "Ñ" * 99,
    ],
)
def test_no_creditor_id_leads_out_of_the_folder(creditor_id: str) -> None:
    name = folder_name(creditor_id)
    assert name.isascii()
    assert name.isprintable()
    assert 0 < len(name) <= 120
    assert "/" not in name
    assert name[0] not in ".-~"


def test_two_creditors_never_share_a_folder() -> None:
    ids = ["a/b", "a%2Fb", "a%252Fb", ".", "%2E", "x" * 500, "x" * 501, "", "A", "a"]
    assert len({folder_name(each) for each in ids}) == len(ids)
