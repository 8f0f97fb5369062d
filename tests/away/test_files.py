"""The shard file and its answers: whole and sealed, or refused."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from checks.errors import InputRefusedError
from checks.frames import FINDINGS
from checks.mailbox.probe import ADDRESSES, targets_of
from checks.mailbox.rules import Ruling, Scope
from checks.mailbox.settings import Memory
from checks.model import Reason
from data.away import (
    AwayAnswers,
    Handout,
    Past,
    copy_records,
    read_answers,
    read_handout,
    run_of,
    write_answers,
    write_handout,
)
from data.away.handout import targets_of as handout_targets
from data.journal import Kind, Record, read_journal

DAY = datetime(2026, 11, 1, tzinfo=UTC)
BLOCK = Ruling(Reason.OUR_SIDE_BLOCKED, Scope.HOST, "blocklist")
MEMORY = Memory(
    asked={"other": ((1.0, True),), "192.0.2.1": ((2.0, False),), "gmail": ((3.0, True),)},
    proven={("192.0.2.1", "a.example"): 4.0, ("192.0.2.1", "else.example"): 5.0},
    blocked={"192.0.2.1": (6.0, BLOCK), "203.0.113.9": (7.0, BLOCK)},
    connected={"192.0.2.1": 8.0, "203.0.113.9": 9.0},
)


def addresses(priorities: dict[str, float]) -> pl.DataFrame:
    """Return ADDRESSES of two domains at one host."""
    rows = [
        (address, address.split("@")[1], "other", ["mx.a.example"], ["192.0.2.1"], priority)
        for address, priority in priorities.items()
    ]
    return pl.DataFrame(rows, schema={**ADDRESSES, "priority": pl.Float64()}, orient="row")


ASKED = addresses({"ana@a.example": -0.91, "bia@a.example": -0.35, "caio@b.example": -0.91})


@pytest.fixture
def handout() -> Handout:
    """Return what three addresses of two domains hand out."""
    targets = handout_targets(ASKED)
    return Handout(
        run_id="20261121T205812-4f9a1c",
        as_of=DAY,
        rules="abc",
        key="5a" * 32,
        seed=0,
        retry_after=(360.0,),
        horizon=100.0,
        limits={"uol": {"refusals_per_hour": 5}},
        past=Past.of(MEMORY, targets),
        targets=targets,
    )


@pytest.fixture
def answers() -> AwayAnswers:
    """Return an answer for each of the three, and a journal of one wave."""
    rows = [
        {
            "address": address,
            "check": "mailbox",
            "verdict": "undeliverable",
            "reason": "mailbox_not_found",
            "evidence": json.dumps({"smtp_code": 550, "smtp_text": "não há"}, ensure_ascii=False),
            "checked_at": DAY,
        }
        for address in ("ana@a.example", "bia@a.example", "caio@b.example")
    ]
    payload = {"kind": "begin", "at": 5.0}
    records = (Record(1, 1, Kind.INTENT, 1, payload),)
    return AwayAnswers(pl.DataFrame(rows, schema=FINDINGS), records, {"reasons": {}}, None)


def test_what_is_handed_out_comes_out_again_and_is_the_owners_alone(
    tmp_path: Path, handout: Handout
) -> None:
    path = tmp_path / "run.shard"
    digest = write_handout(path, handout)
    assert read_handout(path) == (handout, digest)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert handout.key not in repr(handout)
    assert "ana@" not in repr(handout)


def test_who_is_asked_first_is_told_without_what_it_was_made_of(handout: Handout) -> None:
    before = [(t.domain, t.recipients) for t in targets_of(ASKED)]
    assert [(t.domain, t.recipients) for t in targets_of(handout.addresses)] == before
    assert set(handout.addresses["priority"]) == {1.0, 2.0}


def test_only_the_memory_of_those_to_be_asked_goes_along(handout: Handout) -> None:
    memory = handout.past.memory()
    assert set(memory.asked) == {"other", "192.0.2.1"}
    assert memory.proven == {("192.0.2.1", "a.example"): 4.0}
    assert memory.blocked == {"192.0.2.1": (6.0, BLOCK)}
    assert memory.connected == {"192.0.2.1": 8.0}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:-1], id="cut"),
        pytest.param(lambda content: content.replace(b"bia@", b"eva@"), id="changed"),
        pytest.param(lambda content: b"PK" + content, id="another file"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_a_damaged_shard_file_is_refused(
    tmp_path: Path, handout: Handout, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "run.shard"
    write_handout(path, handout)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputRefusedError) as refused:
        read_handout(path)
    assert "@" not in str(refused.value)


def test_a_recipient_under_a_strangers_domain_is_refused(tmp_path: Path, handout: Handout) -> None:
    path = tmp_path / "run.shard"
    first = handout.targets[0]
    object.__setattr__(first, "recipients", (("ana@victim.example", 1),))
    write_handout(path, handout)
    with pytest.raises(InputRefusedError):
        read_handout(path)


def test_answers_come_back_as_they_were_found(
    tmp_path: Path, handout: Handout, answers: AwayAnswers
) -> None:
    path = tmp_path / "told.answers"
    write_answers(path, handout, "d1", answers)
    assert run_of(path) == handout.run_id
    found = read_answers(path, handout, "d1")
    assert found.findings.equals(answers.findings)
    copy_records(tmp_path / "probe.journal", found.records)
    assert tuple(read_journal(tmp_path / "probe.journal")) == answers.records
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda lines: lines[:-1], id="cut"),
        pytest.param(lambda lines: [*lines[:2], *lines[3:]], id="an answer left out"),
        pytest.param(lambda lines: [*lines[:-1], b"seal " + b"0" * 64 + b"\n"], id="forged seal"),
        pytest.param(lambda lines: [*lines, lines[2]], id="something behind the seal"),
        pytest.param(
            lambda lines: [x.replace(b"mailbox_not_found", b"mailbox_accepted") for x in lines],
            id="changed",
        ),
        pytest.param(lambda lines: [b"[]\n" * 4, *lines], id="no title"),
    ],
)
def test_answers_that_were_tampered_with_are_refused(
    tmp_path: Path,
    handout: Handout,
    answers: AwayAnswers,
    damage: Callable[[list[bytes]], list[bytes]],
) -> None:
    path = tmp_path / "told.answers"
    write_answers(path, handout, "d1", answers)
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(InputRefusedError) as refused:
        read_answers(path, handout, "d1")
    assert "@" not in str(refused.value)


WAVE = {
    "kind": "wave",
    "shard": "a.example",
    "wave": 0,
    "at": 1.0,
    "sessions": [
        {
            "session": "a.example/0/0",
            "provider": "other",
            "mx": "203.0.113.66",
            "errands": [["a.example", ["ana@a.example"], [], False, False, False]],
            "recipients": 5,
            "refusals": 2,
            "sentinels": True,
            "closing": True,
        }
    ],
}


@pytest.mark.parametrize("case", ["too many", "too few", "other servers", "other shard", "no kind"])
def test_only_what_was_asked_can_be_answered(
    tmp_path: Path, handout: Handout, answers: AwayAnswers, case: str
) -> None:
    path, digest = tmp_path / "told.answers", "d1"
    if case == "too many":
        more = answers.findings.head(1).with_columns(address=pl.lit("eva@a.example"))
        answers = replace(answers, findings=pl.concat([answers.findings, more]))
    elif case == "too few":
        answers = replace(answers, findings=answers.findings.head(2))
    elif case == "other servers":
        answers = replace(answers, records=(Record(1, 1, Kind.INTENT, 1, WAVE),))
    elif case == "no kind":
        answers = replace(answers, records=(Record(1, 1, Kind.INTENT, 1, {"kind": "wave"}),))
    else:
        digest = "d2"
    write_answers(path, handout, "d1", answers)
    with pytest.raises(InputRefusedError):
        read_answers(path, handout, digest)


def test_another_secret_opens_nothing(
    tmp_path: Path, handout: Handout, answers: AwayAnswers
) -> None:
    path = tmp_path / "told.answers"
    write_answers(path, replace(handout, key="6b" * 32), "d1", answers)
    with pytest.raises(InputRefusedError, match="sealed"):
        read_answers(path, handout, "d1")
