"""A synthetic run of two thousand debtors, and the switch that rewrites golden files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import polars as pl
import pytest

from checks import frames as f
from checks.model import VERDICT_OF, Decision, DecisionReason, GateState, Reason
from reports import (
    CreditorFacts,
    GateFacts,
    ReportFacts,
    RunFacts,
    RunFrames,
    SourceFacts,
    Summary,
    summarise,
)

AS_OF: Final = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)

PROVIDERS: Final = {
    "gmail": ("gmail.com", 55),
    "microsoft_consumer": ("hotmail.com", 27),
    "yahoo": ("yahoo.com.br", 6),
    "uol": ("uol.com.br", 4),
    "terra": ("terra.com.br", 2),
    "other": ("correio.example", 6),
}

# reason, score, ownership, share, and the decision it leads to
OUTCOMES: Final = (
    (Reason.NOT_ASKED_SMTP_OFF, 0.97, 0.90, 50, Decision.SEND, DecisionReason.CONFIDENT),
    (Reason.NOT_ASKED_SMTP_OFF, 0.88, 0.90, 9, Decision.HOLD, DecisionReason.HOLD_GATE),
    (Reason.NOT_ASKED_POLICY, 0.84, 0.90, 8, Decision.HOLD, DecisionReason.HOLD_CANARY),
    (Reason.DELIVERED_BEFORE, 0.98, 0.97, 4, Decision.SEND, DecisionReason.CONFIDENT),
    (
        Reason.NOT_ASKED_POLICY,
        0.86,
        0.62,
        5,
        Decision.SEND_NEUTRAL,
        DecisionReason.NEUTRAL_OWNERSHIP,
    ),
    (Reason.ACCEPTS_ALL, 0.71, 0.90, 3, Decision.SEND_NEUTRAL, DecisionReason.NEUTRAL_UNCONFIRMED),
    (Reason.SUSPECTED_TYPO, 0.55, 0.85, 3, Decision.REVIEW, DecisionReason.REVIEW_REPAIR),
    (Reason.NOT_ASKED_SMTP_OFF, 0.90, 0.40, 1, Decision.REVIEW, DecisionReason.REVIEW_THIRD_PARTY),
    (Reason.GREYLISTED, 0.82, 0.90, 2, Decision.HOLD, DecisionReason.HOLD_RETRY),
    (Reason.NOT_ASKED_SMTP_OFF, 0.93, 0.20, 2, Decision.SUPPRESS, DecisionReason.BLOCKED_EMPLOYER),
    (Reason.NOT_ASKED_SMTP_OFF, 0.93, 0.90, 1, Decision.SUPPRESS, DecisionReason.SUPPRESS_OPT_OUT),
    (
        Reason.NO_SUCH_DOMAIN,
        0.01,
        0.90,
        4,
        Decision.OTHER_CHANNEL,
        DecisionReason.NO_USABLE_ADDRESS,
    ),
    (Reason.BAD_LOCAL_PART, 0.0, 0.90, 1, Decision.OTHER_CHANNEL, DecisionReason.NO_USABLE_ADDRESS),
    (None, None, None, 7, Decision.OTHER_CHANNEL, DecisionReason.NO_ADDRESS),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with its golden file, or rewrite the file under --update-golden."""
    folder = Path(__file__).parent / "golden"
    update = bool(request.config.getoption("--update-golden"))

    def compare(name: str, text: str) -> None:
        path = folder / name
        if update:
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


class PortfolioMaker:
    """Draws debtors of one creditor, row by row, into the columns of the frames."""

    def __init__(self, random: Random, creditor_id: str, currency: str) -> None:
        """Start without debtors."""
        self.random = random
        self.creditor_id = creditor_id
        self.currency = currency
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("records", "debtors", "contacts", "decided", "clusters")
        }

    def add(self, number: int) -> None:
        """Add one debtor, its record, its contact and what was decided."""
        draw = self.random
        reason, score, ownership, _, decision, why = draw.choices(
            OUTCOMES, weights=[outcome[3] for outcome in OUTCOMES]
        )[0]
        key = {"creditor_id": self.creditor_id, "debtor_id": f"D{number:05d}"}
        person = {
            **key,
            "kind": "pf",
            "name": f"Pessoa Sintética {number}",
            "tax_id": "11144477735",
            "tax_id_flag": draw.choices(["valid", "invalid", "missing"], weights=[90, 4, 6])[0],
            "phone": f"+55119{number:08d}" if draw.random() < 0.8 else None,
            "language": None,
        }
        owes = draw.random() < 0.99
        days = draw.choice([-10, 5, 20, 45, 75, 120, 300, 700, None])
        money = {
            "invoices": draw.choice([1, 1, 1, 2, 3]) if owes else 0,
            "amount": Decimal(draw.randint(5_000, 900_000)) / 100 if owes else None,
            "currency": self.currency if owes else None,
        }
        self.rows["records"].append({"source": "carteira.csv", "line": number, **person})
        self.rows["debtors"].append({**person, **money, "due_date": date(2026, 10, 1)})
        email = None
        if reason is not None and score is not None:
            email = self._add_contact(number, key, reason, score, ownership, decision, why)
        elsewhere = decision == Decision.OTHER_CHANNEL
        channel = "whatsapp" if person["phone"] else draw.choice(["letter", "letter", None])
        cluster = number - 1 if draw.random() < 0.03 else number
        self.rows["decided"].append(
            {
                **{name: person[name] for name in (*key, "kind", "name", "phone")},
                **money,
                "cluster_id": f"K{cluster:05d}",
                "decision": decision,
                "decision_reason": why,
                "email": None if elsewhere else email,
                "score": score,
                "ownership": ownership,
                "backups": [],
                "other_channel": channel if elsewhere else None,
                "days_overdue": days,
            }
        )
        self.rows["clusters"].append({**key, "cluster_id": f"K{cluster:05d}", "link": "single"})

    def _add_contact(
        self,
        number: int,
        key: dict[str, str],
        reason: Reason,
        score: float,
        ownership: float | None,
        decision: Decision,
        why: DecisionReason,
    ) -> str:
        names = list(PROVIDERS)
        provider = self.random.choices(names, weights=[PROVIDERS[name][1] for name in names])[0]
        email = f"pessoa.{number}@{PROVIDERS[provider][0]}"
        typo = reason == Reason.SUSPECTED_TYPO
        written = f"pessoa.{number}@gmial.com" if typo else email
        self.rows["contacts"].append(
            {
                **dict.fromkeys(f.CONTACTS, None),
                **key,
                "email_raw": written,
                "email": written,
                "verdict": VERDICT_OF[reason],
                "reason": reason,
                "score": score,
                "score_basis": "prior",
                "ownership": ownership,
                "decision": decision,
                "decision_reason": why,
                "provider": None if reason == Reason.BAD_LOCAL_PART else provider,
                "smtp_code": 451 if reason == Reason.GREYLISTED else None,
                "suggestion": f"pessoa.{number}@gmail.com" if typo else None,
                "origin": "file",
                "source": self.random.choice(["creditor", "creditor", "debtor", "agency"]),
                "legal_basis": "contract",
            }
        )
        return written


def make_frames(*makers: PortfolioMaker, quarantined: int = 12) -> RunFrames:
    """Return the frames of the makers' portfolios and some quarantined rows."""
    rows = {
        name: [row for maker in makers for row in maker.rows[name]]
        for name in ("records", "debtors", "contacts", "decided", "clusters")
    }
    aside = [
        {"source": "carteira.csv", "line": 90_000 + n, "reason": reason, "detail": "debtor_id"}
        for n, reason in zip(
            range(quarantined), ["no_identity", "ragged_row"] * quarantined, strict=False
        )
    ]
    return RunFrames(
        records=pl.DataFrame(rows["records"], schema=f.RECORDS),
        debtors=pl.DataFrame(rows["debtors"], schema=f.DEBTORS),
        contacts=pl.DataFrame(rows["contacts"], schema=f.CONTACTS),
        decided=pl.DataFrame(rows["decided"], schema=f.DECIDED_DEBTORS),
        clusters=pl.DataFrame(rows["clusters"], schema=f.CLUSTERS),
        quarantine=pl.DataFrame(aside, schema=f.QUARANTINE),
    )


def make_facts(frames: RunFrames, **run: Any) -> ReportFacts:  # noqa: ANN401
    """Return the facts beside the frames: names, a trimmed gate, row sums of the one file."""
    sent = frames.decided.filter(pl.col("decision") == Decision.SEND)
    held = frames.decided.filter(pl.col("decision_reason") == DecisionReason.HOLD_GATE)
    creditors = frames.decided["creditor_id"].unique().sort().to_list()
    return ReportFacts(
        run=RunFacts(
            run_id="r-20261231-0001",
            as_of=AS_OF,
            rules_version="2026.11",
            digests={"input": "ab" * 32, "configuration": "cd" * 32},
            **run,
        ),
        sources=(
            SourceFacts(
                source="carteira.csv", rows=frames.records.height + frames.quarantine.height
            ),
        ),
        creditors=tuple(
            CreditorFacts(creditor_id=c, name=f"Companhia Exemplo {c.upper()}") for c in creditors
        ),
        gates=tuple(
            GateFacts(
                creditor_id=c,
                state=GateState.TRIMMED,
                reasons=("over_limit",),
                sent=sent.filter(pl.col("creditor_id") == c).height,
                held=held.filter(pl.col("creditor_id") == c).height,
                limit=0.05,
                predicted_bounce=0.031,
                low=0.024,
                high=0.041,
            )
            for c in creditors
        ),
    )


def make_portfolio(seed: int, creditor_id: str, currency: str, debtors: int) -> PortfolioMaker:
    """Return a portfolio of so many debtors, the same for the same seed."""
    maker = PortfolioMaker(Random(seed), creditor_id, currency)
    for number in range(1, debtors + 1):
        maker.add(number)
    return maker


HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)",
    "\u202egnp.exe\u2066",
    "\x00\x1b[2J\x07",
    "x" * 5000,
    "MARIA EXEMPLO 11144477735",
    "https://evil.example/",
)


def make_hostile_frames() -> RunFrames:
    """Return a run in which every outside text is an attack."""
    frames = make_frames(make_portfolio(3, HOSTILE[0], "BRL", 200))
    cycle = [HOSTILE[number % len(HOSTILE)] for number in range(200)]
    texts = pl.Series(cycle)
    contacts = frames.contacts.height
    return RunFrames(
        records=frames.records.with_columns(source=pl.lit(HOSTILE[1])),
        quarantine=frames.quarantine.with_columns(
            source=pl.lit(HOSTILE[1]), reason=pl.lit(HOSTILE[0])
        ),
        debtors=frames.debtors.with_columns(name=texts),
        contacts=frames.contacts.with_columns(
            email_raw=pl.lit("a@<b>evil</b>"),
            suggestion=pl.lit("a@<i>evil</i>"),
            provider=texts[:contacts],
            legal_basis=texts[:contacts],
        ),
        decided=frames.decided.with_columns(name=texts, phone=texts),
        clusters=frames.clusters,
    )


@pytest.fixture(scope="session")
def run_frames() -> RunFrames:
    """Two thousand debtors of one Brazilian creditor."""
    return make_frames(make_portfolio(7, "norte", "BRL", 2000))


@pytest.fixture(scope="session")
def facts(run_frames: RunFrames) -> ReportFacts:
    """What stands beside the frames of that run."""
    return make_facts(run_frames)


@pytest.fixture(scope="session")
def summary(run_frames: RunFrames, facts: ReportFacts) -> Summary:
    """The numbers of that run."""
    return summarise(run_frames, facts)


@pytest.fixture(scope="session")
def hostile_frames() -> RunFrames:
    """A run in which every outside text is an attack."""
    return make_hostile_frames()


@pytest.fixture(scope="session")
def hostile_summary(hostile_frames: RunFrames) -> Summary:
    """The numbers of the hostile run, its file, creditor and warnings hostile as well."""
    facts = make_facts(hostile_frames, warnings=HOSTILE, lab_networks=(HOSTILE[1],))
    source = SourceFacts(source=HOSTILE[1], rows=facts.sources[0].rows)
    creditor = CreditorFacts(creditor_id=HOSTILE[0], name=HOSTILE[7] + HOSTILE[5])
    return summarise(hostile_frames, replace(facts, sources=(source,), creditors=(creditor,)))


@pytest.fixture(scope="session")
def mixed_summary() -> Summary:
    """A run over two creditors, one in reais and one in pesos, with very few debtors."""
    frames = make_frames(
        make_portfolio(1, "norte", "BRL", 300), make_portfolio(2, "sur", "MXN", 40)
    )
    return summarise(frames, make_facts(frames, warnings=("smtp_off",)))
