"""Which pairs are found, what levels weigh, and what clusters come of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.contacts.linkage.blocks import Joins, Trait, find_pairs
from checks.contacts.linkage.cluster import DECIDED, Vetoes, cluster_pairs, no_vetoes
from checks.contacts.linkage.model import CAUTION, FieldShares, LinkModel, rising_weights
from checks.contacts.linkage.scales import CATEGORY, CODE
from checks.contacts.linkage.values import MISSING
from checks.contacts.linkage.weigh import Counted, first_guess, fit_shares
from checks.errors import InputRefusedError

CODES = st.lists(st.integers(MISSING, 2), min_size=8, max_size=8)


@given(CODES, CODES, CODES)
@settings(max_examples=60, deadline=None)
def test_pairs_are_those_that_share_a_telling_trait_or_two_others(
    telling: list[int], one: list[int], other: list[int]
) -> None:
    traits = [
        Trait("telling", "telling", np.array(telling), alone=True, joins=Joins.NEVER),
        Trait("one", "one", np.array(one)),
        Trait("other", "other", np.array(other)),
    ]
    pairs = find_pairs(traits, records=8)

    def shared(codes: list[int], left: int, right: int) -> bool:
        return codes[left] == codes[right] != MISSING

    expected = [
        (left, right)
        for left, right in combinations(range(8), 2)
        if shared(telling, left, right) or (shared(one, left, right) and shared(other, left, right))
    ]
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected


def test_a_record_of_several_values_is_found_by_each_and_never_with_itself() -> None:
    codes, holders = np.array([7, 8, 8, 8]), np.array([0, 0, 1, 0])
    pairs = find_pairs([Trait("mail", "mail", codes, alone=True, holders=holders)], records=2)
    assert (pairs.left.tolist(), pairs.right.tolist()) == ([0], [1])


def test_large_blocks_find_nobody_alone_but_with_a_second_trait() -> None:
    town = Trait("town", "town", np.zeros(400, np.int64), alone=True)
    name = Trait("name", "name", np.repeat(np.arange(200), 2))
    pairs = find_pairs([town, name], records=400)
    assert len(pairs.left) == 200
    assert pairs.reports[0].largest == 400
    assert pairs.reports[0].skipped == 400


def test_pairs_that_only_an_id_has_found_are_known_as_such() -> None:
    tax_id = Trait("tax id", "tax id", np.array([5, 5, 5, 6]), alone=True, proof=True)
    mail = Trait("mail", "mail", np.array([1, 1, 2, 2]), alone=True)
    pairs = find_pairs([tax_id, mail], records=4)
    found = zip(pairs.left.tolist(), pairs.right.tolist(), pairs.proven.tolist(), strict=True)
    assert list(found) == [(0, 1, False), (0, 2, True), (1, 2, True), (2, 3, False)]


@pytest.mark.parametrize(("records", "cap"), [(10_000, 120), (100_000, 60), (400_000, 40)])
def test_blocks_are_narrower_in_larger_tables(records: int, cap: int) -> None:
    # blocks of a hundred make 50 chance pairs a record, those of fifty 25, those of twelve 5
    kinds = [np.arange(records) // size for size in (100, 50, 12, 2)]
    traits = [
        Trait(f"{place}", f"{place}", codes, alone=True, joins=Joins.NEVER)
        for place, codes in enumerate(kinds)
    ]
    assert find_pairs(traits, records).cap == cap


def test_codes_too_large_to_be_packed_make_the_same_blocks() -> None:
    codes = np.array([2**62, 3, 2**62, 3, 2**61])
    pairs = find_pairs([Trait("a", "a", codes, alone=True, joins=Joins.NEVER)], records=5)
    assert (pairs.left.tolist(), pairs.right.tolist()) == ([0, 1], [2, 3])


def test_an_explosion_is_refused() -> None:
    sixes = Trait("few", "few", np.tile(np.arange(100), 6), alone=True, joins=Joins.NEVER)
    with pytest.raises(InputRefusedError, match="look alike"):
        find_pairs([sixes] * 110, records=600)


def test_shares_are_found_again() -> None:
    """Draw pairs of a known model and learn it back."""
    draw = np.random.default_rng(3)
    m, u = np.array([0.05, 0.02, 0.08, 0.85]), np.array([0.9, 0.05, 0.03, 0.02])
    true = np.stack([draw.choice(4, 2_000, p=m) for _ in range(4)], axis=1)
    false = np.stack([draw.choice(4, 18_000, p=u) for _ in range(4)], axis=1)
    patterns, counts = np.unique(np.concatenate([true, false]), axis=0, return_counts=True)
    counted = Counted(patterns.astype(np.int8), counts.astype(np.float64))
    fit = fit_shares(counted, [u] * 4, [first_guess(CODE)] * 4, 20_000.0)
    assert fit.settled
    assert fit.duplicates == pytest.approx(0.1, rel=0.05)
    for found in fit.m:
        assert found == pytest.approx(m, abs=0.03)


def test_an_absent_value_says_nothing() -> None:
    u = [np.array([0.9, 0.1])] * 2
    counted = Counted(np.array([[1, 1], [0, 0], [1, -1]], np.int8), np.array([50.0, 900.0, 0.0]))
    fit = fit_shares(counted, u, [first_guess(CATEGORY)] * 2, 950.0)
    again = fit_shares(
        Counted(counted.patterns[:2], counted.counts[:2]), u, [first_guess(CATEGORY)] * 2, 950.0
    )
    assert fit.duplicates == pytest.approx(again.duplicates)


@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.01, 1.0)), min_size=2, max_size=6))
def test_more_agreement_never_counts_less(shares: list[tuple[float, float]]) -> None:
    m, u = (np.array(each) / sum(each) for each in zip(*shares, strict=True))
    weights = rising_weights(m, u)
    assert len(weights) == len(m)
    assert (np.diff(weights) >= -1e-9).all()


def test_weights_that_rise_stay_as_they_are() -> None:
    m, u = np.array([0.1, 0.2, 0.7]), np.array([0.7, 0.2, 0.1])
    assert rising_weights(m, u) == pytest.approx(np.log(m / u))


def test_the_prior_follows_the_size_of_the_table() -> None:
    model = LinkModel((FieldShares("a", ("differs", "equal"), (0.1, 0.9), (0.9, 0.1)),), 0.5)
    assert model.prior(10_001) == pytest.approx(np.log(0.5e-4), rel=1e-3)
    assert model.prior(1) == pytest.approx(0.0)


def test_corrected_weights_need_no_caution() -> None:
    field = FieldShares("a", ("differs", "equal"), (0.1, 0.9), (0.9, 0.1))
    plain, unmoved, corrected = (
        LinkModel((replace(field, adjusted=adjusted),), 0.5).caution
        for adjusted in ((), (0.0, 0.0), (0.0, -1.0))
    )
    assert (plain, unmoved, corrected) == (CAUTION, CAUTION, 0.0)


LEFT, RIGHT = np.array([0, 1, 0, 2, 3]), np.array([1, 2, 2, 3, 4])


def test_evidence_against_counts_like_evidence_for() -> None:
    weight = np.array([5.0, 3.0, -4.0, -1.0, 2.0])
    assert cluster_pairs(LEFT, RIGHT, weight, no_vetoes(5)).tolist() == [0, 0, 2, 3, 3]


def test_vetoes_hold_for_what_a_cluster_has_taken_in() -> None:
    identity = np.array([7, MISSING, 8, MISSING, MISSING])
    weight = np.array([5.0, 4.0, 9.0, 1.0, 1.0])
    found = cluster_pairs(LEFT, RIGHT, weight, Vetoes(identity))
    assert found.tolist() == [0, 0, 2, 2, 2]


def test_one_identity_overrules_other_vetoes() -> None:
    suffix = np.array([1, 2])
    left, right, weight = np.array([0]), np.array([1]), np.array([5.0])
    apart = cluster_pairs(left, right, weight, Vetoes(np.full(2, MISSING), (suffix,)))
    one = cluster_pairs(left, right, weight, Vetoes(np.array([3, 3]), (suffix,)))
    assert (apart.tolist(), one.tolist()) == ([0, 1], [0, 0])


def test_a_person_overrules_vetoes_and_evidence() -> None:
    vetoes = Vetoes(np.array([7, 8, MISSING, MISSING, MISSING]))
    weight = np.array([DECIDED, 3.0, 3.0, -DECIDED * DECIDED, 2.0])
    assert cluster_pairs(LEFT, RIGHT, weight, vetoes).tolist() == [0, 0, 0, 3, 3]


@given(
    st.lists(st.floats(-5, 5).filter(bool), min_size=15, max_size=15), st.permutations(range(15))
)
@settings(max_examples=50, deadline=None)
def test_the_order_of_pairs_plays_no_part(weights: list[float], order: list[int]) -> None:
    pairs = np.array(list(combinations(range(6), 2)))
    weight, shuffled = np.array(weights), np.array(order)
    vetoes = Vetoes(np.array([1, 2, MISSING, MISSING, MISSING, MISSING]))
    expected = cluster_pairs(pairs[:, 0], pairs[:, 1], weight, vetoes)
    found = cluster_pairs(pairs[shuffled, 0], pairs[shuffled, 1], weight[shuffled], vetoes)
    assert found.tolist() == expected.tolist()


@given(
    st.lists(st.sampled_from([-4.0, -1.0, 1.0, 2.0, 3.5, 6.0]), min_size=15, max_size=15),
    st.lists(st.integers(MISSING, 1), min_size=6, max_size=6),
)
@settings(max_examples=80, deadline=None)
def test_clusters_are_those_of_one_bond_after_the_other(
    weights: list[float], identity: list[int]
) -> None:
    """Clusters that nothing speaks against are taken at once, which must not show."""
    pairs = np.array(list(combinations(range(6), 2)))
    weight = np.array(weights) + 0.5 ** np.arange(8, 23)  # no two sums are equal
    found = cluster_pairs(pairs[:, 0], pairs[:, 1], weight, Vetoes(np.array(identity)))
    assert found.tolist() == one_by_one(pairs.tolist(), weight.tolist(), identity)


def one_by_one(pairs: list[list[int]], weight: list[float], identity: list[int]) -> list[int]:
    clusters = [{record} for record in range(len(identity))]
    bonds = {frozenset(pair): bond for pair, bond in zip(pairs, weight, strict=True)}

    def bond(one: set[int], other: set[int]) -> float:
        known = {identity[record] for record in one | other} - {MISSING}
        if len(known) > 1:
            return -1.0
        return sum(bonds[frozenset((left, right))] for left in one for right in other)

    while True:
        best = max(combinations(clusters, 2), key=lambda two: bond(*two), default=None)
        if best is None or bond(*best) <= 0.0:
            return [min(next(c for c in clusters if at in c)) for at in range(len(identity))]
        clusters = [each for each in clusters if each not in best] + [best[0] | best[1]]
