"""The shipped lists keep their own rules and do not contradict each other."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from publicsuffixlist import PublicSuffixList

from checks.syntax import check_syntax
from checks.syntax.likeness import edits_allowed
from data.reference import load_syntax_reference
from data.reference.tables import read_column, read_lines, read_rows

FOLDER = Path(__file__).parents[2] / "data" / "reference"
LISTS = sorted(path.name for path in FOLDER.glob("*.txt"))
TABLES = [
    "domain_typos.csv",
    "ending_typos.csv",
    "legal_forms.csv",
    "name_particles.csv",
    "placeholders.csv",
    "role_names.csv",
    "special_use_domains.csv",
]
REFERENCE = load_syntax_reference()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_each_line_once(name: str) -> None:
    lines = read_lines(name)
    assert len(lines) == len(set(lines)) > 0
    assert all(line == line.strip().lower() for line in lines)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_complete_and_holds_each_row_once(name: str) -> None:
    rows = read_rows(name)
    assert len(rows) == len({tuple(row.values()) for row in rows}) > 0
    assert all(value for row in rows for value in row.values())


@pytest.mark.parametrize(
    "name",
    [*TABLES, *LISTS],
)
def test_every_file_has_its_section_in_sources(name: str) -> None:
    assert f"\n## {name}\n" in (FOLDER / "SOURCES.md").read_text(encoding="utf-8")


def test_special_use_covers_what_the_library_refuses() -> None:
    assert set(SPECIAL_USE_DOMAIN_NAMES) <= REFERENCE.special_use_domains


def test_popular_domains_are_free_and_never_a_typo_or_disposable() -> None:
    popular = set(REFERENCE.popular_domains)
    assert popular <= REFERENCE.free_domains
    assert not popular & REFERENCE.disposable_domains
    assert not popular & (REFERENCE.domain_typos.keys() | REFERENCE.likely_domains.keys())


def test_a_typo_means_a_popular_domain_and_is_not_a_real_one() -> None:
    assert set(REFERENCE.domain_typos.values()) <= set(REFERENCE.popular_domains)
    assert not REFERENCE.domain_typos.keys() & REFERENCE.real_domains
    assert not REFERENCE.domain_typos.keys() & set(read_lines("free_domains.txt"))


def test_a_wrong_ending_exists_nowhere_and_a_right_one_does() -> None:
    suffixes = PublicSuffixList(accept_unknown=False)
    for written, meant in REFERENCE.ending_typos.items():
        assert not suffixes.is_public(written), written
        assert suffixes.is_public(meant), meant


def test_finance_roles_are_roles() -> None:
    assert set() < REFERENCE.finance_roles < REFERENCE.role_names


def test_lists_are_plain_lower_case() -> None:
    words = REFERENCE.role_names | REFERENCE.placeholder_names | REFERENCE.placeholder_cells
    assert all(word.isascii() and word == word.lower() for word in words)


def test_names_are_plain_upper_case() -> None:
    words = read_column("legal_forms.csv", "form") + read_column("name_particles.csv", "particle")
    assert words
    assert all(word.isascii() and word == word.upper() for word in words)


def test_the_reference_is_read_once_and_a_lab_differs_in_one_thing() -> None:
    lab = load_syntax_reference(allow_special_use=True)
    assert load_syntax_reference() is REFERENCE
    assert lab.allow_special_use
    assert lab.role_names is REFERENCE.role_names


def test_popular_domains_are_told_apart_from_each_other() -> None:
    popular = pl.Series([f"ana@{domain}" for domain in REFERENCE.popular_domains])
    assert check_syntax(popular, REFERENCE)["suggestion"].is_null().all()
    assert all(edits_allowed(name) == 0 for name in ("uol", "bol", "ig", "oi", "r7", "live"))
