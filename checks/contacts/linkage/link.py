"""Records of one table linked: compared pairs, what they weigh, and the clusters they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.contacts.linkage.adjust import learn_adjustments
from checks.contacts.linkage.blocks import Pairs, find_pairs
from checks.contacts.linkage.chance import chance_of
from checks.contacts.linkage.cluster import DECIDED, Weights, cluster_pairs
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.evidence import evidence_of
from checks.contacts.linkage.fields import Material
from checks.contacts.linkage.model import FieldShares, LinkModel, Shares
from checks.contacts.linkage.roles import Role
from checks.contacts.linkage.scales import WORKERS
from checks.contacts.linkage.tax_ids import TAX_ID
from checks.contacts.linkage.values import Codes, distinct_of
from checks.contacts.linkage.weigh import Counted, Patterns, first_guess, fit_shares
from checks.errors import InputRefusedError

SEED: Final = 1
MOST_FIELDS: Final = 24
"""Fields that a comparison pattern has room for in one 64-bit number."""

_CHUNK: Final = 2_000_000  # pairs compared at a time

Progress = Callable[[int, int, str], None]
"""Told how many of how many things are done, and what they are."""


@dataclass(frozen=True)
class Decisions:
    """Pairs of records that a person has said are one (`same`) or two."""

    left: Codes
    right: Codes
    same: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Linked:
    """The compared pairs with their log-odds, the clusters (n), and the model behind them.

    `patterns` (p, fields) are the levels of all pairs; `pattern_of` says which each pair has.
    """

    pairs: Pairs
    patterns: Patterns
    pattern_of: npt.NDArray[np.int32]
    weight: Weights
    clusters: Codes
    model: LinkModel


def link(
    material: Material,
    model: LinkModel | None = None,
    decisions: Decisions | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Return which records are one person or company.

    Without a `model` one is learnt from the table itself. Raises InputRefusedError where nothing
    can be learnt: no telling column, or shares that do not settle.
    """
    _refuse_fields(material.fields)
    if model is None:
        with ThreadPoolExecutor(WORKERS) as aside:
            chances = aside.map(lambda field: chance_of(field, SEED), material.fields)
            pairs = find_pairs(material.traits, material.records)
        u = tuple(chances)
    else:
        model.fit_for(material.fields)
        pairs = find_pairs(material.traits, material.records)
        u = tuple(np.array(each.u) for each in model.fields)
    coded = _compare_all(material.fields, pairs, u, progress)
    counted = Counted(_decoded(coded.distinct, material.fields), coded.counts)
    model = model or _learn(material, counted, u, coded)
    weight = (_pattern_weights(counted, model, material.records)[coded.rows]) + coded.rarity
    found = _Weighed(pairs, counted.patterns, coded.rows, weight)
    if decisions is not None:
        found = _with_decisions(found, decisions, material, [float(each[-1]) for each in u])
    bonds = found.weight - model.caution
    clusters = cluster_pairs(found.pairs.left, found.pairs.right, bonds, material.vetoes)
    return Linked(found.pairs, found.patterns, found.pattern_of, found.weight, clusters, model)


def _refuse_fields(fields: Sequence[Field]) -> None:
    if not fields:
        problem = "no column says anything of a person or a company"
        raise InputRefusedError(problem, "name columns with --role COLUMN=ROLE")
    if len(fields) > MOST_FIELDS:
        problem = f"{len(fields)} columns are more than can be compared at once ({MOST_FIELDS})"
        raise InputRefusedError(problem, "leave columns out with --role COLUMN=ignore")


@dataclass(frozen=True)
class _Coded:
    """Pairs by pattern: `rows` (pairs) points into `distinct` and `counts` (p).

    `unproven` (p) are the counts without pairs that nothing but a proof has found.
    """

    distinct: Codes
    counts: Shares
    unproven: Shares
    rows: npt.NDArray[np.int32]
    rarity: npt.NDArray[np.float32]

    def mean_rarity(self) -> Shares:
        """Return what rarity adds to the pairs of each pattern on average (p)."""
        summed = np.bincount(self.rows, weights=self.rarity, minlength=len(self.counts))
        return np.asarray(summed / self.counts)


def _compare_all(
    fields: Sequence[Field], pairs: Pairs, u: Sequence[Shares], progress: Progress | None
) -> _Coded:
    total = len(pairs.left)
    added = np.zeros(total, np.float32)
    rows = np.zeros(total, np.int32)
    found: list[Codes] = []
    numbers: dict[int, int] = {}
    for at in range(0, total, _CHUNK):
        part = slice(at, at + _CHUNK)
        code = np.zeros(len(pairs.left[part]), np.int64)
        for told in evidence_of(
            fields, pairs.left[part], pairs.right[part], [float(one[-1]) for one in u]
        ):
            code = code * (len(told.field.scale.levels) + 1) + told.compared.levels + 1
            added[part] += told.rarity
        distinct, inverse = distinct_of(code)
        known = [numbers.setdefault(pattern, len(numbers)) for pattern in distinct.tolist()]
        rows[part] = np.array(known, np.int32)[inverse]
        found.append(distinct)
        if progress is not None:
            progress(min(at + _CHUNK, total), total, "pairs compared")
    counts = [
        np.bincount(chosen, minlength=len(numbers)).astype(np.float64)
        for chosen in (rows, rows[~pairs.proven])
    ]
    return _Coded(np.array(list(numbers), np.int64), counts[0], counts[1], rows, added)


def _decoded(codes: Codes, fields: Sequence[Field]) -> npt.NDArray[np.int8]:
    """Return the levels (p, fields) that each pattern's number stands for."""
    levels = np.empty((len(codes), len(fields)), np.int8)
    rest = codes
    for at in reversed(range(len(fields))):
        width = len(fields[at].scale.levels) + 1
        levels[:, at] = rest % width - 1
        rest = rest // width
    return levels


def _learn(material: Material, counted: Counted, u: Sequence[Shares], coded: _Coded) -> LinkModel:
    all_pairs = max(material.records * (material.records - 1) / 2, 1.0)
    identity = next(
        (
            at
            for at, field in enumerate(material.fields)
            if field.role is Role.TAX_ID and field.scale is TAX_ID
        ),
        None,
    )
    guesses = [first_guess(field.scale) for field in material.fields]
    fit = fit_shares(counted, u, guesses, all_pairs, identity)
    if not fit.settled:
        problem = f"what makes two records one did not become clear in {fit.steps:,} steps"
        raise InputRefusedError(problem, "name more columns with --role, or give --model")
    shares = tuple(
        FieldShares(field.name, field.scale.levels, tuple(m.tolist()), tuple(one.tolist()))
        for field, m, one in zip(material.fields, fit.m, u, strict=True)
    )
    model = LinkModel(shares, partners=fit.duplicates * max(material.records - 1, 1))
    if identity is None:
        return model
    adjusted = learn_adjustments(
        counted.patterns,
        coded.unproven,
        model.prior(material.records) + coded.mean_rarity(),
        [each.weights() for each in shares],
        identity,
    )
    return replace(
        model,
        fields=tuple(
            replace(each, adjusted=tuple(more.tolist()))
            for each, more in zip(shares, adjusted, strict=True)
        ),
    )


def _pattern_weights(counted: Counted, model: LinkModel, records: int) -> Weights:
    total = np.full(len(counted.patterns), model.prior(records))
    for at, weights in enumerate(model.weights()):
        total += weights[counted.patterns[:, at]]
    return total


@dataclass(frozen=True)
class _Weighed:
    """Pairs with their log-odds, and the levels that these are made of (see `Linked`)."""

    pairs: Pairs
    patterns: Patterns
    pattern_of: npt.NDArray[np.int32]
    weight: Weights


def _with_decisions(
    found: _Weighed, decisions: Decisions, material: Material, equal: Sequence[float]
) -> _Weighed:
    """Give decided pairs a bond that no evidence outweighs; pairs never compared are added."""
    pairs, records = found.pairs, material.records
    numbers = pairs.left * records + pairs.right
    low, high = (pick(decisions.left, decisions.right) for pick in (np.minimum, np.maximum))
    decided = low * records + high
    every = np.union1d(numbers, decided)
    known, new = np.searchsorted(every, numbers), np.isin(every, numbers, invert=True)
    left, right = every // records, every % records
    proven, weight = np.zeros(len(every), np.bool_), np.zeros(len(every))
    proven[known], weight[known] = pairs.proven, found.weight
    # a pair held to be two weighs more than any number of pairs held to be one
    bond = np.where(decisions.same, DECIDED, -DECIDED * DECIDED)
    weight[np.searchsorted(every, decided)] = bond
    told = evidence_of(material.fields, left[new], right[new], equal)
    levels = np.stack([each.compared.levels for each in told], axis=1)
    pattern_of = np.zeros(len(every), np.int32)
    pattern_of[known] = found.pattern_of
    pattern_of[new] = len(found.patterns) + np.arange(len(levels))
    merged = replace(pairs, left=left, right=right, proven=proven)
    return _Weighed(merged, np.concatenate([found.patterns, levels]), pattern_of, weight)
