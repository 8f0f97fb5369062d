"""The answers' file: what a host elsewhere was told, sealed with the secret of what it was asked.

Lines of JSON between a title and a seal: the outcome of every address, and the journal's records,
so that budgets, sentinels and the classification of replies go on from them as from our own.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

import polars as pl

from checks.errors import InputRefusedError
from checks.frames import FINDINGS
from checks.mailbox.records import read_trace
from checks.model import VERDICT_OF, Reason
from data.away.handout import Handout
from data.files import replaced_file, write_private
from data.journal import TITLE as JOURNAL_TITLE
from data.journal import Kind, Record, encode_record

TITLE: Final = b"entrega answers 1\n"
_SEAL: Final = b"seal "
_LONGEST_LINE: Final = 1 << 20  # as of a journal's record
_FINDING, _RECORD = "finding", "record"
_EPOCH: Final = 1  # below any holder's of a warehouse, who may go on behind it


@dataclass(frozen=True, slots=True)
class AwayAnswers:
    """What came back: FINDINGS, the journal's records, figures, and why it is not all, if so."""

    findings: pl.DataFrame
    records: tuple[Record, ...]
    figures: Mapping[str, Any]
    degraded: str | None


def write_answers(path: Path, handout: Handout, digest: str, answers: AwayAnswers) -> None:
    """Write the answers to a shard file for the owner alone, sealed."""
    head = {
        "run_id": handout.run_id,
        "handout": digest,
        "figures": answers.figures,
        "degraded": answers.degraded,
    }
    seal = hmac.new(bytes.fromhex(handout.key), digestmod="sha256")
    with replaced_file(path) as aside, aside.open("wb") as file:
        for line in _lines(head, answers):
            seal.update(line)
            file.write(line)
        file.write(_SEAL + seal.hexdigest().encode() + b"\n")


def run_of(path: Path) -> str | None:
    """Return which run a file says it answers; None: it is no answers' file. Proves nothing."""
    with path.open("rb") as file:
        if file.read(len(TITLE)) != TITLE:
            return None
        try:
            return str(json.loads(file.readline(_LONGEST_LINE))["run_id"])
        except (ValueError, KeyError, TypeError):
            return None


def read_answers(path: Path, handout: Handout, digest: str) -> AwayAnswers:
    """Return the answers to a shard file of ours.

    Raises InputRefusedError for a file that is cut short, changed, sealed by somebody who has not
    got the shard file, or that does not answer exactly what was asked.
    """
    refuse = _refusal(path)
    _check_seal(path, bytes.fromhex(handout.key), refuse)
    with path.open("rb") as file:
        file.readline()
        try:
            head = json.loads(file.readline())
            rows = [json.loads(line) for line in file if not line.startswith(_SEAL)]
            findings = _findings([row[1:] for row in rows if row[0] == _FINDING], handout)
            records = _records(row[1:] for row in rows if row[0] == _RECORD)
            answered, figures, degraded = head["handout"], head["figures"], head["degraded"]
        except (ValueError, KeyError, TypeError, IndexError):
            refuse("cannot be read")
    if answered != digest:
        refuse("answers another shard file")
    _check_asked(findings, records, handout, refuse)
    return AwayAnswers(findings, records, figures, degraded)


def copy_records(path: Path, records: Iterable[Record]) -> None:
    """Write a journal of records that another host's journal held."""
    write_private(path, JOURNAL_TITLE + b"".join(encode_record(record) for record in records))


def _lines(head: Mapping[str, Any], answers: AwayAnswers) -> Iterator[bytes]:
    yield TITLE
    yield _line(head)
    for address, reason, evidence in answers.findings.select(
        "address", "reason", "evidence"
    ).iter_rows():
        yield _line([_FINDING, address, reason, evidence])
    for record in answers.records:
        yield _line([_RECORD, record.kind.value, record.intent, record.payload])


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _check_seal(path: Path, key: bytes, refuse: Callable[[str], NoReturn]) -> None:
    seal = hmac.new(key, digestmod="sha256")
    told = b""
    with path.open("rb") as file:
        for line in _whole_lines(file):
            if line.startswith(_SEAL):
                told = line
                break
            seal.update(line)
        rest = file.read(1)
    if rest or not hmac.compare_digest(told.strip(), _SEAL + seal.hexdigest().encode()):
        refuse("is not whole, or is not sealed by whoever was given the shard file")


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
        yield line


def _findings(rows: list[list[Any]], handout: Handout) -> pl.DataFrame:
    table = [
        {
            "address": address,
            "check": "mailbox",
            "verdict": VERDICT_OF[Reason(reason)].value,
            "reason": Reason(reason).value,
            "evidence": json.dumps(json.loads(evidence), ensure_ascii=False),
            "checked_at": handout.as_of,
        }
        for address, reason, evidence in rows
    ]
    return pl.DataFrame(table, schema=FINDINGS).sort("address")


def _records(rows: Iterable[list[Any]]) -> tuple[Record, ...]:
    return tuple(
        Record(sequence, _EPOCH, Kind(kind), int(intent), dict(payload))
        for sequence, (kind, intent, payload) in enumerate(rows, start=1)
    )


def _check_asked(
    findings: pl.DataFrame,
    records: tuple[Record, ...],
    handout: Handout,
    refuse: Callable[[str], NoReturn],
) -> None:
    """Refuse whoever answers more than was asked, or less."""
    asked = sorted(address for target in handout.targets for address, _ in target.recipients)
    if findings["address"].to_list() != asked:
        refuse("does not answer exactly the addresses that were asked for")
    hosts = {target.domain: set(target.mx_addresses) for target in handout.targets}
    try:
        trace = read_trace(record.payload for record in records)
        strange = any(
            plan.mx_address not in hosts.get(errand.domain, ())
            for waves in trace.waves.values()
            for wave in waves
            for plan in wave.sessions
            for errand in plan.errands
        )
    except (ValueError, KeyError, TypeError):
        strange = True
    if strange:
        refuse("tells of servers that were not to be asked")


def _refusal(path: Path) -> Callable[[str], NoReturn]:
    def refuse(how: str) -> NoReturn:
        problem = f"'{path.name}' {how}"
        raise InputRefusedError(problem, "copy it again from the host that ran `entrega probe`")

    return refuse
