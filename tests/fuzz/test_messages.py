"""A short and always equal run of the fuzzing of DNS messages: kept inputs, and damage to them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest

from checks.domain.model import Records
from tests.fuzz.messages import run

CORPUS: Final = sorted(Path(__file__).with_name("messages").iterdir())
ROUNDS: Final = 100


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_kept_input_and_its_damaged_kin_hold(path: Path) -> None:
    data = path.read_bytes()
    chance = random.Random(path.name)  # noqa: S311 - the same at every run
    for changed in (data, *(_damage(data, chance) for _ in range(ROUNDS))):
        run(changed)


def _damage(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(1, max(2, len(data)))
    other = chance.randrange(1, max(2, len(data)))
    match chance.randrange(4):
        case 0:
            return data[:place] + chance.randbytes(2) + data[place + 2 :]
        case 1:
            return data[:place]
        case 2:
            return data[:place] + data[other:]
    return data[:place] + bytes((0xC0, chance.randrange(64))) + data[place + 2 :]


def test_the_corpus_holds_messages_that_are_read() -> None:
    assert sum(isinstance(run(path.read_bytes()), Records) for path in CORPUS) >= 5
