"""The lab's names say what its servers do, and its truth needs no table."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.hostile_cases import load_cases
from sandbox.lab import MOST_HOSTS, LabName, LabSize, mailboxes, truth_of

NAMES = st.builds(LabName, st.integers(0, MOST_HOSTS - 1), st.sampled_from(sorted(load_cases())))


@given(NAMES)
def test_a_name_is_read_back_from_its_domain_and_its_address(name: LabName) -> None:
    assert LabName.of_domain(name.domain) == name
    assert LabName.of_address(name.address) == name


def test_every_row_is_a_network_of_its_own() -> None:
    names = list(LabSize(1_000, 5).names())
    assert len({name.address.rpartition(".")[0] for name in names}) == 1_000


@pytest.mark.parametrize(("every", "hostile"), [(0, 0), (5, 400), (1, 2_000)])
def test_every_so_manieth_is_hostile_and_the_cases_take_turns(every: int, hostile: int) -> None:
    cases = Counter(name.case for name in LabSize(2_000, every).names() if name.is_hostile)
    assert cases.total() == hostile
    assert not cases or max(cases.values()) - min(cases.values()) <= 1


@pytest.mark.parametrize("domain", ["s16.test", "1.s16.example", "1.s00.test", "x.s16.test"])
def test_another_name_is_none_of_the_lab(domain: str) -> None:
    with pytest.raises(ValueError, match=r"lab|invalid literal|unpack"):
        LabName.of_domain(domain)


def test_every_kind_of_mailbox_is_there() -> None:
    truths = Counter(truth_of(address) for address in mailboxes(LabName(1, "S99"), 20))
    assert truths == {"exists": 12, "missing": 4, "full": 2, "disabled": 2}
