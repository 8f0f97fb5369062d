"""Portfolios: the shares of the lab, valid ids, a truth that fits the rows, and repeatability."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from stdnum.br import cnpj, cpf
from stdnum.mx import rfc

from sandbox.market import KINDS, Kind, load_market
from sandbox.people import make_debtors
from sandbox.portfolio import SandboxPortfolio, make_portfolio, read_truth

DEBTORS = 20_000


@pytest.fixture(scope="module", params=KINDS)
def portfolio(request: pytest.FixtureRequest) -> SandboxPortfolio:
    return make_portfolio(request.param, debtors=DEBTORS, seed=7)


def _rfc_is_valid(text: str) -> bool:
    return bool(rfc.is_valid(text, validate_check_digits=True))


@pytest.mark.parametrize(
    ("kind", "is_valid"),
    [
        ("b2c_br", cpf.is_valid),
        ("b2b_br", cnpj.is_valid),
        ("b2c_mx", _rfc_is_valid),
        ("b2b_mx", _rfc_is_valid),
    ],
)
def test_tax_ids_hold_their_check_digits(kind: Kind, is_valid: Callable[[str], bool]) -> None:
    debtors = make_debtors(load_market(kind), 3_000, seed=3)
    assert [text for text in debtors["tax_id"] if not is_valid(text)] == []


def test_entry_errors_have_their_shares(portfolio: SandboxPortfolio) -> None:
    """Five standard deviations of a binomial around each share."""
    market = load_market(portfolio.kind)
    firsts = portfolio.truth.contacts.filter(pl.col("slot") == 1).unique("person")
    found = dict(firsts["error"].value_counts(normalize=True).iter_rows())
    for error, share in market.entry_errors.items():
        assert found[error] == pytest.approx(share, abs=5 * (share / DEBTORS) ** 0.5), error


def test_duplicates_have_their_shares(portfolio: SandboxPortfolio) -> None:
    market = load_market(portfolio.kind)
    found = dict(portfolio.truth.records["copy"].value_counts().iter_rows())
    for copy, share in market.common("duplicates").items():
        assert found[copy] / DEBTORS == pytest.approx(share, abs=5 * (share / DEBTORS) ** 0.5), copy


def test_providers_have_their_shares(portfolio: SandboxPortfolio) -> None:
    market = load_market(portfolio.kind)
    meant = portfolio.truth.contacts.filter(pl.col("error") == "none").select("intended").unique()
    own = meant.join(portfolio.truth.addresses, left_on="intended", right_on="address")
    gmail = (own["host"] == "gmail").mean()
    microsoft = (own["host"] == "outlook").mean()
    assert gmail == pytest.approx(market.providers["gmail"], abs=0.04)
    assert microsoft == pytest.approx(market.providers["microsoft_consumer"], abs=0.03)


def test_every_row_and_contact_has_a_truth(portfolio: SandboxPortfolio) -> None:
    truth = portfolio.truth
    assert truth.records["line"].to_list() == list(range(1, portfolio.rows.height + 1))
    asked = truth.contacts["asked"].drop_nulls().unique()
    assert asked.is_in(truth.addresses["address"].implode()).all()
    assert truth.addresses["address"].n_unique() == truth.addresses.height
    assert truth.addresses.null_count().drop("owner").sum_horizontal().item() == 0


def test_cells_show_what_the_truth_says(portfolio: SandboxPortfolio) -> None:
    """The cell of an ordinary first contact is the asked address, whatever its case."""
    heading = "email" if portfolio.kind.endswith("br") else "correo"
    cells = portfolio.rows[heading].str.to_lowercase().alias("cell")
    rows = portfolio.truth.records.with_columns(cells).join(
        portfolio.truth.contacts.filter(pl.col("slot") == 1).select("line", "asked", "error"),
        on="line",
    )
    plain = rows.filter(
        ~pl.col("error").is_in(["swapped_field", "two_in_cell", "syntax", "placeholder"])
    )
    assert plain.filter(pl.col("cell").ne_missing(pl.col("asked"))).is_empty()


def test_old_addresses_bounce_more(portfolio: SandboxPortfolio) -> None:
    """The pipeline can learn age from data, because the truth depends on it."""
    heading = "data_email" if portfolio.kind.endswith("br") else "fecha_correo"
    year = portfolio.rows[heading].str.slice(6, 4).cast(pl.Int64).alias("year")
    told = (
        portfolio.truth.records.with_columns(year)
        .join(
            portfolio.truth.contacts.filter((pl.col("slot") == 1) & (pl.col("error") == "none")),
            on="line",
        )
        .join(portfolio.truth.addresses, left_on="asked", right_on="address")
    )
    bounced = (pl.col("delivery") == "hard_bounce").mean()
    fresh = told.filter(pl.col("year") >= 2026).select(bounced).item()
    stale = told.filter(pl.col("year") <= 2020).select(bounced).item()
    assert stale > 2 * fresh


def test_same_person_keeps_the_tax_id_under_two_ids(portfolio: SandboxPortfolio) -> None:
    records = portfolio.truth.records
    twice = records.filter(pl.col("copy") == "same_person_two_ids")
    first = records.filter(pl.col("copy") == "original")
    pairs = twice.join(first, on="person", suffix="_first")
    assert (pairs["debtor_id"] != pairs["debtor_id_first"]).all()
    assert (pairs["tax_id"] == pairs["tax_id_first"]).all()


def test_equal_seeds_give_equal_portfolios_and_others_differ() -> None:
    one, two, other = (make_portfolio("b2c_br", 500, seed) for seed in (5, 5, 6))
    assert_frame_equal(one.rows, two.rows)
    assert_frame_equal(one.truth.addresses, two.truth.addresses)
    assert not one.rows.equals(other.rows)


def test_written_portfolio_keeps_rows_and_truth_apart(tmp_path: Path) -> None:
    portfolio = make_portfolio("b2b_br", 200, seed=2)
    path = portfolio.write(tmp_path)
    rows = pl.read_csv(path, separator=";", infer_schema=False)
    assert_frame_equal(rows, portfolio.rows)
    assert_frame_equal(read_truth(tmp_path).addresses, portfolio.truth.addresses)


@pytest.mark.parametrize("debtors", [1, 2, 17])
def test_small_portfolios_are_whole(debtors: int) -> None:
    for kind in KINDS:
        portfolio = make_portfolio(kind, debtors, seed=1)
        assert portfolio.truth.records["person"].n_unique() == debtors
