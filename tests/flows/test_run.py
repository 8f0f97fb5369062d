"""A run from file to list, as a data engineer calls it."""

from __future__ import annotations

import json
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from checks.frames import CONTACTS, DECIDED_DEBTORS, RECIPIENTS, RECIPIENTS_NEUTRAL
from tests.flows.calls import Entrega, environment, lists_digest, start_entrega

WRITTEN = (
    "contacts.parquet",
    "contacts.csv",
    "debtors.parquet",
    "debtors.csv",
    "quarantine.csv",
    "report.pt-BR.html",
    "report.pt-BR.xlsx",
    "resumo.txt",
    "summary.json",
    "clean/loja-exemplo/current.json",
)

HOLDER = """
import sys, time
from pathlib import Path
from data.warehouse import open_warehouse
from flows.run import utc_now
with open_warehouse(Path(sys.argv[1]), now=utc_now):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a run writes."""
    return tmp_path / "out"


def test_a_run_writes_everything_the_contract_lists(
    entrega: Entrega, debtors_csv: Path, out: Path
) -> None:
    ended = entrega("run", debtors_csv, "--local", "--json", "--out", out)
    assert ended.code == 0, ended.err
    assert [name for name in WRITTEN if not (out / name).is_file()] == []
    contacts = pl.read_parquet(out / "contacts.parquet")
    debtors = pl.read_parquet(out / "debtors.parquet")
    assert contacts.schema == CONTACTS
    assert debtors.schema == DECIDED_DEBTORS
    answer = ended.answer
    assert answer["rows"] == answer["accepted"] + answer["quarantined"]
    assert sum(answer["decisions"].values()) == answer["debtors"] == debtors.height
    assert contacts["score"].null_count() == 0


def test_the_clean_list_is_never_all_held_and_holds_to_its_schema(
    entrega: Entrega, debtors_csv: Path, out: Path
) -> None:
    assert entrega("run", debtors_csv, "--local", "--out", out).code == 0
    folder = next(path.parent for path in out.glob("clean/*/*/manifest.json"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    sent = pl.read_parquet(folder / "recipients.parquet")
    neutral = pl.read_parquet(folder / "recipients_neutral.parquet")
    assert manifest["gate"]["state"] in {"open", "trimmed"}
    assert sent.height > 0
    assert sent.schema == RECIPIENTS
    assert neutral.schema == RECIPIENTS_NEUTRAL
    assert sent["message_key"].n_unique() == sent.height
    assert entrega("gate", folder).code == 0
    assert entrega("gate", folder.parent).code == 0
    whole = entrega("gate", folder.parent.parent)
    assert (whole.code, "name the folder of one: loja-exemplo" in whole.err) == (2, True)
    (folder / "recipients.csv").write_bytes(b"changed")
    assert entrega("gate", folder).code == 9


def test_results_are_the_owners_alone(entrega: Entrega, debtors_csv: Path, out: Path) -> None:
    assert entrega("run", debtors_csv, "--local", "--out", out).code == 0
    open_to_others = [
        path.name
        for path in [*out.rglob("*"), *(out.parent / "var").rglob("*")]
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_equal_runs_give_equal_bytes_whatever_the_order_of_rows(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path
) -> None:
    assert entrega("run", debtors_csv, "--local", "--out", tmp_path / "first").code == 0
    again = tmp_path / "again"
    assert entrega("run", debtors_csv, "--local", "--out", again).code == 0
    header, *rows = debtors_csv.read_text("utf-8").splitlines()
    random.Random(3).shuffle(rows)  # noqa: S311  no secret
    debtors_csv.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    shuffled = tmp_path / "shuffled"
    other = ("--warehouse", tmp_path / "other" / "w.duckdb")
    assert entrega("run", debtors_csv, "--local", "--out", shuffled, *other).code == 0
    first = lists_digest(tmp_path / "first")
    assert first
    assert lists_digest(again) == first
    assert lists_digest(shuffled) == first


def test_missing_creditor_or_basis_is_one_message_before_anything_is_written(
    entrega: Entrega, debtors_csv: Path, out: Path
) -> None:
    config = debtors_csv.with_name("entrega.toml")
    config.write_text("[dns]\nenabled = false\n", "utf-8")
    ended = entrega("run", debtors_csv, "--local", "--out", out)
    assert ended.code == 2
    assert "[creditor]" in ended.err
    config.write_text(
        '[creditor]\nname = "L"\naddress = "R"\ntax_id = "1"\n[dns]\nenabled = false\n', "utf-8"
    )
    ended = entrega("run", debtors_csv, "--local", "--out", out)
    assert ended.code == 2
    assert "[legal]" in ended.err
    assert not out.exists()


def test_a_sample_is_the_same_debtors_every_time(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path
) -> None:
    chosen = []
    for name in ("first", "again"):
        words = ("--local", "--sample", 50, "--json", "--out", tmp_path / name)
        ended = entrega("run", debtors_csv, *words)
        assert ended.code == 0, ended.err
        assert ended.answer["rows"] == ended.answer["accepted"] + ended.answer["quarantined"]
        chosen.append(set(pl.read_parquet(tmp_path / name / "debtors.parquet")["debtor_id"]))
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 50


def test_who_opted_out_bounced_or_has_paid_is_not_written_to_again(
    entrega: Entrega, debtors_csv: Path, out: Path, tmp_path: Path
) -> None:
    assert entrega("run", debtors_csv, "--local", "--out", out).code == 0
    sent = pl.read_parquet(next(out.glob("clean/*/*/recipients.parquet")))
    unheard = sent.sort(pl.col("confirmed_at").is_not_null(), maintain_order=True).head(5)
    delivered, opted, paid, bounced, complained = unheard.iter_rows(named=True)
    assert delivered["confirmed_at"] is None, "a confirmation would outweigh a delivery"
    (tmp_path / "out.csv").write_text(f"email\n{opted['email']}\n", "utf-8")
    (tmp_path / "paid.csv").write_text(f"id_devedor\n{paid['debtor_id']}\n", "utf-8")
    events = [
        "message_key,event,occurred_at,permanence,smtp_code,enhanced,diagnostic",
        f"{bounced['message_key']},bounced,2026-11-20T12:00:00Z,hard,550,5.1.1,unknown user",
        f"{complained['message_key']},complained,2026-11-20T12:00:00Z,,,,",
        f"{delivered['message_key']},delivered,2026-11-20T12:00:00Z,,250,2.0.0,",
    ]
    (tmp_path / "events.csv").write_text("\n".join(events) + "\n", "utf-8")
    assert entrega("feedback", tmp_path / "events.csv").code == 0
    again = entrega("feedback", tmp_path / "events.csv", "--json")
    assert again.answer["files"][0]["new"] == 0
    with debtors_csv.with_name("entrega.toml").open("a", encoding="utf-8") as config:
        config.write('[suppress]\nopt_out = "out.csv"\nsettled = ["paid.csv"]\n')
    assert entrega("run", debtors_csv, "--local", "--out", out).code == 0
    decided = pl.read_parquet(out / "debtors.parquet")
    reasons = dict(decided.select("debtor_id", "decision_reason").iter_rows())
    assert reasons[opted["debtor_id"]] == "suppress_opt_out"
    assert reasons[paid["debtor_id"]] == "suppress_settled"
    assert reasons[complained["debtor_id"]] == "suppress_complaint"
    contacts = pl.read_parquet(out / "contacts.parquet")
    of = {row["email"]: row for row in contacts.drop_nulls("email").iter_rows(named=True)}
    assert of[bounced["email"]]["decision_reason"] == "suppress_bounced"
    assert of[delivered["email"]]["reason"] == "delivered_before"
    assert of[delivered["email"]]["score"] > delivered["score"]


def test_a_plain_list_needs_no_configuration(entrega: Entrega, tmp_path: Path, out: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("ana@gmail.com\nnobody\nbia@hotmail.con\n", "utf-8")
    ended = entrega("run", plain, "--local", "--out", out, env={"ENTREGA_DNS__ENABLED": "false"})
    assert ended.code == 0, ended.err
    contacts = pl.read_parquet(out / "contacts.parquet").sort("debtor_id")
    assert contacts["reason"].to_list() == ["not_asked_smtp_off", "no_at", "suspected_typo"] or (
        contacts.filter(pl.col("origin") != "repair")["reason"].to_list()
        == ["not_asked_smtp_off", "no_at", "suspected_typo"]
    )


def test_a_second_writer_is_told_who_holds_the_warehouse(
    entrega: Entrega, debtors_csv: Path, out: Path, tmp_path: Path
) -> None:
    assert entrega("run", debtors_csv, "--local", "--out", out).code == 0
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLDER,
            str(tmp_path / "var" / "entrega.duckdb"),
        ],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ended = entrega("run", debtors_csv, "--local", "--out", out)
        holder.kill()
    assert ended.code == 6
    assert str(holder.pid) in ended.err


@pytest.mark.parametrize(
    "moment",
    [
        0.35,
        0.7,
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.75, 0.8, 0.9)
        ),
    ],
)
def test_a_killed_run_resumes_to_the_same_bytes(
    entrega: Entrega, debtors_csv: Path, tmp_path: Path, moment: float
) -> None:
    """`moment` is a share of the time that the undisturbed run takes."""
    started = time.monotonic()
    assert entrega("run", debtors_csv, "--local", "--out", tmp_path / "whole").code == 0
    whole = time.monotonic() - started
    words = ["run", str(debtors_csv), "--local", "--out", str(tmp_path / "cut")]
    words += ["--warehouse", str(tmp_path / "cut.d" / "w.duckdb")]
    with start_entrega(tmp_path, *words, err=subprocess.PIPE) as run:
        assert run.stderr is not None
        run_id = run.stderr.readline().split()[1]
        time.sleep(max(0.0, whole * moment - 1.0))
        run.send_signal(signal.SIGKILL)
    resumed = entrega("run", "--resume", run_id, "--local", "--warehouse", words[-1])
    assert resumed.code == 0, resumed.err
    assert lists_digest(tmp_path / "cut") == lists_digest(tmp_path / "whole") != {}
