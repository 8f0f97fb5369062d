"""Ten lines to paste into a chat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from checks.model import Decision
from reports.facts import GateFacts
from reports.language import Speech, load_speech
from reports.plain import mask_tax_ids, plain
from reports.shown import Shown
from reports.summary import Money, Summary, Tally


def render_note(summary: Summary, language: str) -> str:
    """Return `resumo.txt`: always ten lines, over all creditors of the run."""
    speech = load_speech(language)
    shown = Shown(speech, summary.rules.small_cell)
    creditors = summary.creditors
    decided = [_add(word, (t for c in creditors for t in c.decisions)) for word in Decision]
    whole = _add("", decided)
    lines = [
        f"Entrega · {_title(summary, speech)} · {speech.day(summary.run.as_of)}",
        f"{shown.debtors(whole.debtors)}, {shown.owed(whole.debtors, whole.amounts)}",
        *(_line(speech.word("decision", tally.word), tally, shown) for tally in decided),
        _gate_line([c.gate for c in creditors if c.gate is not None], speech),
        _first_step([t for c in creditors for t in c.advice], shown),
    ]
    return "\n".join(lines) + "\n"


def _title(summary: Summary, speech: Speech) -> str:
    if len(summary.creditors) == 1:
        return mask_tax_ids(plain(summary.creditors[0].name, 60))
    count = len(summary.creditors)
    noun = speech.translations.ngettext("%(count)s creditor", "%(count)s creditors", count)
    return noun % {"count": speech.number(count)}


def _add(word: str, tallies: Iterable[Tally]) -> Tally:
    debtors = 0
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for tally in tallies:
        if word in ("", tally.word):
            debtors += tally.debtors
            for money in tally.amounts:
                owed[money.currency] += money.amount
    return Tally(word, debtors, tuple(Money(*item) for item in sorted(owed.items())))


def _line(name: str, tally: Tally, shown: Shown) -> str:
    owed = shown.owed(tally.debtors, tally.amounts)
    return f"{name}: {shown.count(tally.debtors)} \N{EN DASH} {owed}"


def _gate_line(gates: list[GateFacts], speech: Speech) -> str:
    label = speech.text("Gate of the list")
    if len(gates) == 1 and gates[0].predicted_bounce is not None:
        gate = gates[0]
        says = speech.text("%(state)s, predicted hard bounce %(predicted)s, limit %(limit)s") % {
            "state": speech.word("gate", gate.state),
            "predicted": speech.share(gates[0].predicted_bounce),
            "limit": speech.limit(gate.limit),
        }
        # a list may leave above its limit, e.g. a pilot lot: unexplained that reads like a mistake
        above = gates[0].predicted_bounce > gate.limit
        why = [speech.word("gate reason", word) for word in gate.reasons] if above else []
        return ". ".join([f"{label}: {says}", *(sentence.rstrip(".") for sentence in why)])
    if not gates:
        return f"{label}: " + speech.text("no list was made")
    states = Counter(str(gate.state) for gate in gates)
    counted = (f"{speech.word('gate', state)} {states[state]}" for state in sorted(states))
    return f"{label}: " + ", ".join(counted)


def _first_step(advice: list[Tally], shown: Shown) -> str:
    label = shown.speech.text("First step")
    totals = [_add(word, advice) for word in sorted({tally.word for tally in advice})]
    if not totals:
        return f"{label}: " + shown.speech.text("Nothing is open.")
    first = max(totals, key=lambda t: (max((m.amount for m in t.amounts), default=0), t.debtors))
    return _line(f"{label}: {shown.speech.word('advice', first.word)}", first, shown)
