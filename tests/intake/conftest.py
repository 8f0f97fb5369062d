"""Helpers of the intake tests: files made on the spot, read as a user's would be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from data.intake import IntakeSettings, Limits, Portfolio, read_portfolio

# a busy machine is no reason to fail; what must be fast has a test of its own
hypothesis_settings.register_profile("intake", deadline=None)
hypothesis_settings.load_profile("intake")

Reader = Callable[..., Portfolio]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return a function that writes bytes to files and reads them as one portfolio."""

    def read_files(
        *contents: bytes,
        names: tuple[str, ...] = ("a.csv", "b.csv"),
        settings: IntakeSettings | None = None,
        limits: Limits | None = None,
    ) -> Portfolio:
        inbox, work = tmp_path / "inbox", tmp_path / "work"
        inbox.mkdir(exist_ok=True)
        work.mkdir(exist_ok=True)
        paths = [inbox / name for name, _ in zip(names, contents, strict=False)]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        portfolio = read_portfolio(paths, settings or IntakeSettings(), work, limits=limits)
        assert not list(work.iterdir()), "personal data was left behind"
        return portfolio

    return read_files
