"""Where an answer is worth most: tables of who goes first, and the share that nobody may pass."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mailbox.worth import Price, order_of_asking, spend_share, worth_of_answers
from data.reference.providers import load_providers

THRESHOLD = 0.80
PROVIDERS = load_providers()
Row = tuple[str, str, float, float | None]  # debtor, address, score, amount


def contacts(*rows: Row, currency: str = "BRL") -> pl.DataFrame:
    schema = {
        "debtor_id": pl.String,
        "address": pl.String,
        "score": pl.Float64,
        "amount": pl.Float64,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(creditor_id=pl.lit("loja"), currency=pl.lit(currency))


def worths(*rows: Row) -> dict[str, float]:
    found = worth_of_answers(contacts(*rows), THRESHOLD)
    return {address: round(worth, 3) for address, _, worth in found.iter_rows()}


CHANCES = [
    pytest.param(0.10, 0.10, id="hopeless: hardly ever lets the debtor in"),
    pytest.param(0.50, 0.50, id="half the time"),
    pytest.param(0.79, 0.79, id="just below: nearly always lets the debtor in"),
    pytest.param(0.80, 0.20, id="sent anyway: only a refusal changes anything"),
    pytest.param(0.99, 0.01, id="as good as certain: hardly ever changes anything"),
]


@pytest.mark.parametrize(("score", "worth"), CHANCES)
def test_an_answer_is_worth_the_chance_that_it_changes_the_decision(
    score: float, worth: float
) -> None:
    assert worths(("1", "a@x.example", score, 100.0)) == {"a@x.example": worth}


def test_an_answer_is_worth_what_is_owed() -> None:
    found = worths(("1", "a@x.example", 0.5, 300.0), ("2", "b@x.example", 0.5, 100.0))
    assert found == {"a@x.example": 0.75, "b@x.example": 0.25}  # 1.5 and 0.5 of the mean


def test_a_second_address_matters_only_where_the_first_fails() -> None:
    found = worths(("1", "first@x.example", 0.9, 100.0), ("1", "second@x.example", 0.5, 100.0))
    assert found == {"first@x.example": 0.1, "second@x.example": 0.05}


def test_after_the_first_was_accepted_the_second_is_worth_next_to_nothing() -> None:
    found = worths(("1", "first@x.example", 0.99, 100.0), ("1", "second@x.example", 0.7, 100.0))
    assert found["second@x.example"] == 0.007


def test_an_address_of_two_debtors_is_worth_both() -> None:
    found = worths(("1", "a@x.example", 0.5, 100.0), ("2", "a@x.example", 0.5, 100.0))
    assert found == {"a@x.example": 1.0}


def test_an_unknown_amount_counts_as_the_mean_and_nothing_owed_as_nothing() -> None:
    rows: list[Row] = [
        ("1", "a@x.example", 0.5, None),
        ("2", "b@x.example", 0.5, 0.0),
        ("3", "c@x.example", 0.5, 200.0),
    ]
    assert worths(*rows) == {"a@x.example": 0.5, "b@x.example": 0.0, "c@x.example": 1.0}


def test_currencies_are_compared_by_their_own_means() -> None:
    both = pl.concat(
        [
            contacts(("1", "a@x.example", 0.5, 100.0)),
            contacts(("2", "b@x.example", 0.5, 2_000.0), currency="MXN"),
        ]
    )
    assert worth_of_answers(both, THRESHOLD)["worth"].to_list() == [0.5, 0.5]


def order(rows: pl.DataFrame, provider: str = "gmail") -> list[str]:
    found = worth_of_answers(rows, THRESHOLD).with_columns(
        domain=pl.lit("x.example"), provider=pl.lit(provider)
    )
    return order_of_asking(found, PROVIDERS).sort("priority")["address"].to_list()


def test_without_amounts_the_likeliest_go_first() -> None:
    rows = contacts(
        ("1", "b@x.example", 0.6, None),
        ("2", "a@x.example", 0.9, None),
        ("3", "c@x.example", 0.99, None),
        ("4", "d@x.example", 0.6, None),
    )
    assert order(rows) == ["c@x.example", "a@x.example", "b@x.example", "d@x.example"]


def test_the_order_does_not_depend_on_that_of_the_rows() -> None:
    rows = contacts(*((str(n), f"m{n}@x.example", n % 7 / 7, 10.0 * (n % 5)) for n in range(60)))
    assert (
        order(rows) == order(rows.reverse()) == order(rows.sample(fraction=1, shuffle=True, seed=3))
    )


LIKELY = Price(0.02, 0.0, 1.0)
SPENT: list[Any] = [
    pytest.param(
        [LIKELY, Price(0.02, 0.0, 5.0)], 0.10, [1, 0], id="of two as likely, who owes more"
    ),
    pytest.param(
        [Price(0.04, 0.0, 1.0), LIKELY], 0.10, [1, 0], id="of two as worthy, the likelier"
    ),
    pytest.param([Price(0.6, 0.0, 9.0), LIKELY], 0.10, [1, 0], id="who costs waits for who earns"),
    pytest.param(
        [Price(0.6, 0.0, 9.0), Price(0.6, 0.0, 90.0), LIKELY],
        0.10,
        [2, 1, 0],
        id="of two who cost, who owes more",
    ),
    pytest.param(
        [Price(0.15, 0.5, 1.0), Price(0.15, 0.05, 1.0)],
        0.20,
        [1, 0],
        id="a domain's sentinels are part of the price",
    ),
]


@pytest.mark.parametrize(("prices", "share", "places"), SPENT)
def test_who_goes_first(prices: list[Price], share: float, places: list[int]) -> None:
    assert spend_share(prices, share) == places


PRICES = st.builds(
    Price, unknown=st.floats(0, 1), sentinels=st.just(0.0), worth=st.floats(0, 1_000)
)


@given(st.lists(PRICES, max_size=200), st.sampled_from([0.05, 0.10, 0.20]))
def test_everybody_has_a_place_and_the_share_holds_while_anybody_earns(
    prices: list[Price], share: float
) -> None:
    places = spend_share(prices, share)
    assert sorted(places) == list(range(len(prices)))
    earners = [n for n, place in enumerate(places) if prices[place].credit(share) >= 0]
    refused = list(accumulate(prices[place].refusals for place in places))
    for asked in range(earners[-1] + 1 if earners else 0):
        assert refused[asked] <= share * (asked + 1) + 1e-9


def reached(prices: list[Price], places: list[int], share: float) -> tuple[int, float]:
    """Return how many are asked, and their worth, before the expected share passes its limit."""
    refused = worth = 0.0
    for asked, place in enumerate(places, start=1):
        refused += prices[place].unknown
        if asked >= 50 and refused > share * asked:
            return asked, worth
        worth += prices[place].worth
    return len(places), worth


def test_as_many_are_reached_as_by_asking_the_likeliest_first_and_much_more_is_won() -> None:
    """A portfolio as they are: amounts have nothing to do with who exists."""
    prices = [
        Price(0.02 + 0.6 * (n * 37 % 100) / 100 * (n % 3 == 0), 0.0, 1.0 + (n * 61 % 97) ** 2 / 100)
        for n in range(3_000)
    ]
    likeliest = sorted(range(len(prices)), key=lambda n: prices[n].unknown)
    many, worth = reached(prices, likeliest, 0.10)
    ours, won = reached(prices, spend_share(prices, 0.10), 0.10)
    assert ours >= 0.9 * many
    assert won >= 1.02 * worth
    first = 500  # a budget that ends early
    by_worth = sum(prices[n].worth for n in spend_share(prices, 0.10)[:first])
    assert by_worth >= 1.8 * sum(prices[n].worth for n in likeliest[:first])
