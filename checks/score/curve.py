"""The deliverability score as a curve over its numbers: what fitting moves, with derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from checks.score.lessons import BEFORE, CATCH_ALL, DATE, NOTHING
from checks.score.model import FALLBACK_PROVIDER, ProviderPrior, ScoreModel, logit

Numbers = npt.NDArray[np.float64]

COMMON_VALID: Final = 0.5
COMMON_HAZARD: Final = 0.12
OWN_VALID: Final = 0.30
OWN_HAZARD: Final = 0.08
OWN_SOURCE: Final = 0.12
OWN_EVIDENCE: Final = 0.8
OWN_TRUST: Final = 0.8
"""How far numbers may well lie from the priors: a portfolio further than one provider in it."""
LEAST_DOUBT: Final = 0.01
"""No file's dates are all believed, nor all doubted, for then nothing could be learnt of them."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which parameter stands where: two shifts, providers twice, sources, evidence, trust."""

    providers: Sequence[str]
    sources: Sequence[str]
    evidence: Sequence[str]

    @property
    def valid(self) -> slice:
        """Return the place of the providers' log-odds of having been right."""
        return slice(2, 2 + len(self.providers))

    @property
    def hazard(self) -> slice:
        """Return the place of the logarithms of the providers' hazards."""
        return slice(self.valid.stop, self.valid.stop + len(self.providers))

    @property
    def source(self) -> slice:
        """Return the place of the logarithms of the sources' factors."""
        return slice(self.hazard.stop, self.hazard.stop + len(self.sources))

    @property
    def weight(self) -> slice:
        """Return the place of the log-odds of evidence."""
        return slice(self.source.stop, self.source.stop + len(self.evidence))

    @property
    def trust(self) -> int:
        """Return the place of the log-odds that a file's date is the address's own."""
        return int(self.weight.stop)

    def start(self, model: ScoreModel) -> Numbers:
        """Return the model's present numbers as parameters."""
        numbers = {**model.shape, **model.evidence}
        return np.array(
            [
                0.0,
                0.0,
                *(logit(model.prior[name].valid) for name in self.providers),
                *(np.log(max(model.prior[name].hazard, 1e-4)) for name in self.providers),
                *(np.log(model.source_hazard[name]) for name in self.sources),
                *(numbers[name] for name in self.evidence),
                logit(min(max(model.date_trust, LEAST_DOUBT), 1.0 - LEAST_DOUBT)),
            ],
        )

    def deviation(self) -> Numbers:
        """Return how far each parameter may well move."""
        return np.array(
            [
                COMMON_VALID,
                COMMON_HAZARD,
                *[OWN_VALID] * len(self.providers),
                *[OWN_HAZARD] * len(self.providers),
                *[OWN_SOURCE] * len(self.sources),
                *[OWN_EVIDENCE] * len(self.evidence),
                OWN_TRUST,
            ],
        )

    def model(self, parameters: Numbers, model: ScoreModel) -> ScoreModel:
        """Return the model with these parameters in place of its numbers."""
        valid = parameters[self.valid] + parameters[0]
        hazard = np.exp(parameters[self.hazard] + parameters[1])
        weight = {
            name: _signed(name, value, model)
            for name, value in zip(self.evidence, parameters[self.weight].tolist(), strict=True)
        }
        return replace(
            model,
            prior={
                name: ProviderPrior(float(1.0 / (1.0 + np.exp(-odds))), float(rate))
                for name, odds, rate in zip(self.providers, valid, hazard, strict=True)
            },
            source_hazard=dict(
                zip(self.sources, np.exp(parameters[self.source]).tolist(), strict=True)
            ),
            evidence={name: weight[name] for name in model.evidence},
            shape={name: weight[name] for name in model.shape},
            date_trust=float(1.0 / (1.0 + np.exp(-parameters[self.trust]))),
        )


def _signed(name: str, value: float, model: ScoreModel) -> float:
    """Keep bad news bad and good news good: a few messages must not turn a sign around."""
    before = {**model.shape, **model.evidence}[name]
    if name in BEFORE:
        return max(value, 0.0)
    return min(value, 0.0) if before < 0.0 else value


def layout_of(model: ScoreModel) -> Layout:
    """Return the layout of a model's numbers, sorted by name."""
    return Layout(
        providers=sorted(model.prior),
        sources=sorted(model.source_hazard),
        evidence=sorted({*model.evidence, *model.shape}),
    )


class DeliveryCurve:
    """Lessons as arrays; called with parameters it gives each group's log-odds and derivatives."""

    def __init__(self, lessons: pl.DataFrame, layout: Layout, model: ScoreModel) -> None:
        """Look up where each group's provider, source and evidence stand in the layout."""
        fallback = list(layout.providers).index(FALLBACK_PROVIDER)
        self._layout = layout
        self._provider = _places(lessons["provider"], layout.providers, fallback)
        self._source = _places(
            lessons["source"], layout.sources, list(layout.sources).index("unknown")
        )
        self._bands = model.age_bands
        self._years = lessons["years"].to_numpy()
        self._dated = (lessons["since"] == DATE).to_numpy()
        self._dateless = (lessons["since"] == NOTHING).to_numpy()
        self._fixed = lessons["fixed"].to_numpy()
        self._before = _present(lessons["before"], layout.evidence)
        self._after = _present(lessons["after"], layout.evidence)
        self._kept = _kept(lessons, model)

    def __call__(self, parameters: Numbers) -> tuple[Numbers, Numbers]:
        """Return log-odds (n) and derivatives (n, k)."""
        layout = self._layout
        weight = parameters[layout.weight]
        rate = np.exp(
            parameters[1]
            + parameters[layout.hazard][self._provider]
            + parameters[layout.source][self._source],
        )
        trust = 1.0 / (1.0 + np.exp(-parameters[layout.trust]))
        survival, by_log_rate, by_trust = self._survival(rate, trust)
        alive = parameters[0] + parameters[layout.valid][self._provider] + self._before @ weight
        right = 1.0 / (1.0 + np.exp(-alive))
        alive_now = np.clip(right * survival, 1e-9, 1.0 - 1e-9)
        chance = self._kept + (1.0 - self._kept) * alive_now
        moved = alive_now / chance / (1.0 - alive_now)  # log-odds by the share that lives now
        log_odds = np.log(chance / (1.0 - chance)) + self._after @ weight + self._fixed
        by_alive = (1.0 - right) * moved
        by_rate = by_log_rate / survival * moved
        table = self._derivatives(by_alive, by_rate, parameters.size)
        table[:, layout.trust] = by_trust / survival * moved * trust * (1.0 - trust)
        return log_odds, table

    def _survival(self, rate: Numbers, trust: float) -> tuple[Numbers, Numbers, Numbers]:
        """Return the share alive, and how it moves with the log of the rate and with the trust."""
        own = np.exp(-rate * self._years)
        usual = sum((share * np.exp(-rate * years) for share, years in self._bands), 0.0 * rate)
        slope = sum(
            (-share * rate * years * np.exp(-rate * years) for share, years in self._bands),
            0.0 * rate,
        )
        believed = np.where(self._dated, trust, np.where(self._dateless, 0.0, 1.0))
        survival = believed * own + (1.0 - believed) * usual
        by_log_rate = -believed * rate * self._years * own + (1.0 - believed) * slope
        return survival, by_log_rate, np.where(self._dated, own - usual, 0.0)

    def _derivatives(self, by_alive: Numbers, by_rate: Numbers, size: int) -> Numbers:
        layout, rows = self._layout, np.arange(by_alive.size)
        table = np.zeros((by_alive.size, size))
        table[:, 0] = by_alive
        table[:, 1] = by_rate
        table[rows, layout.valid.start + self._provider] = by_alive
        table[rows, layout.hazard.start + self._provider] = by_rate
        table[rows, layout.source.start + self._source] = by_rate
        table[:, layout.weight] = self._before * by_alive[:, None] + self._after
        return table


def _places(words: pl.Series, known: Sequence[str], fallback: int) -> npt.NDArray[np.int64]:
    place = {name: position for position, name in enumerate(known)}
    return words.replace_strict(place, default=fallback, return_dtype=pl.Int64).to_numpy()


def _kept(lessons: pl.DataFrame, model: ScoreModel) -> Numbers:
    """Return the share of each group's domains that keep whatever comes."""
    share = lessons["provider"].replace_strict(
        model.catch_all, default=0.0, return_dtype=pl.Float64
    )
    holds = lessons["after"].list.contains(CATCH_ALL).cast(pl.Float64)
    return (share * holds).to_numpy()


def _present(words: pl.Series, known: Sequence[str]) -> Numbers:
    """Return a table (n, evidence) of what each group was weighed by."""
    return np.column_stack(
        [words.list.contains(name).cast(pl.Float64).to_numpy() for name in known],
    )
