"""Exports of verifiers and bureaus: every row a dated claim or a refusal, and nobody condemned."""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from checks.errors import InputRefusedError, SettingError
from checks.model import VERDICT_OF, Verdict
from checks.syntax import check_syntax
from data.intake.vocabulary import fold
from data.reference.syntax import load_syntax_reference
from data.verifiers import load_verifier_mapping, load_verifiers, read_claims
from data.verifiers.reading import REASON_OF, Told
from data.verifiers.table import Claim

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
ZEROBOUNCE = """\
"Email Address","Name","ZB Status","ZB Sub Status","ZB Processed At"
"ana@firma.example","Ana","valid","","2026-11-01 10:20:30"
"bia@firma.example","Bia","invalid","mailbox_not_found","2026-11-01 10:20:31"
"caio@firma.example","Caio","catch-all","","2026-11-01 10:20:32"
"davi@firma.example","Davi","do_not_mail","disposable","2026-11-01 10:20:33"
"eva@firma.example","Eva","invalid","mailbox_quota_exceeded","2026-11-01 10:20:34"
"fabio@firma.example","Fabio","do_not_mail","role_based","2026-11-01 10:20:35"
"gil@firma.example","Gil","unknown","antispam_system","2026-11-01 10:20:36"
"hugo@firma.example","Hugo","spamtrap","","2026-11-01 10:20:37"
"""


def read(
    folder: Path, text: str, told: Told | None = None, mapping: str = ""
) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """Read a table written as text."""
    path = folder / "export.csv"
    path.write_text(text, "utf-8")
    table = load_verifiers()
    if mapping:
        own = folder / "mapping.toml"
        own.write_text(mapping, "utf-8")
        table = load_verifier_mapping(own)
    normalise = partial(check_syntax, reference=load_syntax_reference(), trim=True)
    return read_claims(path, table, normalise, told or Told(), now=NOW)


def claims(findings: pl.DataFrame) -> dict[str, str]:
    """Return the claim on each mailbox's local part."""
    return {
        address.partition("@")[0]: json.loads(evidence)["claim"]
        for address, evidence in findings.select("address", "evidence").iter_rows()
    }


def test_an_export_is_known_by_its_columns_and_read_word_by_word(tmp_path: Path) -> None:
    tool, findings, quarantine = read(tmp_path, ZEROBOUNCE)
    assert tool == "zerobounce"
    assert claims(findings) == {
        "ana": "valid",
        "bia": "invalid",
        "caio": "accepts_all",
        "davi": "disposable",
        "eva": "full",
        "fabio": "unknown",
        "gil": "unknown",
        "hugo": "trap",
    }
    assert set(findings["checked_at"]) == {dt.datetime(2026, 11, 1, tzinfo=dt.UTC)}
    assert set(findings["check"]) == {"verifier"}
    assert quarantine.is_empty()


@pytest.mark.parametrize(
    ("header", "row", "claim"),
    [
        pytest.param("email,result", "a@x.example,catchall", "accepts_all", id="NeverBounce"),
        pytest.param("email,result,reason", "a@x.example,undeliverable,rejected_email", "invalid"),
        pytest.param("EMAIL;QUALITY;RESULT", "a@x.example;good;ok", "valid", id="MillionVerifier"),
        pytest.param("Email,Result", "a@x.example,Safe to Send", "valid", id="DeBounce"),
        pytest.param("E-mail;Situação", "a@x.example;Válido", "valid", id="SafetyMails"),
        pytest.param("correo;estatus", "a@x.example;INVÁLIDO", "invalid", id="bureau in Mexico"),
        pytest.param("address\tstatus", "a@x.example\tdo_not_send", "trap", id="Mailgun"),
    ],
)
def test_words_of_many_tools_are_known(header: str, row: str, claim: str) -> None:
    parts = re.split("[,;\t]", header)
    cells = re.split("[,;\t]", row)
    table = load_verifiers()
    places = table.places("export.csv", parts)
    assert cells[places["address"]] == "a@x.example"
    assert table.claims(table.status)[fold(cells[places["status"]])] == claim


def test_no_claim_condemns() -> None:
    assert set(REASON_OF) == set(Claim)
    assert Verdict.UNDELIVERABLE not in {VERDICT_OF[reason] for reason in REASON_OF.values()}


def test_every_row_is_a_claim_or_refused_with_a_reason(tmp_path: Path) -> None:
    rows = "email,status,date\nana@x.example,valid,2026-11-01\nnobody,valid,2026-11-01\n"
    rows += "bia@x.example,splendid,2026-11-01\ncaio@x.example,valid,2027-01-01\n"
    rows += "davi@x.example,valid,soon\n,valid,2026-11-01\n"
    _, findings, quarantine = read(tmp_path, rows, Told("bureau"))
    assert claims(findings) == {"ana": "valid"}
    assert dict(quarantine.select("line", "reason").iter_rows()) == {
        2: "unreadable_address",
        3: "unknown_status",
        4: "date_in_the_future",
        5: "unreadable_date",
        6: "unreadable_address",
    }
    assert set(quarantine["detail"]) == {""}


def test_of_several_claims_the_newest_counts_and_of_one_day_the_worst(tmp_path: Path) -> None:
    rows = "email,status,date\nana@x.example,invalid,2026-10-01\nANA@x.example,valid,2026-11-01\n"
    rows += "bia@x.example,valid,2026-11-01\nbia@x.example,invalid,2026-11-01\n"
    _, findings, _ = read(tmp_path, rows, Told("bureau"))
    assert claims(findings) == {"ana": "valid", "bia": "invalid"}


def test_a_site_may_bring_its_own_columns_and_words(tmp_path: Path) -> None:
    mapping = 'source = "casa"\n[columns]\naddress = "Kontakt"\nstatus = "Kod"\ndate = "Dzien"\n'
    mapping += '[status]\nvalid = ["A1"]\ninvalid = ["Z9", "ok"]\n'
    rows = "Kontakt,Kod,Dzien\nana@x.example,A1,2026-11-01\nbia@x.example,ok,2026-11-01\n"
    tool, findings, _ = read(tmp_path, rows, mapping=mapping)
    assert tool == "casa"
    assert claims(findings) == {"ana": "valid", "bia": "invalid"}


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("email,status\na@x.example,valid\n", SettingError, "--source"),
        ("email,zb status\na@x.example,valid\n", SettingError, "--date"),
        ("email,name\na@x.example,Ana\n", InputRefusedError, "status"),
        ("who,status\nana,valid\n", InputRefusedError, "address"),
        ("%PDF-1.7 nothing\n", InputRefusedError, "PDF|pdf"),
    ],
    ids=["whose", "when", "no status", "no address", "a PDF"],
)
def test_what_is_missing_is_named_with_the_remedy(
    tmp_path: Path, text: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as refused:
        read(tmp_path, text)
    assert "a@x" not in str(refused.value)


def test_no_text_of_the_file_but_known_words_becomes_evidence(tmp_path: Path) -> None:
    rows = "email,result,reason,date\nana@x.example,valid,did you mean eva@y.example,2026-11-01\n"
    _, findings, _ = read(tmp_path, rows, Told("bureau"))
    assert "eva" not in findings["evidence"][0]
