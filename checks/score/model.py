"""The numbers that scores are made of: one frozen value, read from a versioned JSON file.

Fitting on events replaces numbers in this value, never code that uses them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from checks.errors import SettingError
from checks.model import ScoreBasis

FALLBACK_PROVIDER: Final = "other"
SHAPES: Final = ("local_short", "local_digits", "local_misspelt")
REMEDY: Final = "restore data/reference/score_model.json or fit the model again"


def logit(probability: float) -> float:
    """Return the log-odds of a probability strictly between 0 and 1.

    >>> round(logit(0.9), 3)
    2.197
    """
    return math.log(probability / (1.0 - probability))


@dataclass(frozen=True, slots=True)
class ProviderPrior:
    """What is believed of a provider's mailboxes before anyone is asked.

    `valid` is the probability that an address was right on the day it was collected, `hazard` the
    rate a year at which mailboxes die afterwards.
    """

    valid: float
    hazard: float


@dataclass(frozen=True, slots=True)
class DomainHistory:
    """How strongly other addresses of a domain speak for one that was never written to.

    `strength` counts as that many messages of prior belief; `bound` limits the log-odds.
    """

    strength: float
    bound: float


@dataclass(frozen=True, slots=True)
class Recycling:
    """Which providers give a dead mailbox's name to somebody else, and what that costs (rule L10).

    Ownership falls from `from_years` to `full_years` by at most `most`, as the share of that time
    to the `power`: several things must happen one after the other, so little is lost at first.
    """

    providers: frozenset[str]
    from_years: float
    full_years: float
    most: float
    power: float = 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What straightens the sum of all steps: `a ln p - b ln(1 - p) + c` are the new log-odds.

    Both `a` and `b` are positive, so the order of scores never changes (beta calibration, Kull,
    Silva Filho and Flach 2017).
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    @property
    def is_identity(self) -> bool:
        """Tell whether it changes nothing."""
        return (self.a, self.b, self.c) == (1.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Loss:
    """Why messages do not arrive; see `checks.score.bounces`.

    `temporary` is the share of living mailboxes that put a message off, by score basis; `permanent`
    the share of dead ones that refuse it for good. `doubt` is the standard deviation of what is
    believed of `temporary`, in log-odds.
    """

    temporary: Mapping[str, float]
    permanent: float
    doubt: Mapping[str, float] = field(default_factory=dict)  # none: nothing is doubted


@dataclass(frozen=True, slots=True)
class OwnershipModel:
    """Priors by source (probabilities) and evidence (log-odds) of ownership."""

    source: Mapping[str, float]
    origin: Mapping[str, float]
    evidence: Mapping[str, float]
    recycling: Recycling


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """All numbers of both scores; `evidence` and `shape` are log-odds, `spread` is in log-odds too.

    `catch_all` is the share of domains that keep mail for mailboxes which do not exist: by
    provider, of throw-away domains (`disposable`), of misspelt providers (`suspected_typo`).
    `age_bands` are (share, years) of contacts whose date nobody knows; `answer_days` is how long a
    server's answer counts; `date_trust` is the share of dates in files that are the address's own
    and not its record's; `source_hazard` multiplies the hazard by who gave the address; `spread`
    is the standard deviation of what a class of addresses may differ from its score, per basis
    or, where one was fitted, per `basis:provider`.
    """

    version: str
    answer_days: int
    age_bands: tuple[tuple[float, float], ...]
    date_trust: float
    source_hazard: Mapping[str, float]
    prior: Mapping[str, ProviderPrior]
    evidence: Mapping[str, float]
    shape: Mapping[str, float]
    catch_all: Mapping[str, float]
    domain_history: DomainHistory
    ownership: OwnershipModel
    spread: Mapping[str, float]
    loss: Loss
    calibration: Calibration = Calibration()


def read_model(raw: Mapping[str, Any]) -> ScoreModel:
    """Return the model that a parsed JSON object describes; `SettingError` names what is wrong."""
    try:
        model = _model_from(raw)
    except (KeyError, TypeError, ValueError) as error:
        problem = f"the score model is not readable at {error}"
        raise SettingError(problem, REMEDY) from error
    _refuse_nonsense(model)
    return model


def _model_from(raw: Mapping[str, Any]) -> ScoreModel:
    ownership = raw["ownership"]
    recycling = ownership["recycling"]
    return ScoreModel(
        version=str(raw["version"]),
        answer_days=int(raw["answer_days"]),
        age_bands=tuple((float(share), float(years)) for share, years in raw["age_bands"]),
        date_trust=float(raw["date_trust"]),
        source_hazard=_numbers(raw["source_hazard"]),
        prior={
            name: ProviderPrior(float(entry["valid"]), float(entry["hazard"]))
            for name, entry in raw["prior"].items()
        },
        evidence=_numbers(raw["evidence"]),
        shape=_numbers(raw["shape"]),
        catch_all=_numbers(raw.get("catch_all", {})),
        domain_history=DomainHistory(**_numbers(raw["domain_history"])),
        ownership=OwnershipModel(
            source=_numbers(ownership["source"]),
            origin=_numbers(ownership["origin"]),
            evidence=_numbers(ownership["evidence"]),
            recycling=Recycling(
                providers=frozenset(recycling["providers"]),
                from_years=float(recycling["from_years"]),
                full_years=float(recycling["full_years"]),
                most=float(recycling["most"]),
                power=float(recycling.get("power", 1.0)),
            ),
        ),
        spread=_numbers(raw["spread"]),
        loss=Loss(
            _numbers(raw["loss"]["temporary"]),
            float(raw["loss"]["permanent"]),
            _numbers(raw["loss"].get("doubt", {})),
        ),
        calibration=Calibration(**_numbers(raw.get("calibration", {}))),
    )


def model_as_json(model: ScoreModel) -> dict[str, Any]:
    """Return the model as `read_model` takes it, numbers to six digits, keys sorted."""
    text = json.dumps(asdict(model), default=sorted, sort_keys=True)
    raw: dict[str, Any] = json.loads(text, parse_float=lambda number: float(f"{float(number):.6g}"))
    return raw


def _numbers(raw: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in raw.items()}


def _refuse_nonsense(model: ScoreModel) -> None:
    """Refuse a model that would turn evidence upside down, whoever wrote it."""
    if FALLBACK_PROVIDER not in model.prior:
        message = f"the score model has no prior for {FALLBACK_PROVIDER!r}"
        raise SettingError(message, REMEDY)
    for name, prior in model.prior.items():
        if not (0.0 < prior.valid < 1.0 and prior.hazard >= 0.0):
            message = f"the score model's prior of {name!r} is not a probability and a rate"
            raise SettingError(message, REMEDY)
    if not math.isclose(sum(share for share, _ in model.age_bands), 1.0, abs_tol=1e-6):
        message = "the score model's shares under age_bands do not add up to 1"
        raise SettingError(message, REMEDY)
    if not set(ScoreBasis) <= set(model.spread):
        message = "the score model lacks a spread for one of asked, history, prior"
        raise SettingError(message, REMEDY)
    if not set(SHAPES) <= set(model.shape):
        message = f"the score model lacks a shape for one of {', '.join(SHAPES)}"
        raise SettingError(message, REMEDY)
    _refuse_other_than_shares(model)


def _refuse_other_than_shares(model: ScoreModel) -> None:
    if not all(0.0 <= share < 1.0 for share in model.catch_all.values()):
        message = "the score model's catch_all is not a share for each of its names"
        raise SettingError(message, REMEDY)
    loss = model.loss
    shares = [loss.temporary.get(basis, -1.0) for basis in ScoreBasis]
    if not (all(0.0 <= share < 1.0 for share in shares) and 0.0 < loss.permanent <= 1.0):
        message = "the score model's loss is not a share for each of asked, history, prior"
        raise SettingError(message, REMEDY)
