"""What a decision rule is, and how the first one that holds decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import polars as pl

from checks.model import Decision, DecisionReason


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """The limits that decisions go by (rule L01) and what is missing in the configuration.

    `deliver` and the three `owner` limits are probabilities; `unnamed_creditors` lack the name,
    address or tax id that every collection document must carry (rule L13); `mobile_channel` is
    `whatsapp` or `sms`.
    """

    deliver: float = 0.80
    owner_person: float = 0.80
    owner_company: float = 0.60
    owner_neutral: float = 0.50
    unnamed_creditors: frozenset[str] = field(default_factory=frozenset)
    mobile_channel: str = "whatsapp"


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """One line of the law: where `holds`, the contact gets `decision` for `reason`."""

    rule: str
    sentence: str
    holds: pl.Expr
    decision: Decision
    reason: DecisionReason | pl.Expr

    def reason_expression(self) -> pl.Expr:
        """Return the reason as an expression."""
        return pl.lit(self.reason.value) if isinstance(self.reason, str) else self.reason


def first_match(rules: Sequence[DecisionRule]) -> list[pl.Expr]:
    """Return the expressions of `rule`, `decision` and `decision_reason`."""

    def chain(values: Sequence[pl.Expr], name: str) -> pl.Expr:
        pairs = list(zip(rules, values, strict=True))
        return reduce(
            lambda later, pair: pl.when(pair[0].holds).then(pair[1]).otherwise(later),
            reversed(pairs),
            pl.lit(None, dtype=pl.String),
        ).alias(name)

    return [
        chain([pl.lit(rule.rule) for rule in rules], "rule"),
        chain([pl.lit(rule.decision.value) for rule in rules], "decision"),
        chain([rule.reason_expression() for rule in rules], "decision_reason"),
    ]
