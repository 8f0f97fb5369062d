"""Where an answer is worth most: whom to ask first while budgets do not reach everyone.

An answer is worth the amount owed times the chance that it changes what is done. Where a debt
would go out without an answer, that is the chance of a refusal, which keeps a letter from getting
lost; everywhere else the chance of an acceptance, which lets the debtor in. A debtor's second
address matters only where the first fails.

What an answer costs is refusals: providers end the asking for a day once a share of those asked is
unknown, so that mailboxes which likely exist pay for those which may not. Who costs less than the
share earns credit, who costs more spends it. The likeliest are asked first, until the credit would
outlast bad luck; from then on whoever is worth most for a refusal, as long as it does. When nobody
is left to earn, the rest is asked by worth for its credit until the provider's day is over. A list
of which a tenth is unknown is so asked to its end; by likelihood alone the first night would spend
what all the others need. Where nobody owes an amount, those who cost the fewest refusals are asked
first: at business hosts that is where a domain's sentinel is paid for by many recipients.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
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
    and the debtor's `amount, currency`. `threshold` is the score from which a debt is sent without
    an answer. An address of several debtors is worth the sum. Amounts count in means of their own
    currency, an unknown one as the mean.
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
    sentinels = int(provider.needs_sentinel) + int(provider.needs_closing_sentinel)
    if part["worth"].null_count():
        refusals = pl.col("unknown") + sentinels / pl.col("recipients")
        ordered = part.sort(refusals, "address")["address"]
    else:
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

    @property
    def variance(self) -> float:
        """How uncertain its refusal is."""
        return self.unknown * (1.0 - self.unknown)

    def credit(self, share: float) -> float:
        """Return what is left of the refusals that the share allows for it; below 0 it costs."""
        return share * (1.0 + self.sentinels) - self.refusals


def spend_share(prices: Sequence[Price], share: float) -> list[int]:
    """Return the places of prices in the order in which they are asked.

    While the credit does not bear bad luck, the likeliest goes next. Once it does, the one that is
    worth most for a refusal: of those who earn, or of those who cost the first by worth for its
    credit. Equals: the likelier to exist, then as given.

    >>> likely, rich, poor = Price(0.01, 0, 1), Price(0.5, 0, 90), Price(0.5, 0, 1)
    >>> order = spend_share([poor, rich, *[likely] * 40], share=0.10)
    >>> order.index(1), order.index(0)
    (20, 41)
    """
    earners = _Queue(sorted(_places(prices, share, earns=True), key=_by_refusal(prices)))
    spenders = _Queue(sorted(_places(prices, share, earns=False), key=_by_credit(prices, share)))
    likeliest = _Queue(sorted(range(len(prices)), key=_by_likelihood(prices)))
    purse, order = Purse(share), list[int]()
    for _ in prices:
        heads = [*earners.heads(), *spenders.heads()]
        borne = [head for head in heads if purse.bears(prices[head])]
        safest = likeliest.heads() if earners.heads() else heads
        place = max(borne, key=lambda head: _for_refusal(prices[head]), default=safest[0])
        for queue in (earners, spenders, likeliest):
            queue.take(place)
        purse.pay(prices[place])
        order.append(place)
    return order


class Purse:
    """The refusals that the share still allows, and how far luck may be off."""

    def __init__(self, share: float) -> None:
        """Begin empty."""
        self._share, self._credit, self._variance = share, 0.0, 0.0

    def bears(self, price: Price) -> bool:
        """Whether the credit would outlast bad luck after one more."""
        variance = self._variance + price.variance
        return self._credit + price.credit(self._share) >= MARGIN * math.sqrt(variance)

    def pay(self, price: Price) -> None:
        """Count one that is asked."""
        self._credit += price.credit(self._share)
        self._variance += price.variance


class _Queue:
    """Places in an order of their own, of which others take some away."""

    def __init__(self, places: Iterable[int]) -> None:
        self._places = deque(places)
        self._taken: set[int] = set()

    def heads(self) -> list[int]:
        """Return the first that was not taken, or nothing."""
        while self._places and self._places[0] in self._taken:
            self._places.popleft()
        return [self._places[0]] if self._places else []

    def take(self, place: int) -> None:
        """Take a place away."""
        self._taken.add(place)


def _places(prices: Sequence[Price], share: float, *, earns: bool) -> list[int]:
    return [place for place, one in enumerate(prices) if (one.credit(share) >= 0) is earns]


def _for_refusal(price: Price) -> float:
    return price.worth / price.refusals


def _by_likelihood(prices: Sequence[Price]) -> Callable[[int], tuple[float, float, int]]:
    return lambda place: (prices[place].refusals, -prices[place].worth, place)


def _by_refusal(prices: Sequence[Price]) -> Callable[[int], tuple[float, float, int]]:
    return lambda place: (-_for_refusal(prices[place]), prices[place].unknown, place)


def _by_credit(prices: Sequence[Price], share: float) -> Callable[[int], tuple[float, float, int]]:
    def key(place: int) -> tuple[float, float, int]:
        one = prices[place]
        return one.worth / one.credit(share), one.unknown, place

    return key
