"""How near two values are: names, companies, dates, tax ids, mailboxes, numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pytest

from checks.contacts.linkage.compare import ABSENT, Field, compare_field
from checks.contacts.linkage.dates import DAY, day_of
from checks.contacts.linkage.mailboxes import MAILBOX, mailboxes, phone_numbers
from checks.contacts.linkage.name_scales import PERSON, company_scale
from checks.contacts.linkage.names import name_parts
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import CODE, WORD, Scale
from checks.contacts.linkage.tax_ids import TAX_ID, tax_keys
from checks.contacts.linkage.values import (
    found_in,
    sharing_texts,
    value_lists_through,
    values_of,
)
from data.reference.matching import load_match_reference

REFERENCE: Final = load_match_reference()

LEVELS: Final = [
    # names of people
    (PERSON, "jose silva", "silva jose", "same_words"),
    (PERSON, "maria s souza", "maria silva souza", "near"),
    (PERSON, "maria souza", "maria silva souza", "near"),
    (PERSON, "m silva souza", "maria silva souza", "near"),
    (PERSON, "ana paula goncalves", "ana paula goncalvez", "near"),
    (PERSON, "ana reis", "rui barbosa", "differs"),
    # one word of a name
    (WORD, "catherine", "katherine", "near"),
    (WORD, "martha", "marita", "near"),
    (WORD, "daniela", "danilo", "alike"),
    (WORD, "maria", "mariana", "near"),
    (WORD, "j", "john", "alike"),
    (WORD, "ana", "rui", "differs"),
    # days
    (DAY, "19800203", "19800302", "near"),
    (DAY, "19800203", "19800204", "near"),
    (DAY, "19800203", "19810204", "two_slips"),
    (DAY, "1980", "19800204", "two_slips"),
    (DAY, "19800203", "19551128", "differs"),
    # tax ids: "=" marks a valid one
    (TAX_ID, "=52998224725", "=11144477735", "conflict"),
    (TAX_ID, "=52998224725", "52998224752", "one_slip"),
    (TAX_ID, "=52998224725", "11111111111", "differs"),
    (TAX_ID, "=11222333000181", "=11222333000262", "part"),
    (TAX_ID, "=GODE561231GR8", "GODE561231", "part"),
    # mailboxes
    (MAILBOX, "ana81@x.example", "ana81@other.example", "same_name"),
    (MAILBOX, "ana.reis@x.example", "ana.reis@provider.example", "differs"),
    (MAILBOX, "ana.reis@x.example", "ana.reiss@x.example", "one_slip"),
    (MAILBOX, "info@x.example", "info@another.example", "differs"),
    # codes
    (CODE, "50740", "50704", "one_slip"),
    (CODE, "50740", "51704", "two_slips"),
    (CODE, "50740", "01310", "differs"),
]


@pytest.mark.parametrize(("scale", "left", "right", "level"), LEVELS)
def test_levels(scale: Scale, left: str, right: str, level: str) -> None:
    there, back = scale.nearness([left], [right]), scale.nearness([right], [left])
    assert scale.levels[there[0]] == level
    assert there.tolist() == back.tolist()


COMPANIES: Final = ["casa lima", "casa lima modas", "casa reis", "loja boa 1", "loja boa 2", "zeta"]


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("casa lima", "lima casa", "same_words"),
        ("casa lima", "casa lima modas", "alike"),
        ("casa lima modas", "casa l modas", "near"),
        ("loja boa 1", "loja boa 2", "contradicts"),  # numbered ones are two
        ("casa lima", "casa reis", "contradicts"),  # each has a word of its own
        ("casa lima", "zeta", "differs"),  # a trade name may be anything
        ("casa limas modas", "casa limas mod", "near"),  # cut short
    ],
)
def test_company_levels(left: str, right: str, level: str) -> None:
    scale = company_scale(values_of(pl.Series(COMPANIES)))
    assert scale.levels[scale.nearness([left], [right])[0]] == level


@pytest.mark.parametrize(
    ("name", "key", "generation", "kind"),
    [
        ("jose da silva filho", "jose silva", "filho", "person"),
        ("jose silva jr", "jose silva", "junior", "person"),
        ("dr jose silva", "jose silva", None, "person"),  # a title tells nobody apart
        ("filho", "filho", None, None),  # a name alone is no suffix
        ("padaria pao doce ltda me", "padaria pao doce", None, "company"),
        ("aceros del norte s a de c v", "aceros norte", None, "company"),
        ("12 345 678 ana lima", "ana lima", None, "company"),  # a one-person company's number
        ("jose silva confeccoes", "jose silva confeccoes", None, None),  # may be either
        ("ltda", "ltda", None, None),  # nothing would be left
    ],
)
def test_name_parts(name: str, key: str, generation: str | None, kind: str | None) -> None:
    company, person = kind == "company", kind == "person"
    found = name_parts(pl.Series([name]), REFERENCE.names).row(0)
    assert found == (key, generation, company, person)


@pytest.mark.parametrize(
    ("column", "days"),
    [
        (["28/02/1980", "1980-02-28", "19800228"], ["19800228"] * 3),
        (["02/28/1980", "3/4/1980"], ["19800228", "19800304"]),  # the month stands first here
        (["1980-02-28T00:00:00", "28.2.1980"], ["19800228"] * 2),
        (["28021980", "n/d"], ["19800228", "nd"]),
    ],
)
def test_days(column: list[str], days: list[str]) -> None:
    assert day_of(pl.Series(column)).to_list() == days


def test_ids_of_no_known_kind_identify_nobody_for_sure() -> None:
    # one in a hundred numbers of eleven digits is a CPF by chance
    numbers = [*(f"{number}" for number in range(10_000_000_001, 10_000_000_050)), "52998224725"]
    keys = tax_keys(pl.Series(numbers))
    assert keys["identity"].null_count() == len(numbers)
    assert keys["text"].to_list() == numbers


def test_placeholders_of_tax_ids_are_missing() -> None:
    keys = tax_keys(pl.Series(["XAXX010101000", "000.000.000-00", "529.982.247-25"]))
    assert keys["text"].to_list() == [None, None, "=52998224725"]


def test_mailboxes_of_several_columns_and_cells() -> None:
    columns = [
        pl.Series(["Ana.Lima@gmail.com; x@y.example", None]),
        pl.Series(["<analima+nf@gmail.com>", "nao tem"]),
    ]
    lists = value_lists_through(columns, lambda cells: mailboxes(cells, REFERENCE.alias_rules))
    assert lists.texts.to_list() == ["analima@gmail.com", "x@y.example"]
    assert (lists.codes.tolist(), lists.starts.tolist()) == ([0, 1], [0, 2, 2])


def test_phones_by_their_last_digits() -> None:
    column = pl.Series(
        ["+55 11 98765-4321", "(11) 8765-4321", "00000000", "123", "3333.4444/5555-6666"]
    )
    assert phone_numbers(column).rows() == [
        (0, "87654321"),
        (1, "87654321"),
        (4, "33334444"),
        (4, "55556666"),
    ]


def test_lists_agree_by_their_rarest_value() -> None:
    cells = pl.Series(["a z", "a z", "a", "a q", None])
    words = pl.col("text").str.split(" ")
    lists = value_lists_through([cells], lambda texts: found_in(texts, words))
    field = Field("email", Role.EMAIL, MAILBOX, lists)
    left, right = np.array([0, 0, 2, 0]), np.array([1, 2, 4, 3])
    compared = compare_field(field, left, right)
    assert compared.levels.tolist() == [MAILBOX.top, MAILBOX.top, ABSENT, MAILBOX.top]
    assert [lists.texts[code] if code >= 0 else None for code in compared.shared.tolist()] == [
        "z",
        "a",
        None,
        "a",
    ]


def test_names_in_each_others_column_are_near() -> None:
    given, surname = sharing_texts(
        values_of(pl.Series(["ana", "reis", "ana"])), values_of(pl.Series(["reis", "ana", "lima"]))
    )
    field = Field("given", Role.GIVEN_NAME, WORD, given, crossed=surname.codes)
    levels = compare_field(field, np.array([0, 1]), np.array([1, 2])).levels
    assert [WORD.levels[level] for level in levels] == ["near", "alike"]
