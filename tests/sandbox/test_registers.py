"""Registers hold the duplicates and the traps they promise, and the same ones every time."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from stdnum.br import cnpj, cpf
from stdnum.mx import rfc

from sandbox.__main__ import main
from sandbox.market import Country, read_table
from sandbox.registers.book import open_book
from sandbox.registers.debtors import make_debtors
from sandbox.registers.post import NOBODYS
from sandbox.registers.register import COLUMNS, Register, make_register

RECORDS = 6_000
COUNTRIES: tuple[Country, ...] = ("BR", "MX")


@pytest.fixture(scope="module", params=COUNTRIES)
def register(request: pytest.FixtureRequest) -> Register:
    return make_register(request.param, RECORDS, seed=3)


@pytest.fixture(scope="module", params=COUNTRIES)
def debtors(request: pytest.FixtureRequest) -> pl.DataFrame:
    return make_debtors(open_book(request.param), 4_000, seed=3)


def cells(register: Register) -> pl.DataFrame:
    """Return the rows under plain names, with the entity."""
    heading = COLUMNS[register.country]
    plain = register.rows.rename({there: here for here, there in heading.items()})
    return plain.with_columns(register.truth["entity"]).join(register.debtors, on="entity")


def test_a_seed_makes_the_same_register_again(register: Register) -> None:
    again = make_register(register.country, RECORDS, seed=3)

    assert_frame_equal(again.rows, register.rows)
    assert_frame_equal(again.truth, register.truth)
    assert not make_register(register.country, RECORDS, seed=4).rows.equals(register.rows)


def test_every_record_has_an_id_and_a_truth_and_holds_text(register: Register) -> None:
    assert register.rows.height == RECORDS
    assert register.rows["id_contrato"].n_unique() == RECORDS
    assert register.truth["record_id"].equals(register.rows["id_contrato"], check_names=False)
    assert set(register.rows.dtypes) == {pl.String()}
    assert set(register.truth["entity"]) == set(register.debtors["entity"])


def test_debtors_have_one_to_eight_records_in_no_order(register: Register) -> None:
    sizes = register.truth.group_by("entity").len()["len"]
    beside = (register.truth["entity"].diff() == 0).sum()

    assert sizes.min() == 1
    assert sizes.max() == 8
    assert sizes.is_between(2, 8).mean() > 0.5  # type: ignore[operator]
    assert beside < RECORDS / 100


def test_no_two_debtors_share_a_tax_id_and_all_hold(debtors: pl.DataFrame) -> None:
    assert debtors["tax_id"].n_unique() == debtors.height
    for tax_id, is_company in debtors.select("tax_id", "is_company").iter_rows():
        if tax_id[:2].isalpha():
            assert rfc.is_valid(tax_id, validate_check_digits=True)
        else:
            assert (cnpj if is_company else cpf).is_valid(tax_id)


def test_the_tax_key_alone_finds_at_most_two_thirds_of_the_pairs(register: Register) -> None:
    """So that it reaches a pairwise F1 of at most 0.80."""
    known = cells(register).select("entity", pl.col("tax_id").str.replace_all(r"[.\-/]", ""))
    pairs = known.group_by("entity").agg(
        (pl.len() * (pl.len() - 1) / 2).alias("true"),
        pl.col("tax_id").drop_nulls().value_counts().struct.field("count").alias("alike"),
    )
    alike = pairs["alike"].explode().drop_nulls()
    found = (alike * (alike - 1) / 2).sum()

    assert 0.4 < float(found) / float(pairs["true"].sum()) < 0.667


@pytest.mark.parametrize(
    ("relation", "shared", "other"),
    [
        ("namesake_child", ["given", "surname1"], ["tax_id", "mobile", "mail"]),
        ("twin", ["surname1", "surname2", "birth"], ["tax_id", "mobile", "mail"]),
        ("sibling", ["surname1", "surname2"], ["tax_id", "mobile", "mail"]),
        ("spouse", ["street", "number", "landline", "postcode"], ["tax_id", "mobile", "mail"]),
        ("homonym", ["given", "surname1", "surname2", "city"], ["tax_id", "landline", "mail"]),
        ("sister", ["mail", "street", "landline"], ["tax_id", "core", "mobile"]),
        ("partner", ["mail", "mobile"], ["tax_id", "landline"]),
    ],
)
def test_those_easily_mistaken_share_what_they_should(
    debtors: pl.DataFrame, relation: str, shared: list[str], other: list[str]
) -> None:
    taken = debtors.filter(pl.col("relation") == relation)
    both = taken.join(debtors, left_on="anchor", right_on="entity", suffix="_anchor")

    assert both.height == taken.height > 10
    for name in shared:
        assert both.filter(pl.col(name) != pl.col(f"{name}_anchor")).is_empty(), name
    for name in other:
        assert both.filter(pl.col(name) == pl.col(f"{name}_anchor")).is_empty(), name


def test_brazilian_children_of_the_same_name_bear_a_word_that_says_so() -> None:
    debtors = make_debtors(open_book("BR"), 2_000, seed=1)
    child = pl.col("relation") == "namesake_child"

    assert debtors.filter(child)["generation"].null_count() == 0
    assert debtors.filter(~child.fill_null(value=False))["generation"].drop_nulls().is_empty()


def test_branches_share_their_root_and_units_of_a_franchise_only_their_brand() -> None:
    debtors = make_debtors(open_book("BR"), 4_000, seed=1)
    branches = debtors.filter(pl.col("relation") == "branch").join(
        debtors, left_on="anchor", right_on="entity", suffix="_head"
    )
    units = debtors.filter(pl.col("relation") == "franchise")

    assert branches.height > 20
    assert (
        branches["tax_id"]
        .str.head(8)
        .equals(branches["tax_id_head"].str.head(8), check_names=False)
    )
    assert (branches["tax_id"].str.slice(8, 4) != "0001").all()
    assert units["trade"].n_unique() < units.height / 3
    assert units["tax_id"].str.head(8).n_unique() == units.height


def test_an_accountants_mailbox_stands_on_several_companies(register: Register) -> None:
    office = register.owners.filter(pl.col("entity") == NOBODYS)["email"]
    clients = (
        cells(register)
        .with_columns(pl.col("email").str.to_lowercase())
        .filter(pl.col("email").is_in(office.implode()))
        .group_by("email")
        .agg(pl.col("entity").n_unique(), pl.col("kind").unique())
    )

    assert clients["entity"].max() >= 6  # type: ignore[operator]
    assert set(clients["kind"].explode()) == {"pj"}


def test_placeholders_stand_on_records_of_many_debtors(register: Register) -> None:
    rows = cells(register)
    words = open_book(register.country).words

    for column, known in (("tax_id", "tax_placeholders"), ("phone", "phone_placeholders")):
        hit = rows.filter(pl.col(column).is_in(words[known]))
        assert hit["entity"].n_unique() > 30, column


def test_a_record_without_a_usable_id_says_how_to_reach_its_debtor(register: Register) -> None:
    """A person who looks at the row must be able to tell whose it is."""
    blind = cells(register).filter(pl.col("tax_id").is_null())

    assert blind.filter(pl.col("email").is_null() & pl.col("phone").is_null()).height == 0
    assert blind.filter(pl.col("phone").is_null()).height < blind.height * 0.02


def test_names_of_one_debtor_differ_between_its_records(register: Register) -> None:
    spellings = (
        cells(register).group_by("entity").agg(pl.len(), pl.col("name").n_unique().alias("names"))
    )

    assert spellings.filter(pl.col("len") > 2)["names"].mean() > 2  # type: ignore[operator]


def test_domains_are_reserved_or_a_providers_or_slips_of_one(register: Register) -> None:
    typos = [
        typo for of_one in read_table("markets.toml")["typo_domains"].values() for typo in of_one
    ]
    known = [*open_book(register.country).words["mail_hosts"], *typos]
    domains = register.owners["email"].str.extract("@(.+)$")

    assert domains.filter(~domains.str.ends_with(".example") & ~domains.is_in(known)).is_empty()


def test_the_command_writes_rows_and_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["register", str(tmp_path), "--country", "MX", "--records", "50", "--seed", "2"])

    path = Path(capsys.readouterr().out.strip())
    register = make_register("MX", 50, seed=2)
    assert_frame_equal(pl.read_csv(path, separator=";", infer_schema=False), register.rows)
    assert_frame_equal(pl.read_parquet(tmp_path / "truth" / "truth.parquet"), register.truth)
    assert_frame_equal(pl.read_parquet(tmp_path / "truth" / "owners.parquet"), register.owners)
