"""Portfolios as the pipeline sees them, beside their truth: what scores are measured on.

All answers of servers are taken from the truth, as honest hosts give them; nothing is asked.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from checks.contacts import find_clusters
from checks.frames import DOMAINS, FINDINGS, HISTORY, empty, shaped
from checks.model import VERDICT_OF
from checks.score import Facts
from checks.syntax import check_syntax
from data.intake import IntakeSettings, read_portfolio
from data.reference.matching import load_match_reference
from data.reference.score import load_score_model
from data.reference.syntax import load_syntax_reference
from sandbox.market import Kind
from sandbox.portfolio import AS_OF, Truth, make_portfolio

NOW: Final = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)
VERDICT_WORDS: Final = {reason.value: verdict.value for reason, verdict in VERDICT_OF.items()}

ANSWERS: Final = {
    "exists": "mailbox_accepted",
    "absent": "mailbox_not_found",
    "disabled": "mailbox_disabled",
    "full": "mailbox_full",
}
ROUTES: Final = {
    "nxdomain": "no_such_domain",
    "null_mx": "null_mx",
    "no_mx": "no_mail_route",
    "mx_missing": "no_mail_route",
    "mx_to_localhost": "no_mail_route",
    "mx_ip_literal": "no_mail_route",
    "servfail": "dns_servfail",
}
PROVIDERS: Final = {
    "outlook": "microsoft_consumer",
    "workspace": "google_workspace",
    "m365": "microsoft_365",
    "hostinger_titan": "hostinger",
}
NOT_ASKED: Final = ("outlook", "yahoo")
SILENT: Final = ("no_listener", "mx_timeout")


@dataclass(frozen=True, slots=True)
class World:
    """One portfolio as the pipeline sees it, and what only the referee knows."""

    facts: Facts
    invoices: pl.DataFrame
    ends: pl.DataFrame  # address, delivered, is_hard
    owners: pl.DataFrame  # debtor_id, address, reaches
    truth: Truth


@lru_cache(maxsize=3)
def make_world(kind: Kind, debtors: int, seed: int, *, probing: bool, wear: float = 1.0) -> World:
    """Return a portfolio through the real intake, shape check and matching."""
    portfolio = make_portfolio(kind, debtors, seed, wear=wear)
    with tempfile.TemporaryDirectory() as folder:
        path = portfolio.write(Path(folder))
        read = read_portfolio([path], IntakeSettings(legal_basis="LGPD art. 7, X"), Path(folder))
    shapes = check_syntax(
        read.contacts["email_raw"].unique(), load_syntax_reference(allow_special_use=True)
    )
    located = read.contacts.join(shapes, on="email_raw").filter(pl.col("domain").is_not_null())
    asked = shapes.filter(pl.col("domain").is_not_null()).select("address", "domain").unique()
    domains, findings = answers_of(asked, portfolio.truth)
    facts = Facts(
        contacts=read.contacts,
        debtors=read.debtors,
        clusters=find_clusters(
            read.debtors,
            located.select("creditor_id", "debtor_id", "address"),
            load_match_reference(),
        ).clusters,
        syntax=shapes,
        domains=domains,
        findings=findings if probing else empty(FINDINGS),
        history=empty(HISTORY),
    )
    return World(
        facts, read.invoices, ends_of(portfolio.truth), owners_of(portfolio.truth), portfolio.truth
    )


def ends_of(truth: Truth) -> pl.DataFrame:
    """Return what a message to each address ends in."""
    return truth.addresses.select(
        "address",
        (pl.col("delivery") == "delivered").alias("delivered"),
        (pl.col("delivery") == "hard_bounce").alias("is_hard"),
    )


def owners_of(truth: Truth) -> pl.DataFrame:
    """Return whether each debtor's addresses are the debtor's.

    Beside what stands in the file it knows what was meant: intake mends slips of shape.
    """
    meant = truth.contacts.join(
        truth.addresses.select("owner", intended="address"), on="intended"
    ).select(
        "debtor_id",
        pl.col("intended").alias("address"),
        (pl.col("owner") == pl.col("person")).fill_null(value=False).alias("reaches_debtor"),
    )
    asked = truth.contacts.select(
        "debtor_id", pl.col("asked").alias("address"), "reaches_debtor"
    ).drop_nulls("address")
    return (
        pl.concat([asked, meant])
        .group_by("debtor_id", "address")
        .agg(pl.col("reaches_debtor").any())
    )


def answers_of(asked: pl.DataFrame, truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return DOMAINS and FINDINGS as honest servers would answer, under the default policy."""
    now = pl.lit(NOW).dt.cast_time_unit("us")
    known = asked.join(truth.addresses.drop("domain"), on="address", how="inner")
    route = pl.col("dns").replace_strict(ROUTES, default=None, return_dtype=pl.String)
    models = load_score_model().prior
    host = pl.col("host").replace(PROVIDERS)
    domains = known.unique("domain").with_columns(
        route.alias("reason"),
        pl.when(host.is_in(sorted(models))).then(host).otherwise(pl.lit("other")).alias("provider"),
        pl.lit([], dtype=pl.List(pl.String)).alias("mx_hosts"),
        pl.lit([], dtype=pl.List(pl.String)).alias("mx_addresses"),
        pl.lit("{}").alias("evidence"),
        now.alias("checked_at"),
        now.alias("expires_at"),
    )
    reason = (
        pl.when(pl.col("host").is_in(NOT_ASKED))
        .then(pl.lit("not_asked_policy"))
        .when(pl.col("dns").is_in(SILENT) | pl.col("host").is_in(SILENT))
        .then(pl.lit("no_connection"))
        .when("accepts_all")
        .then(pl.lit("accepts_all"))
        .otherwise(pl.col("mailbox").replace_strict(ANSWERS, default="mailbox_not_found"))
    )
    findings = known.filter(route.is_null()).with_columns(
        reason.alias("reason"),
        pl.lit("mailbox").alias("check"),
        pl.lit("{}").alias("evidence"),
        now.alias("checked_at"),
    )
    verdict = pl.col("reason").replace_strict(VERDICT_WORDS, default=None, return_dtype=pl.String)
    return (
        shaped(domains.with_columns(verdict.alias("verdict")), DOMAINS),
        shaped(findings.with_columns(verdict.alias("verdict")), FINDINGS),
    )
