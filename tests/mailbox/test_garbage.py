"""While many wait, a full collection leaves what is old alone; afterwards it is as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from checks.mailbox.garbage import small_collections


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave the collector as it was found."""
    was_on = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was_on else gc.disable)()


def test_what_has_outlived_a_collection_is_not_visited_again() -> None:
    with small_collections():
        begun = gc.get_freeze_count()
        kept = [[number] for number in range(10_000)]
        gc.collect()
        assert gc.get_freeze_count() >= begun + len(kept)
        assert len(gc.get_objects()) < len(kept)
    assert gc.get_freeze_count() == 0


def test_garbage_made_in_the_block_is_still_collected() -> None:
    with small_collections():
        knot: list[object] = []
        knot.append(knot)
        del knot
        assert gc.collect() >= 1


def test_a_block_within_a_block_changes_nothing() -> None:
    with small_collections():
        with small_collections():
            pass
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_a_collector_that_is_off_stays_alone() -> None:
    gc.disable()
    with small_collections():
        assert gc.get_freeze_count() == 0
