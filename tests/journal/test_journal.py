"""The journal gives back what was written, or a beginning of it, or refuses."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.journal import (
    GROUP_SECONDS,
    LONGEST_BODY,
    TITLE,
    Journal,
    JournalRefusedError,
    JournalStoppedError,
    Kind,
    in_doubt,
    read_journal,
)

ROOT: Final = Path(__file__).parents[2]
PAYLOADS: Final = st.dictionaries(
    st.text(max_size=8),
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    max_size=3,
)


def write(path: Path, payloads: list[dict[str, object]], epoch: int = 1) -> None:
    """Write an intent for each payload, and a result for every other one."""
    with Journal.open(path, epoch=epoch) as journal:
        for number, payload in enumerate(payloads):
            intent = journal.intend(payload)
            if number % 2:
                journal.conclude(intent, payload)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shard.journal"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journals")


@settings(deadline=None, max_examples=60)
@given(payloads=st.lists(PAYLOADS, max_size=8))
def test_what_is_written_is_read(folder: Path, payloads: list[dict[str, object]]) -> None:
    path = folder / "round.journal"
    path.unlink(missing_ok=True)
    write(path, payloads)
    records = list(read_journal(path))
    assert [each.sequence for each in records] == list(range(1, len(records) + 1))
    assert [each.payload for each in records if each.kind is Kind.INTENT] == payloads
    answered = [each.intent for each in records if each.kind is Kind.RESULT]
    assert len(answered) == len(payloads) // 2
    assert [each.payload for each in in_doubt(records)] == payloads[::2]


def test_cut_at_every_byte_a_beginning_is_left_and_can_be_continued(path: Path) -> None:
    write(path, [{"domain": "example.test"}, {"code": 550, "text": "não há"}, {}])
    whole, records = path.read_bytes(), list(read_journal(path))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        kept = list(read_journal(path))
        assert kept == records[: len(kept)]
        with Journal.open(path, epoch=1) as journal:
            assert journal.intend({"again": size}) == len(kept) + 1
        assert [each.payload for each in read_journal(path)][-1] == {"again": size}
        assert list(read_journal(path))[:-1] == kept


def test_nothing_is_lost_but_the_record_that_was_cut(path: Path) -> None:
    write(path, [{"n": number} for number in range(9)])
    whole, records = path.read_bytes(), list(read_journal(path))
    path.write_bytes(whole[:-1])
    assert list(read_journal(path)) == records[:-1]


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    write(path, [{"n": 1}, {"n": 2}])
    whole, records = path.read_bytes(), list(read_journal(path))
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            kept = list(read_journal(path))
        except JournalRefusedError:
            assert bit // 8 < len(TITLE)
            continue
        assert kept == records[: len(kept)]
        assert len(kept) < len(records)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_damage_leaves_a_beginning_or_a_refusal(folder: Path, data: st.DataObject) -> None:
    path = folder / "damaged.journal"
    path.unlink(missing_ok=True)
    write(path, [{"n": number, "text": "x" * number} for number in range(6)])
    whole, records = path.read_bytes(), list(read_journal(path))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    path.write_bytes(whole[:start] + data.draw(st.binary(max_size=64)) + whole[end:])
    try:
        kept = list(read_journal(path))
    except JournalRefusedError:
        return
    assert kept == records[: len(kept)]


@given(noise=st.binary(max_size=200))
@settings(deadline=None)
def test_noise_is_never_a_record(folder: Path, noise: bytes) -> None:
    path = folder / "noise.journal"
    path.write_bytes(TITLE + noise)
    assert list(read_journal(path)) == []


def test_a_repeated_or_missing_record_ends_the_journal(path: Path) -> None:
    write(path, [{"n": 1}])
    one = path.read_bytes()[len(TITLE) :]
    path.write_bytes(TITLE + one + one)
    assert [each.payload for each in read_journal(path)] == [{"n": 1}]


def test_another_file_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"debtor_id;email\n")
    with pytest.raises(JournalRefusedError, match=r"'shard\.journal' is not a journal"):
        Journal.open(path, epoch=1)
    assert path.read_bytes() == b"debtor_id;email\n"


def test_only_one_process_writes(path: Path) -> None:
    with (
        Journal.open(path, epoch=1),
        pytest.raises(JournalRefusedError, match="open in another process"),
    ):
        Journal.open(path, epoch=2)


def test_a_holder_whose_place_was_taken_is_fenced_off(path: Path) -> None:
    write(path, [{"n": 1}], epoch=5)
    with pytest.raises(JournalRefusedError, match="continued by a later run"):
        Journal.open(path, epoch=4)
    with Journal.open(path, epoch=6) as journal:
        with path.open("ab") as intruder:
            intruder.write(b"x")
        with pytest.raises(JournalRefusedError, match="another process has written"):
            journal.intend({})
        with pytest.raises(JournalStoppedError):
            journal.flush()


def test_epochs_never_fall(path: Path) -> None:
    write(path, [{}], epoch=3)
    high = path.read_bytes()
    path.unlink()
    write(path, [{}, {}], epoch=2)
    low = path.read_bytes()
    second = low[len(TITLE) + (len(high) - len(TITLE)) :]
    path.write_bytes(high + second)
    assert [each.epoch for each in read_journal(path)] == [3]


def stepping(step: float) -> Callable[[], float]:
    """Return a clock that goes on by a step at every look."""
    ticks = count()
    return lambda: next(ticks) * step


def test_records_are_grouped_for_at_most_a_second(path: Path) -> None:
    journal = Journal.open(path, epoch=1, clock=stepping(GROUP_SECONDS / 4))
    waiting = []
    for _ in range(8):
        journal.intend({})
        waiting.append(journal.is_flushed)
    journal.close()
    assert waiting == [False, False, False, False, True, False, False, False]


def test_a_payload_that_is_no_record_changes_nothing(path: Path) -> None:
    with Journal.open(path, epoch=1) as journal:
        with pytest.raises(ValueError, match="longer than"):
            journal.intend({"text": "x" * LONGEST_BODY})
        with pytest.raises(ValueError, match="JSON compliant"):
            journal.intend({"number": float("nan")})
        assert journal.intend({}) == 1


KILLED: Final = """
import sys
from pathlib import Path
from data.journal import Journal
journal = Journal.open(Path(sys.argv[1]), epoch=int(sys.argv[2]))
while True:
    number = journal.intend({"text": "x" * 50})
    journal.flush()
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_was_told_is_safe(path: Path) -> None:
    for epoch in range(1, 4):
        command = [sys.executable, "-c", KILLED, str(path), str(epoch)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged = [int(process.stdout.readline()) for _ in range(20)][-1]
            process.send_signal(signal.SIGKILL)
        records = list(read_journal(path))
        assert len(records) >= acknowledged
        assert records[-1].epoch == epoch


def test_a_full_disk_stops_the_journal_for_good(path: Path) -> None:
    journal = Journal.open(path, epoch=1)
    journal.intend({"n": 1})
    size = path.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, before[1]))
        with pytest.raises(JournalStoppedError, match="cannot be written"):
            journal.intend({"n": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    with pytest.raises(JournalStoppedError, match="was stopped before"):
        journal.intend({"n": 3})
    journal.close()
    assert path.stat().st_size == size + 5
    assert [each.payload for each in read_journal(path)] == [{"n": 1}]


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        Journal.open(path, epoch=1).close()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
