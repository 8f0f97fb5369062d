"""A plan says beforehand whom it would ask and for how many nights."""

from __future__ import annotations

import polars as pl

from checks.mailbox.bound import bound_plan
from checks.mailbox.session import Identity
from checks.mailbox.settings import ProbeSettings
from data.reference.providers import load_providers

SETTINGS = ProbeSettings(Identity("probe.example.com", "probe@example.com"))


def bound(*groups: tuple[str, int, int], unknown: float = 0.05) -> dict[str, dict[str, object]]:
    """Bound groups of (provider, domains, addresses a domain); rows by provider."""
    rows = [
        (f"d{n}.{provider}.example", provider)
        for provider, domains, size in groups
        for n in range(domains)
        for _ in range(size)
    ]
    frame = pl.DataFrame(rows, schema=["domain", "provider"], orient="row")
    plan = bound_plan(frame, load_providers(), SETTINGS, unknown)
    return {str(row["provider"]): row for row in plan.iter_rows(named=True)}


def test_who_is_never_asked_costs_no_night() -> None:
    row = bound(("yahoo", 1, 500))["yahoo"]
    assert (row["asked"], row["addresses"], row["nights"], row["per_night"]) == (False, 500, 0, 0)


def test_an_honest_consumer_within_its_share_is_bounded_by_refusals() -> None:
    row = bound(("gmail", 1, 40_000))["gmail"]
    # 8 hours of 120 refusals at 5 in 100 carry 19,200 addresses
    assert (row["sentinels"], row["refusals"], row["per_night"], row["nights"]) == (
        0,
        2_000,
        19_200,
        3,
    )
    assert row["seconds"] == 1_999.0  # sessions of 20 recipients, a second apart


def test_a_share_above_the_limit_leaves_only_the_first_look() -> None:
    row = bound(("gmail", 1, 1_000), unknown=0.2)["gmail"]
    assert (row["per_night"], row["nights"]) == (50, 20)


def test_a_sentinel_a_domain_counts_in_every_budget() -> None:
    row = bound(("locaweb", 100, 1))["locaweb"]
    assert row["sentinels"] == 100
    assert row["per_night"] == 25  # 50 recipients, half of them sentinels


def test_everyone_else_is_bounded_host_by_host() -> None:
    row = bound(("other", 1_000, 2))["other"]
    assert (row["addresses"], row["domains"], row["nights"]) == (2_000, 1_000, 1)


def test_rows_come_by_size() -> None:
    assert list(bound(("uol", 1, 5), ("gmail", 1, 50), ("yahoo", 1, 9))) == [
        "gmail",
        "yahoo",
        "uol",
    ]
