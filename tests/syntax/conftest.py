"""The real reference, and one address judged at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from checks.syntax import SyntaxReference, check_syntax
from data.reference import load_syntax_reference

Judge = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def reference() -> SyntaxReference:
    return load_syntax_reference()


@pytest.fixture(scope="session")
def judge(reference: SyntaxReference) -> Judge:
    def one(text: str) -> dict[str, Any]:
        return check_syntax(pl.Series([text]), reference).row(0, named=True)

    return one
