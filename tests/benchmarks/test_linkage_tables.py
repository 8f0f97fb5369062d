"""What the peer of the benchmark of duplicates gets is normalised as its guides advise."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.linkage_tables import normalise
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
