"""The numbers of a report: nothing lost, nothing counted twice, no currency crossed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from checks import frames as f
from checks.model import Decision
from checks.score import Loss
from reports import (
    CreditorFacts,
    ReportFacts,
    RunFacts,
    RunFrames,
    SourceFacts,
    Summary,
    UnbalancedError,
    summarise,
    summary_json,
)
from reports.advice import MOST_LINES
from reports.summary import Money
from reports.view import view_debtors


def shuffled(frames: RunFrames, seed: int) -> RunFrames:
    parts = {
        field.name: getattr(frames, field.name).sample(fraction=1.0, shuffle=True, seed=seed)
        for field in fields(frames)
    }
    return RunFrames(**parts)


def test_every_debtor_stands_under_exactly_one_decision(
    summary: Summary, run_frames: RunFrames
) -> None:
    creditor = summary.creditors[0]
    assert sum(tally.debtors for tally in creditor.decisions) == run_frames.debtors.height
    assert sum(tally.debtors for tally in creditor.reasons) == run_frames.debtors.height
    assert sum(tally.debtors for tally in creditor.classes) == run_frames.debtors.height
    assert sum(row.debtors for row in creditor.ageing) == run_frames.debtors.height


def test_amounts_of_the_parts_add_up_to_the_cent(summary: Summary) -> None:
    creditor = summary.creditors[0]
    whole = creditor.amounts[0].amount
    for parts in (creditor.decisions, creditor.reasons, creditor.classes, creditor.ageing):
        assert sum(money.amount for part in parts for money in part.amounts) == whole


def test_rows_are_accepted_or_quarantined(summary: Summary) -> None:
    source = summary.sources[0]
    assert (source.rows, source.accepted, source.quarantined) == (2012, 2000, 12)
    assert {balance.name: balance.whole - balance.parts for balance in summary.balances} == {
        "input rows": 0,
        "rows of known sources": 0,
        "debtors in accepted rows": 0,
        "decided debtors": 0,
        "distinct decided debtors": 0,
    }


@pytest.mark.parametrize(
    ("lost", "name"),
    [
        ("quarantine", "input rows"),
        ("records", "input rows"),
        ("decided", "decided debtors"),
        ("debtors", "debtors in accepted rows"),
    ],
)
def test_a_lost_row_stops_the_report(
    run_frames: RunFrames, facts: ReportFacts, lost: str, name: str
) -> None:
    short = replace(run_frames, **{lost: getattr(run_frames, lost).slice(1)})
    with pytest.raises(UnbalancedError, match=f"^{name} do not balance"):
        summarise(short, facts)


def test_a_debtor_decided_twice_stops_the_report(run_frames: RunFrames, facts: ReportFacts) -> None:
    rows = run_frames.decided
    twice = replace(run_frames, decided=pl.concat([rows.slice(1), rows.slice(1, 1)]))
    with pytest.raises(UnbalancedError, match="distinct decided debtors do not balance"):
        summarise(twice, facts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_rows_does_not_matter(
    run_frames: RunFrames, facts: ReportFacts, summary: Summary, seed: int
) -> None:
    again = summarise(shuffled(run_frames, seed), facts)
    assert summary_json(again) == summary_json(summary)


def test_the_funnel_only_narrows(summary: Summary) -> None:
    steps = [step.debtors for step in summary.creditors[0].funnel]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] == summary.creditors[0].decisions[0].debtors


def test_currencies_are_never_added(mixed_summary: Summary) -> None:
    norte, sur = mixed_summary.creditors
    assert [money.currency for money in norte.amounts] == ["BRL"]
    assert [money.currency for money in sur.amounts] == ["MXN"]


def test_a_creditor_with_two_currencies_keeps_both(run_frames: RunFrames) -> None:
    decided = run_frames.decided.head(3).with_columns(
        currency=pl.Series(["BRL", "MXN", None]),
        amount=pl.Series([Decimal("1.10"), Decimal("2.20"), None], dtype=f.MONEY),
        decision=pl.lit(Decision.SEND),
    )
    summary = summarise_head(run_frames, decided)
    send = summary.creditors[0].decisions[0]
    assert (send.word, send.debtors) == ("send", 3)
    assert send.amounts == (Money("BRL", Decimal("1.10")), Money("MXN", Decimal("2.20")))


def summarise_head(frames: RunFrames, decided: pl.DataFrame) -> Summary:
    """Summarise only the debtors of `decided`, without contacts."""
    key = ["creditor_id", "debtor_id"]
    records = frames.records.join(decided.select(key), on=key, how="semi")
    part = RunFrames(
        records=records,
        quarantine=frames.quarantine.clear(),
        debtors=frames.debtors.join(decided.select(key), on=key, how="semi"),
        contacts=frames.contacts.clear(),
        decided=decided,
        clusters=frames.clusters.clear(),
    )
    source = SourceFacts(source="carteira.csv", rows=records.height)
    return summarise(part, bare_facts(source))


def bare_facts(*sources: SourceFacts) -> ReportFacts:
    """Return facts without creditors and gates."""
    run = RunFacts(run_id="r", as_of=datetime(2026, 12, 31, tzinfo=UTC), rules_version="1")
    return ReportFacts(
        run=run,
        sources=sources,
        creditors=(),
        gates=(),
        loss=Loss({"asked": 0.0, "history": 0.0, "prior": 0.0}, permanent=1.0),
    )


def test_a_run_without_rows_has_a_summary() -> None:
    frames = RunFrames(
        records=f.empty(f.RECORDS),
        quarantine=f.empty(f.QUARANTINE),
        debtors=f.empty(f.DEBTORS),
        contacts=f.empty(f.CONTACTS),
        decided=f.empty(f.DECIDED_DEBTORS),
        clusters=f.empty(f.CLUSTERS),
    )
    facts = replace(bare_facts(), creditors=(CreditorFacts(creditor_id="a", name="A"),))
    summary = summarise(frames, facts)
    assert [creditor.debtors for creditor in summary.creditors] == [0]


@pytest.mark.parametrize(
    ("score", "word"),
    [(1.0, "A"), (0.95, "A"), (0.949, "B"), (0.80, "B"), (0.799, "C"), (0.40, "C"), (0.399, "D")],
)
def test_classes_are_cut_at_their_edges(run_frames: RunFrames, score: float, word: str) -> None:
    chosen = run_frames.decided.filter(pl.col("decision") == Decision.SEND).with_columns(
        score=pl.lit(score)
    )
    view = view_debtors(replace(run_frames, decided=chosen), bare_facts())
    assert view["class"].unique().to_list() == [word]


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (90, 3), (91, 4), (360, 5), (361, 6), (None, None)],
)
def test_buckets_begin_the_day_after_the_one_before(
    run_frames: RunFrames, days: int | None, bucket: int | None
) -> None:
    decided = run_frames.decided.head(1).with_columns(days_overdue=pl.lit(days, dtype=pl.Int64))
    view = view_debtors(replace(run_frames, decided=decided), bare_facts())
    assert view["bucket"].to_list() == [bucket]


def test_advice_is_short_and_the_largest_amount_comes_first(summary: Summary) -> None:
    amounts = [line.amounts[0].amount for line in summary.creditors[0].advice]
    assert 1 < len(amounts) <= MOST_LINES
    assert amounts == sorted(amounts, reverse=True)


def test_rare_outside_texts_stay_out_of_the_summary(hostile_frames: RunFrames) -> None:
    rare = hostile_frames.contacts.with_columns(
        legal_basis=pl.concat_str(pl.lit("because of "), "debtor_id")
    )
    facts = bare_facts(SourceFacts(source="<b>", rows=212))
    frames = replace(
        hostile_frames,
        contacts=rare,
        records=hostile_frames.records.with_columns(source=pl.lit("<b>")),
        quarantine=hostile_frames.quarantine.with_columns(source=pl.lit("<b>")),
    )
    bases = summarise(frames, facts).creditors[0].bases
    assert {basis.legal_basis for basis in bases} == {"other"}


def test_files_of_one_name_in_two_folders_count_together(
    run_frames: RunFrames, facts: ReportFacts
) -> None:
    half = SourceFacts(source="carteira.csv", rows=1006)
    summary = summarise(run_frames, replace(facts, sources=(half, half)))
    assert [(source.rows, source.accepted) for source in summary.sources] == [(2012, 2000)]


def test_the_json_file_is_as_it_was(summary: Summary, golden: Callable[[str, str], None]) -> None:
    golden("summary.json", summary_json(summary))


def test_the_json_file_holds_machine_words_and_exact_amounts(summary: Summary) -> None:
    read = json.loads(summary_json(summary))
    assert list(read) == list(asdict(summary))
    assert read["run"]["as_of"] == "2026-12-31T12:00:00Z"
    assert read["creditors"][0]["decisions"][0]["word"] == "send"
    assert read["creditors"][0]["amounts"] == [
        {"currency": "BRL", "amount": str(summary.creditors[0].amounts[0].amount)}
    ]
