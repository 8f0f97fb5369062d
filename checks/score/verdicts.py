"""One verdict per creditor and address, from all that was asked and all that happened.

The first rule of `VERDICT_RULES` that holds gives verdict and reason:

== ========================= ===================================================================
 1 impossible shape          no server can make it right
 2 hard bounce               newer than any delivery or sign of the owner: a real message failed,
                             which outweighs what a server says to a stranger
 3 condemned domain          DNS, unless something was delivered after it was asked
 4 refused mailbox           the server's 5xx (or a full mailbox), unless delivered since
 5 accepted mailbox          the server's answer, bounded by a refusal
 6 confirmed by owner        click, download, reply or login
 7 delivered before          no bounce since
 8 disposable                may be gone tomorrow
 9 suspected typo            probably somebody else's mailbox or nobody's
10 accepts all               the server says yes to everybody
11 soft bounces              since the last delivery
12 unknown of the mailbox    asked without an answer, or not asked by policy or budget
13 unknown of the domain     DNS did not answer
14 not asked                 SMTP is off
== ========================= ===================================================================

Unknown never condemns: rules 12 to 14 come last, and no fault of a network or of our own is a
reason of rules 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Final

import polars as pl

from checks.frames import shaped
from checks.model import VERDICT_OF, Reason, ScoreBasis, Verdict
from checks.score.claims import claim_facts, standing_claim
from checks.score.reference import ScoreReference
from checks.score.tables import ADDRESSES, SOURCES, Facts

ADDRESS_KEY: Final = ("creditor_id", "address")


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """One line of the table above: where `holds`, the address gets `reason`."""

    number: int
    holds: pl.Expr
    reason: pl.Expr


def _reasons_of(verdict: Verdict) -> list[str]:
    return [reason.value for reason, own in VERDICT_OF.items() if own is verdict]


_CONDEMNING: Final = _reasons_of(Verdict.UNDELIVERABLE)
_UNKNOWN: Final = _reasons_of(Verdict.UNKNOWN)
_OUTDATED_BY_DELIVERY: Final = [*_CONDEMNING, Reason.MAILBOX_FULL.value]
_MAILBOX_ANSWERS: Final = [*_OUTDATED_BY_DELIVERY, *_reasons_of(Verdict.DELIVERABLE), "accepts_all"]


def _is(column: str, reason: Reason) -> pl.Expr:
    return pl.col(column).eq_missing(reason.value)


def _fixed(reason: Reason) -> pl.Expr:
    return pl.lit(reason.value)


VERDICT_RULES: Final = (
    VerdictRule(1, pl.col("shape_reason").is_not_null(), pl.col("shape_reason")),
    VerdictRule(2, pl.col("is_bounced"), _fixed(Reason.BOUNCED_BEFORE)),
    VerdictRule(3, pl.col("domain_reason").is_in(_CONDEMNING), pl.col("domain_reason")),
    VerdictRule(4, pl.col("mailbox_reason").is_in(_OUTDATED_BY_DELIVERY), pl.col("mailbox_reason")),
    VerdictRule(5, _is("mailbox_reason", Reason.MAILBOX_ACCEPTED), pl.col("mailbox_reason")),
    VerdictRule(6, pl.col("heard_at").is_not_null(), _fixed(Reason.CONFIRMED_BY_OWNER)),
    VerdictRule(7, pl.col("alive_at").is_not_null(), _fixed(Reason.DELIVERED_BEFORE)),
    VerdictRule(8, pl.col("is_disposable"), _fixed(Reason.DISPOSABLE)),
    VerdictRule(9, pl.col("is_suspected"), _fixed(Reason.SUSPECTED_TYPO)),
    VerdictRule(10, _is("mailbox_reason", Reason.ACCEPTS_ALL), pl.col("mailbox_reason")),
    VerdictRule(11, pl.col("soft_bounces") > 0, _fixed(Reason.BOUNCED_SOFTLY_BEFORE)),
    VerdictRule(12, pl.col("mailbox_reason").is_in(_UNKNOWN), pl.col("mailbox_reason")),
    VerdictRule(13, pl.col("domain_reason").is_in(_UNKNOWN), pl.col("domain_reason")),
    VerdictRule(14, pl.lit(value=True), _fixed(Reason.NOT_ASKED_SMTP_OFF)),
)


def merge_verdicts(facts: Facts, reference: ScoreReference, *, answer_days: int) -> pl.DataFrame:
    """Return ADDRESSES: one row per creditor and address, sorted by both.

    `answer_days` is how long a mailbox server's answer counts (`expires_at`); an address that
    nobody was asked about has neither `checked_at` nor `expires_at`.
    """
    merged = (
        _addresses(facts)
        .join(_domain_facts(facts.domains), on="domain", how="left")
        .join(_mailbox_facts(facts.findings), on="address", how="left")
        .join(claim_facts(facts.findings), on="address", how="left")
        .join(facts.history, on=list(ADDRESS_KEY), how="left")
    )
    merged = _without_outdated(merged.with_columns(standing_claim(_MAILBOX_ANSWERS)))
    merged = merged.with_columns(_provider(reference), _reason(VERDICT_RULES).alias("reason"))
    merged = merged.with_columns(
        pl.col("reason").replace_strict(_VERDICT_WORDS, return_dtype=pl.String).alias("verdict"),
        _basis().alias("score_basis"),
        _is("asked_reason", Reason.ACCEPTS_ALL).alias("is_catch_all"),
        pl.coalesce("mailbox_checked_at", "domain_checked_at").alias("checked_at"),
        pl.coalesce(
            pl.col("mailbox_checked_at") + timedelta(days=answer_days),
            pl.col("domain_expires_at"),
        ).alias("expires_at"),
    )
    return shaped(merged, ADDRESSES).sort(*ADDRESS_KEY)


_VERDICT_WORDS: Final = {reason.value: verdict.value for reason, verdict in VERDICT_OF.items()}


def _addresses(facts: Facts) -> pl.DataFrame:
    """Return the distinct addresses of each creditor with what their shape and dates say."""
    shape = facts.syntax.select(
        "email_raw",
        "address",
        "domain",
        pl.when(pl.col("verdict") == Verdict.UNDELIVERABLE)
        .then(pl.col("reason"))
        .alias("shape_reason"),
        pl.col("is_disposable").fill_null(value=False),
        _is("reason", Reason.SUSPECTED_TYPO).alias("is_suspected"),
    )
    contacts = facts.contacts.select(
        "creditor_id", "debtor_id", "email_raw", "source_date", "confirmed_at", _source_rank()
    ).join(shape, on="email_raw", how="inner")
    known = contacts.group_by(*ADDRESS_KEY).agg(
        pl.col("domain", "shape_reason").max(),
        pl.col("is_disposable", "is_suspected").any(),
        pl.col("source_rank").min(),
    )
    dated = known.join(_dates(contacts, facts.clusters), on=list(ADDRESS_KEY), how="left")
    return dated.with_columns(
        pl.col("source_rank")
        .replace_strict(dict(enumerate(SOURCES)), return_dtype=pl.String)
        .alias("source"),
    )


def _dates(contacts: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return since when a file knows each address, and when its owner confirmed it.

    Of one person's records the newest date counts, of several persons' the middle one, and a
    confirmation only where all have one: an address on two persons' records belongs to one of them
    and was copied to the other, and nobody knows which date is the copy's.
    """
    person = pl.coalesce("cluster_id", "debtor_id").alias("person")
    newest = (
        contacts.join(
            clusters.select("creditor_id", "debtor_id", "cluster_id"),
            on=["creditor_id", "debtor_id"],
            how="left",
        )
        .group_by(*ADDRESS_KEY, person)
        .agg(pl.col("source_date", "confirmed_at").max())
    )
    confirmed = pl.col("confirmed_at")
    return newest.group_by(*ADDRESS_KEY).agg(
        pl.col("source_date").mean().cast(pl.Date),
        pl.when(confirmed.is_not_null().all()).then(confirmed.min()).alias("file_confirmed_at"),
    )


def _source_rank() -> pl.Expr:
    ranks = {word: rank for rank, word in enumerate(SOURCES)}
    return (
        pl.col("source")
        .replace_strict(ranks, default=ranks["unknown"], return_dtype=pl.Int64)
        .alias("source_rank")
    )


def _domain_facts(domains: pl.DataFrame) -> pl.DataFrame:
    return domains.select(
        "domain",
        pl.col("reason").alias("domain_reason"),
        pl.col("provider").alias("mx_provider"),
        pl.col("mx_hosts").list.first().alias("first_mx"),
        pl.col("checked_at").alias("domain_checked_at"),
        pl.col("expires_at").alias("domain_expires_at"),
    )


def _mailbox_facts(findings: pl.DataFrame) -> pl.DataFrame:
    """Return the newest mailbox finding of each address with its evidence taken apart."""
    return (
        findings.filter(pl.col("check") == "mailbox")
        .sort("address", "checked_at", "reason", "evidence", descending=[False, True, False, False])
        .unique("address", keep="first", maintain_order=True)
        .select(
            "address",
            pl.col("reason").alias("mailbox_reason"),
            pl.col("checked_at").alias("mailbox_checked_at"),
            *(
                pl.col("evidence").str.json_path_match(f"$.{name}").alias(name)
                for name in ("mx_host", "smtp_enhanced", "smtp_text")
            ),
            pl.col("evidence")
            .str.json_path_match("$.smtp_code")
            .cast(pl.Int64, strict=False)
            .alias("smtp_code"),
        )
    )


def _without_outdated(merged: pl.DataFrame) -> pl.DataFrame:
    """Keep of each kind of evidence only what nothing newer refutes."""
    confirmed = pl.max_horizontal("confirmed_at", "file_confirmed_at")
    merged = merged.with_columns(
        confirmed.alias("heard_at"),
        pl.max_horizontal(confirmed, "last_delivered_at").alias("alive_at"),
        pl.max_horizontal("confirmed_at", "last_delivered_at").alias("met_at"),
        pl.col("mailbox_reason").alias("asked_reason"),
        (pl.col("domain_checked_at").is_not_null() & pl.col("domain_reason").is_null()).alias(
            "takes_mail"
        ),
        pl.col("delivered", "soft_bounces", "hard_bounces").fill_null(0),
        pl.coalesce("mx_host", "first_mx").alias("mx_host"),
    )
    return _with_dates(_without_refuted(_without_overtaken(merged)))


def _without_overtaken(merged: pl.DataFrame) -> pl.DataFrame:
    """Drop bounces and refusals that are older than the last sign of life."""

    def stands(moment: str) -> pl.Expr:
        return pl.col("alive_at").is_null() | (pl.col(moment) >= pl.col("alive_at"))

    refusable = pl.col("mailbox_reason").is_in(_OUTDATED_BY_DELIVERY)
    condemned = pl.col("domain_reason").is_in(_CONDEMNING)
    return merged.with_columns(
        (pl.col("last_hard_at").is_not_null() & stands("last_hard_at")).alias("is_bounced"),
        pl.when(~condemned | stands("domain_checked_at")).then("domain_reason"),
        pl.when(~refusable | stands("mailbox_checked_at")).then("mailbox_reason"),
        pl.when(stands("last_soft_at")).then("soft_bounces").otherwise(0).alias("soft_bounces"),
    )


def _without_refuted(merged: pl.DataFrame) -> pl.DataFrame:
    """Drop signs of life that a newer bounce or refusal ended."""
    refuted = (
        pl.col("is_bounced")
        | pl.col("domain_reason").is_in(_CONDEMNING).fill_null(value=False)
        | pl.col("mailbox_reason").is_in(_CONDEMNING).fill_null(value=False)
    )
    return merged.with_columns(
        pl.when(~refuted).then(name).alias(name) for name in ("alive_at", "met_at", "heard_at")
    )


def _with_dates(merged: pl.DataFrame) -> pl.DataFrame:
    """Add from when the address was proven to live, and how a file dates it."""
    accepted = _is("mailbox_reason", Reason.MAILBOX_ACCEPTED) & ~pl.col("is_bounced")
    return merged.with_columns(
        pl.max_horizontal("met_at", pl.when(accepted).then("mailbox_checked_at")).alias(
            "proven_at"
        ),
        pl.max_horizontal(
            pl.col("source_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            pl.when(pl.col("heard_at").is_not_null()).then("file_confirmed_at"),
        ).alias("dated_at"),
    )


def _provider(reference: ScoreReference) -> pl.Expr:
    """Return who runs the mailbox: told by MX hosts that are known, else by a consumer domain."""
    by_host = pl.when(pl.col("mx_provider") != "other").then("mx_provider")
    by_domain = pl.col("domain").replace_strict(
        dict(reference.provider_of),
        default=None,
        return_dtype=pl.String,
    )
    return pl.coalesce(by_host, by_domain, pl.lit("other")).alias("provider")


def _reason(rules: tuple[VerdictRule, ...]) -> pl.Expr:
    """Return the reason of the first rule that holds."""
    return reduce(
        lambda later, rule: pl.when(rule.holds).then(rule.reason).otherwise(later),
        reversed(rules),
        pl.lit(None, dtype=pl.String),
    )


def _basis() -> pl.Expr:
    """Return what the score rests on; what decided the verdict comes first."""
    by_history = pl.col("reason").is_in(
        [
            Reason.BOUNCED_BEFORE,
            Reason.BOUNCED_SOFTLY_BEFORE,
            Reason.CONFIRMED_BY_OWNER,
            Reason.DELIVERED_BEFORE,
        ],
    )
    answered = pl.col("mailbox_reason").is_in(_MAILBOX_ANSWERS) | pl.col("domain_reason").is_in(
        _CONDEMNING,
    )
    happened = (pl.col("delivered") + pl.col("soft_bounces") + pl.col("hard_bounces") > 0) | pl.col(
        "heard_at"
    ).is_not_null()
    return (
        pl.when(pl.col("shape_reason").is_not_null())
        .then(pl.lit(ScoreBasis.PRIOR.value))
        .when(by_history)
        .then(pl.lit(ScoreBasis.HISTORY.value))
        .when(answered)
        .then(pl.lit(ScoreBasis.ASKED.value))
        .when(happened)
        .then(pl.lit(ScoreBasis.HISTORY.value))
        .otherwise(pl.lit(ScoreBasis.PRIOR.value))
    )
