"""Controls: which answers make a resolver believable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from checks.domain.controls import Control, Trust, believe
from checks.domain.model import (
    Answer,
    Failed,
    Failure,
    MailHost,
    Nameserver,
    NoData,
    NxDomain,
    Records,
)

SERVER: Final = Nameserver("127.0.0.1", 5353)
GONE: Final = NxDomain(60)
SILENT: Final = Failed(Failure.TIMEOUT)
FAILING: Final = Failed(Failure.SERVFAIL)


def _mx(name: str) -> Records:
    return Records(60, (MailHost(1, name),))


BELIEVED: Final[dict[str, tuple[Mapping[str, Answer], Sequence[Answer], Trust]]] = {
    "finds what exists, invents nothing": (
        {"a": _mx("mx.a.example"), "b": _mx("mx.b.example")},
        [GONE, GONE],
        Trust.TRUSTED,
    ),
    "one control of two is down today": (
        {"a": _mx("mx.a.example"), "b": FAILING},
        [GONE, SILENT],
        Trust.TRUSTED,
    ),
    "one positive control is enough": ({"a": _mx("mx.a.example")}, [GONE], Trust.TRUSTED),
    "answers nothing": ({"a": SILENT}, [SILENT], Trust.SILENT),
    "fails always": ({"a": FAILING}, [FAILING], Trust.FAILING),
    "negative controls were not answered": ({"a": _mx("mx.a.example")}, [SILENT], Trust.FAILING),
    "positive controls were not answered": ({"a": SILENT}, [GONE], Trust.FAILING),
    "NXDOMAIN for everything": ({"a": GONE, "b": GONE}, [GONE], Trust.DENIES),
    "NXDOMAIN for one that exists": (
        {"a": _mx("mx.a.example"), "b": GONE},
        [GONE],
        Trust.DENIES,
    ),
    "no data for everything": ({"a": NoData(60)}, [NoData(60)], Trust.INVENTS),
    "no MX where there is one": ({"a": NoData(60)}, [GONE], Trust.DENIES),
    "a null MX where there is one": ({"a": _mx("")}, [GONE], Trust.DENIES),
    "D56 an address for everything": (
        {"a": _mx("mx.a.example")},
        [GONE, Records(60, addresses=("200.1.1.1",))],
        Trust.INVENTS,
    ),
    "D57 every name exists": (
        {"a": _mx("mx.a.example")},
        [NoData(60), NoData(60)],
        Trust.INVENTS,
    ),
    "one MX for everyone": (
        {"a": _mx("trap.example"), "b": _mx("trap.example")},
        [GONE],
        Trust.REPEATS,
    ),
}


@pytest.mark.parametrize(
    ("positive", "negative", "trust"),
    BELIEVED.values(),
    ids=BELIEVED.keys(),
)
def test_believes(
    positive: Mapping[str, Answer],
    negative: Sequence[Answer],
    trust: Trust,
) -> None:
    assert believe(SERVER, positive, negative).trust is trust


@pytest.mark.parametrize("trust", Trust)
def test_every_outcome_has_a_sentence_that_names_the_server(trust: Trust) -> None:
    assert "127.0.0.1:5353" in Control(SERVER, trust, "a.example").sentence
