"""Collecting garbage in small portions while thousands of recipients wait.

A full collection of CPython visits every object there is: with 200,000 recipients planned it took
up to 0.7 s, and every reply on its way waited for it. What has outlived one is therefore not
visited again while the block lasts; what dies meanwhile is nearly all freed by its last reference.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

_OLDEST: Final = 2


@contextmanager
def small_collections() -> Iterator[None]:
    """Leave what is old alone for the length of the block; nothing where the collector is off."""
    if not gc.isenabled() or _leave_the_old in gc.callbacks:
        yield
        return
    gc.freeze()
    gc.callbacks.append(_leave_the_old)
    try:
        yield
    finally:
        gc.callbacks.remove(_leave_the_old)
        gc.unfreeze()


def _leave_the_old(phase: str, info: Mapping[str, Any]) -> None:
    """Be called by the collector at the end of each collection."""
    if phase == "stop" and info["generation"] == _OLDEST:
        gc.freeze()
