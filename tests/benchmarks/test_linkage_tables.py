"""What the peer of the benchmark of duplicates gets is normalised as its guides advise."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.duplicates import wrong_sends
from benchmarks.linkage_tables import flattened, normalise, register_table
from sandbox.market import Country
from sandbox.registers.register import COLUMNS

EMPTY: dict[str, str | None] = dict.fromkeys(COLUMNS["BR"])


def normalised(country: Country, cells: dict[str, str | None]) -> dict[str, object]:
    row = pl.DataFrame([{**EMPTY, "id": "1", **cells}], schema=dict.fromkeys(EMPTY, pl.String))
    return normalise(row, country).row(0, named=True)


@pytest.mark.parametrize(
    ("country", "cells", "expected"),
    [
        ("BR", {"name": "SOUZA, João da"}, {"name": "souza joao", "name_key": "joao souza"}),
        ("BR", {"name": "Padaria Sol Ltda. - ME"}, {"name": "padaria sol", "last": "sol"}),
        ("BR", {"name": "Maria S. Souza"}, {"name": "maria s souza", "last": "souza"}),
        ("BR", {"name": "Costa & Souza S/A"}, {"name": "costa souza"}),
        ("MX", {"name": "Norte S A de C V"}, {"name": "norte"}),
        ("MX", {"name": "Norte S.A. de C.V."}, {"name": "norte", "first": "norte"}),
        ("BR", {"tax_id": "529.982.247-25"}, {"tax_id": "52998224725", "tax_head": "52998224"}),
        ("BR", {"tax_id": "529.982.247-26"}, {"tax_id": None, "tax_text": "52998224726"}),
        ("BR", {"tax_id": "123.456.789-09"}, {"tax_id": None, "tax_text": None}),
        ("MX", {"tax_id": "XAXX010101000"}, {"tax_id": None, "tax_text": None}),
        (
            "BR",
            {"email": "A.na+x@GMAIL.com; b.c@uol.com.br"},
            {"emails": ["ana@gmail.com", "b.c@uol.com.br"]},
        ),
        ("BR", {"email": "NAOTEM@naotem.com.br"}, {"emails": None, "locals": None}),
        ("BR", {"phone": "+55 11 98765-4321", "phone2": "99999-9999"}, {"phones": ["87654321"]}),
        ("BR", {"street": "R. São José, 12 Apto 3"}, {"street": "sao jose", "number": "12"}),
        (
            "BR",
            {"postcode": "01000-123", "city": "São Paulo"},
            {"postcode": "01000123", "city": "sao paulo"},
        ),
        ("BR", {"birth": "31/01/1980"}, {"birth": "1980-01-31"}),
        ("MX", {"birth": "1980-01-31"}, {"birth": "1980-01-31"}),
    ],
    ids=str,
)
def test_cells_are_folded_for_the_peer(
    country: Country, cells: dict[str, str | None], expected: dict[str, object]
) -> None:
    row = normalised(country, cells)

    assert {name: row[name] for name in expected} == expected


def test_a_peer_that_sets_itself_up_gets_no_lists() -> None:
    cells = {"email": "a@uol.com.br; b@uol.com.br", "phone": "+55 11 98765-4321"}
    rows = pl.DataFrame([{**EMPTY, "id": "1", **cells}], schema=dict.fromkeys(EMPTY, pl.String))
    row = flattened(normalise(rows, "BR")).row(0, named=True)
    assert [row[name] for name in ("email1", "email2", "phone1", "phone2")] == [
        "a@uol.com.br",
        "b@uol.com.br",
        "87654321",
        None,
    ]


def test_a_letter_to_a_wrong_cluster_is_counted_by_the_records_it_is_for(tmp_path: Path) -> None:
    table = register_table("BR", 400, 1, tmp_path)
    assert table.addresses is not None
    apart = table.truth.select("record_id", cluster_id="record_id")
    everyone = table.truth.select("record_id", cluster_id=pl.lit("one"))
    right = table.truth.select("record_id", cluster_id=pl.col("entity").cast(pl.String))
    rates = [wrong_sends(each, table) or 0.0 for each in (apart, right, everyone)]
    assert rates[0] < 0.02
    assert rates[1] < 0.02
    assert rates[2] > 0.1
