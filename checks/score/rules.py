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


def decided_by(facts: pl.DataFrame, rules: Sequence[DecisionRule]) -> pl.DataFrame:
    """Return `rule`, `decision` and `decision_reason` of each row: the first rule that holds.

    The last rule must hold always. Each condition is looked at once, as the number of its rule.
    """
    number = reduce(
        lambda later, rule: pl.when(rule[1].holds).then(pl.lit(rule[0])).otherwise(later),
        reversed(list(enumerate(rules))),
        pl.lit(None, dtype=pl.Int32),
    )

    def told(words: Sequence[str | None]) -> pl.Expr:
        table = dict(enumerate(words))
        return pl.col("number").replace_strict(table, return_dtype=pl.String)

    fixed = [rule.reason.value if isinstance(rule.reason, str) else None for rule in rules]
    varying = [
        pl.when(pl.col("number") == place).then(rule.reason)
        for place, rule in enumerate(rules)
        if isinstance(rule.reason, pl.Expr)
    ]
    return facts.with_columns(number.alias("number")).select(
        told([rule.rule for rule in rules]).alias("rule"),
        told([rule.decision.value for rule in rules]).alias("decision"),
        pl.coalesce(told(fixed), *varying).alias("decision_reason"),
    )
