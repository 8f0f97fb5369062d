"""Made-up worlds to learn from: a portfolio, and how its messages end under a true model."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from checks.score import ScoreModel, lessons_from, score_contacts

if TYPE_CHECKING:
    from tests.score.conftest import Office

DOMAINS = ("gmail.com", "hotmail.com", "uol.com.br", "empresa.example")


def portfolio(count: int, seed: int) -> list[dict[str, object]]:
    """Return contacts of several providers, sources and ages."""
    rng = np.random.default_rng(seed)
    return [
        {
            "email_raw": f"m{seed}x{row}@{DOMAINS[int(rng.integers(4))]}",
            "debtor_id": f"d{row}",
            "source": ("debtor", "creditor", "bureau")[int(rng.integers(3))],
            "source_date": date(2026, 11, 19) - timedelta(days=int(rng.integers(3000))),
        }
        for row in range(count)
    ]


def ends(
    office: Office,
    truth: ScoreModel,
    contacts: list[dict[str, object]],
    hard_share: float,
) -> pl.DataFrame:
    """Let every message end as likely as the true model says, a share of the lost ones for good."""
    facts = office.facts(contacts=contacts)
    scores = score_contacts(facts, office.as_of, truth, office.reference).contacts
    chance = np.random.default_rng(7).random(scores.height)
    refused = np.random.default_rng(8).random(scores.height) < hard_share
    return scores.select(
        "creditor_id", "address", delivered=pl.Series(chance) < pl.col("score")
    ).with_columns(is_hard=~pl.col("delivered") & pl.Series(refused))


def lessons_of_world(
    office: Office, truth: ScoreModel, count: int, seed: int = 1, *, hard_share: float = 0.8
) -> pl.DataFrame:
    """Return the lessons of so many messages that were scored by the office's own model."""
    contacts = portfolio(count, seed)
    steps = office.score(contacts=contacts).steps
    return lessons_from(steps, ends(office, truth, contacts, hard_share), office.model)
