"""A short and always equal run of the fuzzing of replies: the kept inputs and mutations of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.replies import SlowReader, check_session

CORPUS = sorted((Path(__file__).parent / "replies").iterdir())
PIECES = (
    b"\r\n",
    b"\n",
    b"\r",
    b"250",
    b"550",
    b"-",
    b" ",
    b"5.1.1 ",
    b"\x00",
    b"\xff",
    b"x" * 700,
)
ROUNDS = 300


def mutations(data: bytes) -> Iterator[bytes]:
    """Yield changed copies: bytes taken out, turned, doubled, pieces of replies put in."""
    chance = random.Random(data)  # noqa: S311  the same at every run
    for _ in range(ROUNDS):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(changed) + 1)
            kind = chance.randrange(4)
            if kind == 0:
                del changed[place : place + chance.randint(1, 4)]
            elif kind == 1:
                changed[place:place] = chance.choice(PIECES)
            elif kind == 2:
                changed[place : place + 1] = chance.randbytes(1)
            else:
                changed[place:place] = changed[chance.randrange(len(changed) + 1) :][:100]
        yield bytes(changed)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_kept_input_and_its_mutations_hold(path: Path) -> None:
    data = path.read_bytes()
    check_session(data)
    for changed in mutations(data):
        check_session(changed)


def test_the_slow_reader_tells_replies_from_faults() -> None:
    reader = SlowReader()
    assert reader.feed(b"250-a\r\n25") is None
    assert reader.feed(b"0 b\r\n") == ("reply", 250, 2)
    assert reader.feed(b"250ok\r\n") == ("fault", 0, 0)
