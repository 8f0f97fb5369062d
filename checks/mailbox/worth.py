"""Where an answer is worth most: whom to ask first while budgets do not reach everyone.

An answer is worth the amount owed times the chance that it changes what is done. Below the score
from which debts are sent, that is the chance of an acceptance, which lets the debtor in; above it,
the chance of a refusal, which keeps a letter from getting lost. A debtor's second address matters
only where the first fails.

What an answer costs is refusals: providers end the asking for a day once a share of those asked is
unknown, so that mailboxes which likely exist pay for those which may not. Who costs less than the
share earns credit, who costs more spends it. The most valuable are asked as soon as the credit
bears them, with a margin for bad luck, and never more than that while anybody is left to earn:
whoever would be reached by asking the likeliest first is still reached. Where nobody owes an
amount, the likeliest are asked first.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from checks.mailbox.providers import BudgetScope

if TYPE_CHECKING:
    from checks.mailbox.providers import Provider, Providers

MARGIN: Final = 2.0
"""Standard deviations of bad luck that the credit must bear before it is spent."""

_KEY: Final = ("creditor_id", "debtor_id")
_LEAST_COST: Final = 0.001  # refusals to expect of a mailbox that surely exists

WORTH: Final = pl.Schema({"address": pl.String(), "unknown": pl.Float64(), "worth": pl.Float64()})
"""What an answer is worth: `unknown` is the chance that the mailbox does not exist; `worth` is in
mean amounts of the portfolio, null where no amount is known."""


def worth_of_answers(contacts: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Return WORTH for the distinct addresses of contacts, in order of address.

    `contacts` holds `creditor_id, debtor_id, address, score` with the score from before asking,
    and the debtor's `amount, currency`. `threshold` is the score from which a debt is sent. An
    address of several debtors is worth the sum. Amounts count in means of their own currency, an
    unknown one as the mean.
    """
    rows = contacts.select(*_KEY, "address", "score", "currency", pl.col("amount").cast(pl.Float64))
    known = rows["amount"].is_not_null().any()
    owed = pl.col("amount").clip(lower_bound=0.0)
    mean = owed.mean().over("currency")
    chance = pl.when(pl.col("score") < threshold).then("score").otherwise(1.0 - pl.col("score"))
    failed = (1.0 - pl.col("score")).cum_prod().shift(1, fill_value=1.0).over(_KEY)
    return (
        rows.unique([*_KEY, "address"])
        .sort(*_KEY, "score", "address", descending=[False, False, True, False])
        .with_columns(weight=pl.when(mean > 0).then(owed / mean).fill_null(1.0))
        .with_columns(worth=pl.col("weight") * chance * failed)
        .group_by("address")
        .agg(unknown=1.0 - pl.col("score").max(), worth=pl.col("worth").sort().sum())
        .with_columns(pl.when(pl.lit(known)).then("worth"))
        .sort("address")
        .cast(WORTH)
    )


def order_of_asking(asked: pl.DataFrame, providers: Providers) -> pl.DataFrame:
    """Return `address, priority`: within each owner of a budget 0, 1, 2 ..., lower is earlier.

    `asked` holds `address, domain, provider` and WORTH's columns; unknown chances count as 1. The
    owner is the provider, or the domain where each MX address has a budget of its own.
    """
    rows = asked.with_columns(
        pl.col("unknown").fill_null(1.0), recipients=pl.len().over("provider", "domain")
    ).sort("provider", "domain", "address")
    parts = []
    for (name,), part in rows.group_by("provider", maintain_order=True):
        provider = providers.named(str(name))
        by_domain = provider.limits.budget_scope is BudgetScope.ADDRESS
        owned = part.partition_by("domain", maintain_order=True) if by_domain else [part]
        parts += [_ordered(one, provider) for one in owned]
    schema = {"address": pl.String(), "priority": pl.Float64()}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _ordered(part: pl.DataFrame, provider: Provider) -> pl.DataFrame:
    if part["worth"].null_count():
        ordered = part.sort("unknown", "address")["address"]
    else:
        sentinels = int(provider.needs_sentinel) + int(provider.needs_closing_sentinel)
        prices = [
            Price(unknown, sentinels / recipients, worth)
            for unknown, recipients, worth in part.select(
                "unknown", "recipients", "worth"
            ).iter_rows()
        ]
        ordered = part["address"].gather(spend_share(prices, provider.limits.unknown_share))
    return pl.DataFrame({"address": ordered}).with_columns(
        priority=pl.int_range(pl.len()).cast(pl.Float64)
    )


@dataclass(frozen=True, slots=True)
class Price:
    """What one recipient costs and is worth.

    `unknown`: the chance that it is refused; `sentinels`: its part in the random recipients that
    its domain costs, each of them a refusal.
    """

    unknown: float
    sentinels: float
    worth: float

    @property
    def refusals(self) -> float:
        """How many refusals it is expected to bring."""
        return max(self.unknown + self.sentinels, _LEAST_COST)

    def credit(self, share: float) -> float:
        """Return what is left of the refusals that the share allows for it; below 0 it costs."""
        return share * (1.0 + self.sentinels) - self.refusals


def spend_share(prices: Sequence[Price], share: float) -> list[int]:
    """Return the places of prices in the order in which they are asked.

    Those who earn come by worth for a refusal. One who costs goes before them where it is worth
    more for a refusal and the credit earned so far bears it; of those who cost, the one that is
    worth most for its credit is the first. Equals: the likelier to exist, then as given.

    >>> likely, rich, poor = Price(0.01, 0, 1), Price(0.5, 0, 90), Price(0.5, 0, 1)
    >>> order = spend_share([poor, rich, *[likely] * 40], share=0.10)
    >>> order.index(1), order.index(0)
    (20, 41)
    """
    earners = deque(sorted(_places(prices, share, earns=True), key=_by_refusal(prices)))
    spenders = deque(sorted(_places(prices, share, earns=False), key=_by_credit(prices, share)))
    credit = variance = 0.0
    order: list[int] = []
    while earners or spenders:
        spends = not earners
        if earners and spenders:
            one = prices[spenders[0]]
            luck = math.sqrt(variance + one.unknown * (1.0 - one.unknown))
            bears = credit + one.credit(share) >= MARGIN * luck
            spends = bears and _for_refusal(one) > _for_refusal(prices[earners[0]])
        place = (spenders if spends else earners).popleft()
        credit += prices[place].credit(share)
        variance += prices[place].unknown * (1.0 - prices[place].unknown)
        order.append(place)
    return order


def _places(prices: Sequence[Price], share: float, *, earns: bool) -> list[int]:
    return [place for place, one in enumerate(prices) if (one.credit(share) >= 0) is earns]


def _for_refusal(price: Price) -> float:
    return price.worth / price.refusals


def _by_refusal(prices: Sequence[Price]) -> Callable[[int], tuple[float, float, int]]:
    return lambda place: (-_for_refusal(prices[place]), prices[place].unknown, place)


def _by_credit(prices: Sequence[Price], share: float) -> Callable[[int], tuple[float, float, int]]:
    def key(place: int) -> tuple[float, float, int]:
        one = prices[place]
        return one.worth / one.credit(share), one.unknown, place

    return key
