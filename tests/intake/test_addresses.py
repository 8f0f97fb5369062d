"""What a cell of addresses holds."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.intake.addresses import split_cell, split_cells
from data.intake.limits import MAX_ADDRESSES_PER_CELL
from data.intake.vocabulary import load_vocabulary

WORDS = load_vocabulary()

CELLS = {
    "one address": ("ana@x.example", ["ana@x.example"]),
    "case and plus tags stay": ("Ana+1@X.Example", ["Ana+1@X.Example"]),
    "semicolon": ("a@x.example; b@y.example", ["a@x.example", "b@y.example"]),
    "comma and blank": ("a@x.example, b@y.example", ["a@x.example", "b@y.example"]),
    "comma alone": ("a@x.example,b@y.example", ["a@x.example", "b@y.example"]),
    "slash": ("a@x.example / b@y.example", ["a@x.example", "b@y.example"]),
    "slash without blanks": ("a@x.example/b@y.example", ["a@x.example", "b@y.example"]),
    "blank": ("a@x.example b@y.example", ["a@x.example", "b@y.example"]),
    "line break": ("a@x.example\nb@y.example", ["a@x.example", "b@y.example"]),
    "bar": ("a@x.example|b@y.example", ["a@x.example", "b@y.example"]),
    "the word and": ("a@x.example e b@y.example", ["a@x.example", "b@y.example"]),
    "the same twice": ("a@x.example; a@x.example", ["a@x.example"]),
    "mailto": ("mailto:a@x.example", ["a@x.example"]),
    "mailto in capitals with a subject": ("MAILTO:a@x.example?subject=x", ["a@x.example"]),
    "name and angles": ("Ana Lima <a@x.example>", ["a@x.example"]),
    "two names and angles": (
        "Ana <a@x.example>, Bia Sá <b@y.example>",
        ["a@x.example", "b@y.example"],
    ),
    "quotes": ("'a@x.example'", ["a@x.example"]),
    "trailing punctuation": ("a@x.example;", ["a@x.example"]),
    "trailing point": ("a@x.example.", ["a@x.example"]),
    "label": ("e-mail: a@x.example", ["a@x.example"]),
    "note": ("a@x.example (trabalho)", ["a@x.example"]),
    "no-break spaces around": ("\u00a0a@x.example\u00a0", ["a@x.example"]),
    "comma for a point is one bad address": ("ana@gmail,com", ["ana@gmail,com"]),
    "comma for a point beside another address": (
        "ana@gmail,com, bia@y.example",
        ["ana@gmail,com", "bia@y.example"],
    ),
    "blank inside is not guessed": ("ana maria@x.example", ["ana maria@x.example"]),
    "two ats without a separator stay": ("ana@@x.example", ["ana@@x.example"]),
    "no at is still a contact": ("ana.x.example", ["ana.x.example"]),
    "no at beside an address": ("ana.x.example; b@y.example", ["ana.x.example", "b@y.example"]),
    "a word beside an address": ("Ana; b@y.example", ["b@y.example"]),
    "empty": ("", []),
    "blank only": ("   ", []),
    "dash": ("-", []),
    "dots": ("...", []),
    "N/A": ("N/A", []),
    "zero": ("0", []),
    "NULL": ("NULL", []),
    "não tem": ("NÃO TEM", []),
    "s/email": ("s/email", []),
    "s/e-mail": ("S/ E-MAIL", []),
    "sin correo": ("Sin correo", []),
    "no tiene": ("no tiene", []),
}


@pytest.mark.parametrize(("cell", "expected"), CELLS.values(), ids=CELLS.keys())
def test_a_cell_gives_its_addresses_as_they_stood(cell: str, expected: list[str]) -> None:
    assert split_cell(cell, WORDS) == expected


def test_columns_are_split_like_single_cells() -> None:
    cells = pl.Series([cell for cell, _ in CELLS.values()])
    assert split_cells(cells, WORDS).to_list() == [expected for _, expected in CELLS.values()]


def test_a_cell_of_thousands_gives_a_bounded_number() -> None:
    cell = ";".join(f"a{number}@x.example" for number in range(3_000))
    assert split_cells(pl.Series([cell]), WORDS).list.len().item() == MAX_ADDRESSES_PER_CELL


@given(st.text(alphabet="a@.,;:/<>()'\" \n\tex?", max_size=40))
def test_every_address_found_stands_in_its_cell(cell: str) -> None:
    found = split_cell(cell, WORDS)
    assert all(address and address in cell for address in found)
    assert found or "@" not in cell.strip("@.,;:/<>()'\" \n\t?")


@given(st.lists(st.from_regex(r"\A[a-z]{1,8}@[a-z]{1,8}\.example\Z"), min_size=1, max_size=6))
def test_joined_addresses_come_apart_again(addresses: list[str]) -> None:
    distinct = list(dict.fromkeys(addresses))
    for separator in ("; ", ";", ", ", ",", " / ", "/", " ", "\n", " e ", "|"):
        assert split_cell(separator.join(addresses), WORDS) == distinct
