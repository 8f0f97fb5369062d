"""The probability that a message sent now is delivered: prior, evidence, age, in log-odds.

Order of the steps:

1. `prior:<provider>`: an address of this provider was right on the day it was collected;
2. signs of life that nothing newer refutes: the server accepted it, something was delivered, the
   owner answered, a company's domain leads to a mail server;
3. `age:<source>`: how much of that survives the time since the last delivery, answer or acceptance,
   or since the date in the file (of several persons' records the middle), at the hazard rate of
   provider and source; `age_unknown` averages over the usual ages;
4. `catch_all:<provider>`: some domains keep whatever comes, so that old addresses arrive there too;
5. what speaks against it: bounces, refusals, a domain that takes no mail, a typo, a disposable
   domain, an odd shape, a slip in the debtor's name; and what the domain's other addresses met;
6. `calibration`, once the model was fitted to events.

What a verifier claims of the address (`claim:<word>`) is among 5, for it or against.

Unfavourable evidence never raises the score: it adds a number below zero, or takes away a sign of
life that it refutes. An impossible shape has the score 0 and no steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import polars as pl

from checks.model import SYNTAX_REASONS, Reason
from checks.score.claims import claim_weights
from checks.score.model import FALLBACK_PROVIDER, Calibration, ScoreModel, logit
from checks.score.reference import CONSUMER_PROVIDERS
from checks.score.steps import TOTAL, Step, log_odds_of, logistic, scaled, scores_of, steps_of

SECONDS_A_YEAR: Final = 365.25 * 86_400
SOFT_BOUNCES_COUNTED: Final = 3  # three in a row without a delivery is an abandoned mailbox
SHORT_LOCAL: Final = 2

_POSITIVE: Final = (Reason.MAILBOX_ACCEPTED.value,)
_ANSWERS: Final = [
    reason.value
    for reason in (
        Reason.MAILBOX_ACCEPTED,
        Reason.ACCEPTS_ALL,
        Reason.ACCEPTANCE_UNPROVEN,
        Reason.ACCEPTS_THEN_REJECTS,
        Reason.MAILBOX_FULL,
        Reason.MAILBOX_NOT_FOUND,
        Reason.MAILBOX_DISABLED,
    )
]
_IMPOSSIBLE: Final = sorted(reason.value for reason in SYNTAX_REASONS)


def score_addresses(
    addresses: pl.DataFrame,
    history: pl.DataFrame,
    as_of: datetime,
    model: ScoreModel,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return ADDRESSES with a `score` column, and the STEPS that made it.

    `addresses` also has `is_misspelt`: one slip from the name of the debtor who gave it.
    """
    possible = ~pl.col("reason").is_in(_IMPOSSIBLE)
    steps = deliverability_steps(as_of, model)
    facts = _with_domain_history(addresses, history).with_columns(
        pl.col("address").str.split_exact("@", 1).struct[0].alias("local"),
    )
    possible_ones = facts.filter(possible).sort("creditor_id", "address")
    score = scores_of(possible_ones, steps, "score")
    scored = pl.concat(
        [
            possible_ones.select(*addresses.columns, score),
            addresses.filter(~possible).with_columns(pl.lit(0.0).alias("score")),
        ],
    )
    rows = steps_of(possible_ones, steps, score="deliverability", debtor_id=pl.lit(""))
    return scored.sort("creditor_id", "address"), rows


def deliverability_steps(as_of: datetime, model: ScoreModel) -> tuple[Step, ...]:
    """Return the steps in the order of the module's list."""
    steps = (
        _prior(model),
        *_signs_of_life(model.evidence),
        _known_age(as_of, model),
        _unknown_age(model),
        _catch_all(model),
        *_bad_news(model.evidence),
        Step("local_short", _when(_is_short()) * model.shape["local_short"]),
        Step("local_digits", _when(_is_digits()) * model.shape["local_digits"]),
        Step("local_misspelt", _when(_is_misspelt()) * model.shape["local_misspelt"]),
        _domain_history(model),
    )
    return steps if model.calibration.is_identity else (*steps, _calibration(model.calibration))


def _signs_of_life(evidence: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the steps before the decay; see `checks.score.lessons.BEFORE`."""
    signs = {
        "mailbox_accepted": _mailbox_is(Reason.MAILBOX_ACCEPTED) & ~pl.col("is_bounced"),
        "delivered_before": pl.col("met_at").is_not_null(),
        "confirmed_by_owner": pl.col("heard_at").is_not_null(),
        "domain_takes_mail": pl.col("takes_mail") & _is_private(),
    }
    return tuple(Step(word, _when(holds) * evidence[word]) for word, holds in signs.items())


def _bad_news(evidence: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the steps after the decay."""
    answers = {name: weight for name, weight in evidence.items() if name not in _POSITIVE}
    soft = pl.col("soft_bounces").clip(0, SOFT_BOUNCES_COUNTED)
    return (
        Step("bounced_before", _when(pl.col("is_bounced")) * evidence["bounced_before"]),
        Step("bounced_softly_before", soft * evidence["bounced_softly_before"]),
        Step(
            "mailbox",
            _looked_up("mailbox_reason", answers),
            pl.col("mailbox_reason"),
            said=_answered_otherwise(),
        ),
        Step("domain", _looked_up("domain_reason", answers), pl.col("domain_reason")),
        Step("claim", _looked_up("claim", claim_weights(evidence)), pl.col("claim")),
        Step("disposable", _when(_may_be_dead("is_disposable")) * evidence["disposable"]),
        Step("suspected_typo", _when(_may_be_dead("is_suspected")) * evidence["suspected_typo"]),
    )


def _calibration(numbers: Calibration) -> Step:
    """Return what straightening adds to the sum of all steps before it."""
    total = pl.col(TOTAL)
    sure, unsure = -(1.0 + (-total).exp()).log(), (1.0 + total.exp()).log()
    straight = numbers.a * sure + numbers.b * unsure + numbers.c
    return Step("calibration", straight - total)


def _when(condition: pl.Expr) -> pl.Expr:
    return condition.cast(pl.Float64)


def _mailbox_is(reason: Reason) -> pl.Expr:
    return pl.col("mailbox_reason").eq_missing(reason.value)


def _looked_up(column: str, weights: dict[str, float]) -> pl.Expr:
    return pl.col(column).replace_strict(weights, default=0.0, return_dtype=pl.Float64)


def _answered_otherwise() -> pl.Expr:
    """Tell mailboxes of which a probe says something other than that they were accepted."""
    return pl.col("mailbox_reason").is_not_null() & ~_mailbox_is(Reason.MAILBOX_ACCEPTED)


def _may_be_dead(kind: str) -> pl.Expr:
    """Tell domains of a kind that nobody knows to take mail: those that do take all of it."""
    return pl.col(kind) & ~pl.col("takes_mail")


def _is_private() -> pl.Expr:
    """Tell domains that are no consumer provider's: they may not even exist."""
    return ~pl.col("provider").is_in(sorted(CONSUMER_PROVIDERS))


def _is_short() -> pl.Expr:
    return pl.col("local").str.len_chars() <= SHORT_LOCAL


def _is_digits() -> pl.Expr:
    return pl.col("local").str.contains(r"^[0-9]+$")


def _is_misspelt() -> pl.Expr:
    """Tell mailboxes one slip of the keys from the debtor's name, unless one is proven to live."""
    return pl.col("is_misspelt") & pl.col("proven_at").is_null()


def _by_provider(numbers: dict[str, float]) -> pl.Expr:
    return pl.col("provider").replace_strict(
        numbers,
        default=numbers[FALLBACK_PROVIDER],
        return_dtype=pl.Float64,
    )


def _prior(model: ScoreModel) -> Step:
    numbers = {name: logit(prior.valid) for name, prior in model.prior.items()}
    return Step("prior", _by_provider(numbers), pl.col("provider"))


def _known_age(as_of: datetime, model: ScoreModel) -> Step:
    """Return the decay since the address was proven or, if that is better, since it was dated.

    A date in a file is often that of the record and not of the address, so it is trusted in part:
    the rest of the belief takes the usual ages.
    """
    source = pl.col("source")
    proven = _survival(model, _years(as_of, "proven_at"), source)
    dated = model.date_trust * _survival(model, _years(as_of, "dated_at"), source) + (
        1.0 - model.date_trust
    ) * _usual_survival(model, source)
    return Step("age", scaled(pl.max_horizontal(proven, dated)), source)


def _unknown_age(model: ScoreModel) -> Step:
    """Return the decay averaged over the usual ages, for addresses without any date.

    Most of them are a row's second address: like the row's date, its source is the first one's.
    """
    unknown = pl.col("proven_at").is_null() & pl.col("dated_at").is_null()
    usual = _usual_survival(model, pl.lit("unknown"))
    return Step("age_unknown", pl.when(unknown).then(scaled(usual)))


def _catch_all(model: ScoreModel) -> Step:
    """Return what domains add that keep all mail, where no server said how its domain does.

    Whoever registers a great provider's misspelling or gives mailboxes away keeps nearly all.
    """
    kind = (
        pl.when(pl.col("is_disposable"))
        .then(pl.lit("disposable"))
        .when(pl.col("is_suspected"))
        .then(pl.lit("suspected_typo"))
        .otherwise("provider")
    )
    share = kind.replace_strict(model.catch_all, default=0.0, return_dtype=pl.Float64)
    told = pl.col("mailbox_reason").is_in(_ANSWERS).fill_null(value=False) | pl.col("is_bounced")
    lifted = log_odds_of(share + (1.0 - share) * logistic(pl.col(TOTAL))) - pl.col(TOTAL)
    holds = pl.col("takes_mail") & ~told & (share > 0.0)
    return Step("catch_all", pl.when(holds).then(lifted), kind)


def _years(as_of: datetime, moment: str) -> pl.Expr:
    """Return the years since a moment; one in the future is now."""
    return (pl.lit(as_of) - pl.col(moment)).dt.total_seconds().clip(lower_bound=0) / SECONDS_A_YEAR


def _survival(model: ScoreModel, years: pl.Expr, source: pl.Expr) -> pl.Expr:
    """Return the share alive after so many years, at the hazard of provider and source."""
    hazard = _by_provider({name: prior.hazard for name, prior in model.prior.items()})
    haste = source.replace_strict(model.source_hazard, default=1.0, return_dtype=pl.Float64)
    return (-hazard * haste * years).exp()


def _usual_survival(model: ScoreModel, source: pl.Expr) -> pl.Expr:
    return pl.sum_horizontal(
        [share * _survival(model, pl.lit(years), source) for share, years in model.age_bands],
    )


def _domain_history(model: ScoreModel) -> Step:
    """Return what deliveries to the domain's other addresses say, shrunk towards nothing.

    Consumer domains are left out: what happened there to others says nothing of one mailbox.
    """
    numbers = model.domain_history
    prior = numbers.strength * 0.5
    shift = log_odds_of(
        (pl.col("domain_delivered") + prior)
        / (pl.col("domain_delivered") + pl.col("domain_bounced") + numbers.strength),
    ).clip(-numbers.bound, numbers.bound)
    untouched = pl.col("alive_at").is_null() & ~pl.col("is_bounced")
    return Step("domain_history", pl.when(untouched & _is_private()).then(shift))


def _with_domain_history(addresses: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Add how many addresses of the same creditor and domain were delivered to and bounced."""
    domain = pl.col("address").str.split("@").list.last()
    bounced = pl.col("last_hard_at").is_not_null() & (
        pl.col("last_delivered_at").is_null()
        | (pl.col("last_hard_at") >= pl.col("last_delivered_at"))
    )
    by_domain = (
        history.with_columns(domain.alias("domain"), bounced.alias("bounced"))
        .group_by("creditor_id", "domain")
        .agg(
            pl.col("bounced").sum().cast(pl.Int64).alias("domain_bounced"),
            (~pl.col("bounced") & (pl.col("delivered") > 0))
            .sum()
            .cast(pl.Int64)
            .alias("domain_delivered"),
        )
    )
    return addresses.join(by_domain, on=["creditor_id", "domain"], how="left").with_columns(
        pl.col("domain_bounced", "domain_delivered").fill_null(0),
    )
