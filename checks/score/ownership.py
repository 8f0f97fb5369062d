"""The probability that a mailbox belongs to this debtor, in log-odds; apart from deliverability.

Order of the steps:

1. `source:<source>`: who gave the address; an own confirmation outweighs every source;
2. `origin:<origin>`: found elsewhere (another record of the cluster, a repair, a pattern);
3. agreement of the mailbox's name with a person's, or of the domain with a company's;
4. role mailboxes, employers, accountants, and everybody else who has the same address;
5. `recycled`: a provider that gives dead names to new people (rule L10).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from checks.score.law import ACCOUNTANT_ROOTS
from checks.score.model import OwnershipModel, ScoreModel, logit
from checks.score.names import NameLevel
from checks.score.steps import TOTAL, Step, log_odds_of, logistic, scores_of, steps_of
from checks.score.tables import KEY

DAYS_A_YEAR: Final = 365.25
CONFIRMATION_LASTS: Final = timedelta(days=730)  # L10: not confirmed in 24 months
SHARED_COUNTED: Final = 4

NAMED: Final = (NameLevel.FULL, NameLevel.PART)
PERSONAL: Final = (NameLevel.MIXED, NameLevel.RELATIVE, NameLevel.OTHER)
"""Levels that speak for a person's mailbox, and against it."""

UNNAMED: Final = (NameLevel.MIXED.value, NameLevel.RELATIVE.value, NameLevel.OTHER.value)
"""Levels at which a company's consumer mailbox carries somebody else's name."""


def score_owners(
    contacts: pl.DataFrame,
    as_of: datetime,
    model: ScoreModel,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contacts with an `ownership` column, and the STEPS that made it.

    Needs the columns of SCORED but `ownership`, and `name_level`. An address that stands twice on
    one debtor has the steps of its better row only.
    """
    steps = ownership_steps(as_of, model)
    owned = contacts.with_columns(scores_of(contacts, steps, "ownership"))
    best = owned.sort(
        *KEY, "ownership", "email_raw", descending=[False, False, False, True, False]
    ).unique(KEY, keep="first", maintain_order=True)
    return owned, steps_of(best, steps, score="ownership", debtor_id=pl.col("debtor_id"))


def ownership_steps(as_of: datetime, model: ScoreModel) -> tuple[Step, ...]:
    """Return the steps in the order of the module's list."""
    ownership = model.ownership
    return (
        _source(ownership),
        Step("origin", _by_word("origin", ownership.origin), pl.col("origin")),
        *(
            Step(word, holds.cast(pl.Float64) * ownership.evidence[word])
            for word, holds in _evidence().items()
        ),
        _shared(ownership),
        _recycled(as_of, model),
    )


def _evidence() -> dict[str, pl.Expr]:
    """Return what is weighed where it holds, in order.

    A confirmation outweighs what speaks against, and names that agree still add to it. That a name
    stands before a misspelt domain proves nothing.
    """
    unconfirmed = pl.col("confirmed_at").is_null()
    spelt = ~pl.col("is_suspected")
    for_person, for_company = _person() & spelt, pl.col("is_firm") & spelt
    person, company = for_person & unconfirmed, pl.col("is_firm") & unconfirmed
    firm = company & pl.col("is_consumer")
    corporate = ~pl.col("is_consumer") & ~pl.col("is_own_domain") & pl.col("domain").is_not_null()
    given = pl.col("source") == "debtor"
    many = pl.col("companies") >= ACCOUNTANT_ROOTS
    # a slip before a company's own domain: a colleague's mailbox, or nobody's
    at_home = pl.col("is_own_domain") & pl.col("is_swapped")
    for_firm = for_company & pl.col("is_consumer")
    return {
        **{level.value: for_person & _at(level) for level in NAMED},
        **{level.value: person & _at(level) for level in PERSONAL},
        "name_unlike": (person | firm) & _at(NameLevel.UNLIKE),
        "name_misspelt": ((person | firm) & _at(NameLevel.MISSPELT)) | (company & at_home),
        "name_trade": firm & _at(NameLevel.TRADE),
        "company_named": for_firm & _at(NameLevel.FULL),
        "company_part": for_firm & _at(NameLevel.PART),
        # a company's mailbox often carries its owner's name, so another name says little
        "company_unnamed": firm & pl.col("name_level").is_in(UNNAMED),
        "suspected_typo": unconfirmed & pl.col("is_suspected"),
        "role_for_person": person & pl.col("is_role"),
        "employer": person & corporate,
        "own_domain": (for_person | for_company) & pl.col("is_own_domain"),
        "other_domain": company & corporate,
        "finance_role": for_company & pl.col("is_finance") & pl.col("is_own_domain"),
        "accountant": company & (many | (pl.col("is_accountant") & ~given)),
        # the debtor's choice, and yet not the debtor's mailbox
        "accountant_given": company & ~many & pl.col("is_accountant") & given,
        "household": person & (pl.col("people") > 1) & pl.col("is_household"),
        "named_elsewhere": unconfirmed & pl.col("is_named_elsewhere") & ~pl.col("is_household"),
    }


def _person() -> pl.Expr:
    """Tell identified debtors that are not companies."""
    return ~pl.col("is_firm") & pl.col("is_identified")


def _shared(ownership: OwnershipModel) -> Step:
    """Return what every further person with the address takes away."""
    others = (pl.col("people") - 1).clip(0, SHARED_COUNTED)
    strangers = _person() & pl.col("confirmed_at").is_null() & ~pl.col("is_household")
    return Step("shared", strangers.cast(pl.Float64) * others * ownership.evidence["shared"])


def _at(level: NameLevel) -> pl.Expr:
    return pl.col("name_level") == level.value


def _by_word(column: str, numbers: Mapping[str, float]) -> pl.Expr:
    return pl.col(column).replace_strict(numbers, default=0.0, return_dtype=pl.Float64)


def _source(ownership: OwnershipModel) -> Step:
    """Return the prior: `confirmed` where the owner was heard of, else who gave the address."""
    numbers = {name: logit(share) for name, share in ownership.source.items()}
    word = (
        pl.when(pl.col("confirmed_at").is_not_null())
        .then(pl.lit("confirmed"))
        .when(pl.col("source").is_in(sorted(numbers)))
        .then(pl.col("source"))
        .otherwise(pl.lit("unknown"))
    )
    return Step("source", word.replace_strict(numbers, return_dtype=pl.Float64), word)


def _recycled(as_of: datetime, model: ScoreModel) -> Step:
    """Return rule L10: unconfirmed in 24 months at a provider that gives names out again.

    Without a date the fall is averaged over the usual ages of contacts.
    """
    numbers = model.ownership.recycling

    def fall(years: pl.Expr) -> pl.Expr:
        share = (years - numbers.from_years) / (numbers.full_years - numbers.from_years)
        return share.clip(0.0, 1.0) ** numbers.power * numbers.most

    days = (pl.lit(as_of.date()) - pl.col("source_date")).dt.total_days()
    usual = sum(share * fall(pl.lit(years)) for share, years in model.age_bands)
    fallen = logistic(pl.col(TOTAL)) - fall(days / DAYS_A_YEAR).fill_null(usual)
    confirmed = (pl.lit(as_of) - pl.col("confirmed_at")) <= CONFIRMATION_LASTS
    at_risk = pl.col("provider").is_in(sorted(numbers.providers)) & ~confirmed.fill_null(
        value=False
    )
    return Step("recycled", pl.when(at_risk).then(log_odds_of(fallen) - pl.col(TOTAL)))
