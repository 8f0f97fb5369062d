"""What pairs of known identity teach, and what an address says once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from checks.contacts.linkage.adjust import learn_adjustments
from checks.contacts.linkage.compare import ABSENT, Field, compare_field
from checks.contacts.linkage.places import STREET, Place, with_implications
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import CODE, TEXT
from checks.contacts.linkage.values import values_of

SAME, TWO, UNKNOWN = 1, 0, -1
HOME, NAME = 1, 2  # fields beside the identity, each with the levels differs and equal


def adjusted(counts: dict[tuple[int, int, int], float]) -> tuple[np.ndarray, ...]:
    patterns = np.array(list(counts), np.int8)
    weights = [np.array([0.0, 4.0])] * 3
    offset = np.full(len(patterns), -3.0)
    return learn_adjustments(patterns, np.array(list(counts.values())), offset, weights, 0)


def test_a_home_that_two_persons_share_gives_way() -> None:
    counts = {
        (SAME, 1, 1): 3_000.0,
        (SAME, 1, 0): 20.0,
        (TWO, 1, 0): 2_000.0,  # spouses: one home, two names
        (TWO, 0, 0): 5_000.0,
    }
    _, home, name = adjusted(counts)
    assert home[1] + name[0] < -1.0, "one home and two names are two persons"
    assert home[1] + name[1] > -1.0, "one home and one name stay one"


@pytest.mark.parametrize("few", [SAME, TWO])
def test_few_known_pairs_change_nothing(few: int) -> None:
    counts = {(SAME, 1, 1): 3_000.0, (TWO, 1, 0): 2_000.0, (UNKNOWN, 1, 0): 9_000.0}
    counts = {pattern: 10.0 if pattern[0] == few else n for pattern, n in counts.items()}
    assert all(not each.any() for each in adjusted(counts))


def test_the_identity_itself_is_left_as_it_is() -> None:
    identity, _, _ = adjusted({(SAME, 1, 1): 3_000.0, (TWO, 1, 0): 2_000.0})
    assert not identity.any()


def test_levels_that_fall_are_taken_together_and_fit_as_one() -> None:
    # seen alone, "contradicts" (0) is likelier one person than "differs" (1): more words in common
    shares = {(SAME, 0): 400.0, (TWO, 0): 4_000.0, (SAME, 1): 100.0, (TWO, 1): 9_000.0}
    counts = shares | {(SAME, 2): 9_000.0, (TWO, 2): 90.0}
    patterns, offset = np.array(list(counts), np.int8), np.full(len(counts), -1.0)
    weights = [np.array([0.0, 4.0]), np.array([-1.0, 0.0, 3.0])]
    _, change = learn_adjustments(patterns, np.array(list(counts.values())), offset, weights, 0)
    total = weights[1] + change - 1.0
    assert total[0] == pytest.approx(total[1])
    assert total[0] == pytest.approx(np.log(500 / 13_000), abs=0.02), "both as often as both are"
    assert total[2] == pytest.approx(np.log(100), abs=0.05)


def place(name: str, role: Role, texts: list[str]) -> Field:
    return Field(name, role, CODE if role is Role.POSTCODE else TEXT, values_of(pl.Series(texts)))


def test_a_postcode_implies_the_city_where_each_is_of_one_city() -> None:
    postcode = place("cep", Role.POSTCODE, ["1", "1", "1", "2", "2"])
    city = place("cidade", Role.CITY, ["a", "a", "a", "b", "b"])
    cities_mixed = place("bairro", Role.CITY, ["a", "b", "c", "a", "b"])
    fields = with_implications([postcode, city, cities_mixed])
    assert [field.implied_by for field in fields] == [(), ("cep",), ()]


def test_agreement_that_a_finer_part_implies_says_nothing_more() -> None:
    postcode = place("cep", Role.POSTCODE, ["50740", "50740", "01310", "50740"])
    city = place("cidade", Role.CITY, ["a", "a", "a", "b"])
    fields = [postcode, with_implications([postcode, city])[1]]
    fields[1] = Field(city.name, city.role, city.scale, city.values, implied_by=("cep",))
    left, right = np.array([0, 0, 0]), np.array([1, 2, 3])
    told = Place()
    levels = [told.told_once(f, compare_field(f, left, right)).levels.tolist() for f in fields]
    assert levels[1] == [ABSENT, city.scale.top, 0], "implied, of its own, and contradicted"


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("rua das flores 12", "r das flores 12", "near"),
        ("rua das flores 12", "rua das flores 1200", "differs"),  # another house
        ("rua das flores", "rua das flores 12", "near"),  # a number left out
    ],
)
def test_another_number_is_another_house(left: str, right: str, level: str) -> None:
    assert STREET.levels[STREET.nearness([left], [right])[0]] == level
