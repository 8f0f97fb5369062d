"""Synthetic runs to report on, and the comparison with golden files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pytest

from checks import frames as f
from checks.model import VERDICT_OF, Decision, DecisionReason, GateState, Reason
from checks.score import Loss
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
LOSS: Final = Loss({"asked": 0.005, "history": 0.015, "prior": 0.015}, permanent=0.9)

PROVIDERS: Final = pl.DataFrame(
    [
        ("gmail", "gmail.com", 0.55),
        ("microsoft_consumer", "hotmail.com", 0.27),
        ("yahoo", "yahoo.com.br", 0.06),
        ("uol", "uol.com.br", 0.04),
        ("terra", "terra.com.br", 0.02),
        ("other", "correio.example", 0.06),
    ],
    schema=["provider", "domain", "share"],
    orient="row",
)

OUTCOMES: Final = pl.DataFrame(
    [
        ("not_asked_smtp_off", 0.97, 0.90, 0.50, "send", "confident"),
        ("delivered_before", 0.98, 0.97, 0.04, "send", "confident"),
        ("not_asked_smtp_off", 0.88, 0.90, 0.09, "hold", "hold_gate"),
        ("not_asked_policy", 0.84, 0.90, 0.08, "hold", "hold_canary"),
        ("greylisted", 0.82, 0.90, 0.02, "hold", "hold_retry"),
        ("not_asked_policy", 0.86, 0.62, 0.05, "send_neutral", "neutral_ownership"),
        ("accepts_all", 0.71, 0.90, 0.03, "send_neutral", "neutral_unconfirmed"),
        ("suspected_typo", 0.55, 0.85, 0.03, "review", "review_repair"),
        ("not_asked_smtp_off", 0.90, 0.40, 0.01, "review", "review_third_party"),
        ("not_asked_smtp_off", 0.93, 0.20, 0.02, "suppress", "blocked_employer"),
        ("not_asked_smtp_off", 0.93, 0.90, 0.01, "suppress", "suppress_opt_out"),
        ("no_such_domain", 0.01, 0.90, 0.04, "other_channel", "no_usable_address"),
        ("bad_local_part", 0.00, 0.90, 0.01, "other_channel", "no_usable_address"),
        (None, None, None, 0.07, "other_channel", "no_address"),
    ],
    schema=["reason", "score", "ownership", "share", "decision", "decision_reason"],
    orient="row",
)
"""What may become of a debtor, and how often."""

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


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with its golden file; UPDATE_GOLDEN=1 in the environment rewrites it."""
    folder = Path(__file__).parent / "golden"

    def compare(name: str, text: str) -> None:
        path = folder / name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


def draw_debtors(seed: int, creditor_id: str, currency: str, debtors: int) -> pl.DataFrame:
    """Draw one row per debtor with everything that the frames of a run say of it."""
    random = np.random.default_rng(seed)
    outcomes = random.choice(OUTCOMES.height, debtors, p=OUTCOMES["share"])
    providers = random.choice(PROVIDERS.height, debtors, p=PROVIDERS["share"])
    number = pl.int_range(1, debtors + 1, eager=True)
    owes = pl.Series(random.random(debtors) < 0.99)
    drawn = {
        "creditor_id": pl.Series([creditor_id]).new_from_index(0, debtors),
        "debtor_id": pl.select(pl.format("D{}", number.cast(pl.String).str.zfill(5))).to_series(),
        "cluster_id": (number - pl.Series(random.random(debtors) < 0.03).cast(pl.Int64)).cast(
            pl.String
        ),
        "number": number,
        "tax_id_flag": random.choice(["valid", "invalid", "missing"], debtors, p=[0.9, 0.04, 0.06]),
        "has_phone": random.random(debtors) < 0.8,
        "has_letter": random.random(debtors) < 0.7,
        "owes": owes,
        "invoices": random.choice([1, 1, 1, 2, 3], debtors),
        "cents": random.integers(5_000, 900_000, debtors),
        "days": random.choice([-10, 5, 20, 45, 75, 120, 300, 700, 9999], debtors),
        "source": random.choice(["creditor", "creditor", "debtor", "agency"], debtors),
    }
    rows = pl.DataFrame(drawn).hstack(OUTCOMES[outcomes].drop("share"))
    return rows.hstack(PROVIDERS[providers].drop("share")).with_columns(
        kind=pl.lit("pf"),
        name=pl.format("Pessoa Sintética {}", "number"),
        tax_id=pl.lit("11144477735"),
        phone=pl.when("has_phone").then(pl.format("+55119{}", pl.col("number") + 80_000_000)),
        invoices=pl.when("owes").then("invoices").otherwise(0),
        amount=pl.when("owes").then(pl.col("cents").cast(f.MONEY) / 100).cast(f.MONEY),
        currency=pl.when("owes").then(pl.lit(currency)),
        due_date=pl.lit(date(2026, 10, 1)),
        days_overdue=pl.when(pl.col("days") != 9999).then("days"),
    )


def complete(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the rows in a schema, null where they say nothing."""
    missing = [pl.lit(None, dtype).alias(n) for n, dtype in schema.items() if n not in rows.columns]
    return f.shaped(rows.with_columns(missing), schema)


def make_contacts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one contact for every debtor that has a reason."""
    typo = pl.col("reason") == Reason.SUSPECTED_TYPO
    person = pl.format("pessoa.{}@", "number")
    written = person + pl.when(typo).then(pl.lit("gmial.com")).otherwise("domain")
    shaped = pl.col("reason") != Reason.BAD_LOCAL_PART
    found = rows.drop_nulls("reason").with_columns(
        email_raw=written,
        email=pl.when(shaped).then(written),
        provider=pl.when(shaped).then("provider"),
        suggestion=pl.when(typo).then(person + pl.lit("gmail.com")),
        verdict=pl.col("reason").replace_strict(VERDICT_OF),
        smtp_code=pl.when(pl.col("reason") == Reason.GREYLISTED).then(451),
        score_basis=pl.lit("prior"),
        origin=pl.lit("file"),
        legal_basis=pl.lit("contract"),
    )
    return complete(found, f.CONTACTS)


def make_decided(rows: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return what was decided; a debtor that e-mail does not reach has a channel or none."""
    key = ["creditor_id", "debtor_id"]
    elsewhere = pl.col("decision") == Decision.OTHER_CHANNEL
    letter = pl.when("has_letter").then(pl.lit("letter"))
    channel = pl.when("has_phone").then(pl.lit("whatsapp")).otherwise(letter)
    chosen = rows.join(contacts.select(*key, "email"), on=key, how="left").with_columns(
        email=pl.when(~elsewhere).then("email"),
        other_channel=pl.when(elsewhere).then(channel),
    )
    return complete(chosen, f.DECIDED_DEBTORS)


def make_frames(*drawn: pl.DataFrame, quarantined: int = 12) -> RunFrames:
    """Return the frames of a run over the drawn debtors, and some quarantined rows."""
    rows = pl.concat(drawn)
    contacts = make_contacts(rows)
    records = rows.with_columns(source=pl.lit("carteira.csv"), line=pl.int_range(1, pl.len() + 1))
    reasons = (["unidentified", "wrong_column_count"] * quarantined)[:quarantined]
    aside = pl.DataFrame({"reason": reasons}).with_columns(
        source=pl.lit("carteira.csv"), line=pl.int_range(pl.len()) + 90_000, detail=pl.lit("")
    )
    return RunFrames(
        records=complete(records, f.RECORDS),
        quarantine=complete(aside, f.QUARANTINE),
        debtors=complete(rows, f.DEBTORS),
        contacts=contacts,
        decided=make_decided(rows, contacts),
        clusters=complete(rows.with_columns(link=pl.lit("single")), f.CLUSTERS),
    )


def make_facts(
    frames: RunFrames, warnings: tuple[str, ...] = (), lab_networks: tuple[str, ...] = ()
) -> ReportFacts:
    """Return the facts beside the frames: names, a trimmed gate, row sums of the one file."""
    counts = frames.decided.group_by("creditor_id").agg(
        (pl.col("decision") == Decision.SEND).sum().alias("sent"),
        (pl.col("decision_reason") == DecisionReason.HOLD_GATE).sum().alias("held"),
    )
    gates = tuple(
        GateFacts(
            creditor_id=creditor_id,
            state=GateState.TRIMMED,
            reasons=("over_limit",),
            sent=sent,
            held=held,
            limit=0.05,
            predicted_bounce=0.031,
            low=0.024,
            high=0.041,
            notices=12,
            exposure=0.002,
        )
        for creditor_id, sent, held in counts.sort("creditor_id").iter_rows()
    )
    rows = frames.records.height + frames.quarantine.height
    return ReportFacts(
        loss=LOSS,
        run=RunFacts(
            run_id="r-20261231-0001",
            as_of=AS_OF,
            rules_version="2026.11",
            digests={"input": "ab" * 32, "configuration": "cd" * 32},
            warnings=warnings,
            lab_networks=lab_networks,
        ),
        sources=(SourceFacts(source="carteira.csv", rows=rows),),
        creditors=tuple(
            CreditorFacts(creditor_id=gate.creditor_id, name=f"Companhia {gate.creditor_id}")
            for gate in gates
        ),
        gates=gates,
    )


def make_hostile_frames() -> RunFrames:
    """Return a run in which every outside text is an attack."""
    frames = make_frames(draw_debtors(3, HOSTILE[0], "BRL", 200))
    texts = pl.Series([HOSTILE[number % len(HOSTILE)] for number in range(200)])
    return RunFrames(
        records=frames.records.with_columns(source=pl.lit(HOSTILE[1])),
        quarantine=frames.quarantine.with_columns(
            source=pl.lit(HOSTILE[1]), reason=pl.lit(HOSTILE[0])
        ),
        debtors=frames.debtors.with_columns(name=texts),
        contacts=frames.contacts.with_columns(
            email_raw=pl.lit("a@<b>evil</b>"),
            suggestion=pl.lit("a@<i>evil</i>"),
            provider=texts[: frames.contacts.height],
            legal_basis=texts[: frames.contacts.height],
        ),
        decided=frames.decided.with_columns(name=texts, phone=texts),
        clusters=frames.clusters,
    )


@pytest.fixture(scope="session")
def run_frames() -> RunFrames:
    """Make a run over two thousand debtors of one Brazilian creditor."""
    return make_frames(draw_debtors(7, "norte", "BRL", 2000))


@pytest.fixture(scope="session")
def facts_of() -> Callable[[RunFrames], ReportFacts]:
    """Return how to make what stands beside any frames."""
    return make_facts


@pytest.fixture(scope="session")
def facts(run_frames: RunFrames) -> ReportFacts:
    """Make what stands beside the frames of that run."""
    return make_facts(run_frames)


@pytest.fixture(scope="session")
def summary(run_frames: RunFrames, facts: ReportFacts) -> Summary:
    """Count that run."""
    return summarise(run_frames, facts)


@pytest.fixture(scope="session")
def hostile_frames() -> RunFrames:
    """Make a run in which every outside text is an attack."""
    return make_hostile_frames()


@pytest.fixture(scope="session")
def hostile_summary(hostile_frames: RunFrames) -> Summary:
    """Count the hostile run; its file, its creditor and its warnings are hostile as well."""
    facts = make_facts(hostile_frames, warnings=HOSTILE, lab_networks=(HOSTILE[1],))
    source = SourceFacts(source=HOSTILE[1], rows=facts.sources[0].rows)
    creditor = CreditorFacts(creditor_id=HOSTILE[0], name=HOSTILE[7] + HOSTILE[5])
    return summarise(hostile_frames, replace(facts, sources=(source,), creditors=(creditor,)))


@pytest.fixture(scope="session")
def mixed_summary() -> Summary:
    """Count a run over two creditors, one in reais and one in pesos, with few debtors."""
    frames = make_frames(draw_debtors(1, "norte", "BRL", 300), draw_debtors(2, "sur", "MXN", 40))
    return summarise(frames, make_facts(frames, warnings=("smtp_off",)))
