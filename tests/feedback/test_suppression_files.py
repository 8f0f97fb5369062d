"""`[suppress]` files: people's own lists, of which nobody may be lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from checks.errors import InputRefusedError
from checks.frames import DEBTORS, SUPPRESSIONS
from checks.model import DecisionReason
from data.feedback import read_suppressions
from data.hashing import keyed_hash

SINCE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OPT_OUT = DecisionReason.SUPPRESS_OPT_OUT
SETTLED = DecisionReason.SUPPRESS_SETTLED
WRONG_PERSON = DecisionReason.SUPPRESS_WRONG_PERSON
CPF = "52998224725"
Write = Callable[[str | bytes], Path]
EXPORT = "Cod. Cliente;E-mail;CPF;Contrato\n7;ANA@x.example, b@y.example;529.982.247-25;0077\n"
NO_CONTRACT = EXPORT.replace("0077", "")
NO_EMAIL = EXPORT.replace("ANA@x.example, b@y.example", "")


def told(frame: pl.DataFrame, key: bytes) -> set[tuple[str, str, str]]:
    """Return (creditor, subject, id), addresses read back by trying."""
    names = pl.Series(["ana@x.example", "b@y.example", "zoë@x.example", "x"])
    back = dict(zip(keyed_hash(key, names), names, strict=True))
    return {
        (creditor, subject, back[found] if subject == "address" else found)
        for creditor, subject, found in frame.select("creditor_id", "subject", "key").rows()
    }


EVERYWHERE = {("*", "address", "ana@x.example"), ("*", "address", "b@y.example")}
PERSON = {("c", "debtor", "7"), ("c", "debtor", CPF)}


@pytest.mark.parametrize(
    ("content", "reason", "expected"),
    [
        (EXPORT, OPT_OUT, EVERYWHERE | PERSON),
        (EXPORT, DecisionReason.SUPPRESS_DECEASED, EVERYWHERE | PERSON),
        (EXPORT, WRONG_PERSON, EVERYWHERE),
        (NO_EMAIL, WRONG_PERSON, PERSON),
        (EXPORT, SETTLED, {("c", "invoice", "0077")}),
        (EXPORT, DecisionReason.SUPPRESS_DISPUTED, {("c", "invoice", "0077")}),
        (NO_CONTRACT, SETTLED, PERSON),
        ("email\nana@x.example\n", SETTLED, {("c", "address", "ana@x.example")}),
        ("ana@x.example\nB@Y.EXAMPLE\n", OPT_OUT, EVERYWHERE),
        ("Lista\nana@x.example\nb@y.example\n", OPT_OUT, EVERYWHERE | {("c", "debtor", "Lista")}),
        (
            "00123\n00124\n",
            SETTLED,
            {("c", s, f"0012{n}") for s in ("debtor", "invoice") for n in (3, 4)},
        ),
        ("529.982.247-25\n", OPT_OUT, {("c", "debtor", "529.982.247-25"), ("c", "debtor", CPF)}),
        ("mailto:ana@x.example\r\n", OPT_OUT, {("*", "address", "ana@x.example")}),
        (
            "email;x\nzo\xeb@x.example;1\n".encode("latin-1"),
            OPT_OUT,
            {("*", "address", "zoë@x.example")},
        ),
        ("email\nx\n", OPT_OUT, set()),
        (
            "email,creditor\nana@x.example,c\nb@y.example,d\n",
            OPT_OUT,
            {("*", "address", "ana@x.example")},
        ),
    ],
)
def test_a_file_says_who_must_not_be_written_to(
    write: Write,
    key: bytes,
    content: str | bytes,
    reason: DecisionReason,
    expected: set[tuple[str, str, str]],
) -> None:
    found = read_suppressions(write(content), reason, "c", key, SINCE)
    assert found.schema == SUPPRESSIONS
    assert told(found, key) - {("*", "address", "x")} == expected
    assert set(found["reason"]) <= {reason.value}
    assert set(found["since"]) <= {SINCE}
    assert set(found["source"]) <= {"file.csv"}


def test_a_tax_id_stands_for_its_debtors(write: Write, key: bytes) -> None:
    debtors = pl.DataFrame(
        {
            name: {
                "creditor_id": ["c", "c", "d"],
                "debtor_id": ["D1", "D2", "D3"],
                "tax_id": [CPF, None, CPF],
            }.get(name, [None] * 3)
            for name in DEBTORS
        },
        schema=DEBTORS,
    )
    path = write("CPF\n529.982.247-25\n")
    found = read_suppressions(path, OPT_OUT, "c", key, SINCE, debtors=debtors)
    assert ("c", "debtor", "D1") in told(found, key)
    assert not {"D2", "D3"} & set(found["key"])


@pytest.mark.parametrize("content", ["", "\n \n", "email\n", "email;debtor_id\n"])
def test_an_empty_list_suppresses_nobody(write: Write, key: bytes, content: str) -> None:
    assert read_suppressions(write(content), OPT_OUT, "c", key, SINCE).is_empty()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("email;name\nana@x.example;Ana\nb@y.example\n", "row 2 of 'file.csv' cannot be read"),
        ('email;name\n"ana@x.example;Ana\nb@y.example;B\n', "row 1 of 'file.csv' cannot be read"),
        ("colour;size\nred;7\n", "known to say who must not be written to"),
        (b"PK\x03\x04" + b"x" * 100, "file of kind xlsx"),
        (bytes(range(256)) * 99, "binary"),
    ],
)
def test_a_list_of_which_a_row_might_be_lost_is_refused(
    write: Write, key: bytes, content: str | bytes, problem: str
) -> None:
    with pytest.raises(InputRefusedError, match=problem):
        read_suppressions(write(content), OPT_OUT, "c", key, SINCE)
