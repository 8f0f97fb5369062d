"""The judge: from answers to a judgement, driven by a table, asking nobody."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.domain.judge import judge_domain
from checks.domain.model import (
    Alias,
    Answer,
    Failed,
    Failure,
    Judgement,
    MailHost,
    NoData,
    NxDomain,
    Question,
    Records,
    RecordType,
)
from checks.mailbox.guard import refuse_reason
from checks.model import Reason

GONE: Final = NxDomain(300)
EMPTY: Final = NoData(300)
SILENT: Final = Failed(Failure.TIMEOUT)
FAILING: Final = Failed(Failure.SERVFAIL)

Known = Mapping[str, Answer]


def _mx(*hosts: str) -> Records:
    """Return MX records written as `10 mx.example`."""
    pairs = (host.partition(" ") for host in hosts)
    return Records(300, hosts=tuple(MailHost(int(rank), name) for rank, _, name in pairs))


def _at(*addresses: str) -> Records:
    return Records(300, addresses=addresses)


def _judge(known: Known) -> tuple[Judgement, list[Question]]:
    """Judge d.example by answers under `name type` or `name type turn`; unlisted: NXDOMAIN."""
    asked: list[Question] = []

    def answer(question: Question) -> Answer:
        asked.append(question)
        key = f"{question.name} {question.record_type}"
        return known.get(f"{key} {question.turn}", known.get(key, GONE))

    judge = judge_domain("d.example", guard=partial(refuse_reason, lab_networks=()))
    try:
        questions = next(judge)
        while True:
            questions = judge.send(tuple(answer(question) for question in questions))
    except StopIteration as stop:
        judgement: Judgement = stop.value
        return judgement, asked


TWO_HOSTS: Final = _mx("10 a.example", "20 b.example")

TAKES_MAIL: Final[dict[str, tuple[Known, tuple[str, ...], tuple[str, ...]]]] = {
    "D01 an MX with an address": (
        {"d.example MX": _mx("10 a.example"), "a.example A": _at("200.1.1.1")},
        ("a.example",),
        ("200.1.1.1",),
    ),
    "D03 no MX: the domain's own A": (
        {"d.example MX": EMPTY, "d.example A": _at("200.1.1.1")},
        ("d.example",),
        ("200.1.1.1",),
    ),
    "no MX, no A: the domain's own AAAA": (
        {"d.example MX": EMPTY, "d.example A": EMPTY, "d.example AAAA": _at("2800::1")},
        ("d.example",),
        ("2800::1",),
    ),
    "D11 only the public one of two addresses": (
        {"d.example MX": _mx("10 a.example"), "a.example A": _at("10.0.0.1", "200.1.1.1")},
        ("a.example",),
        ("200.1.1.1",),
    ),
    "D12 an MX that is an alias the server did not follow": (
        {
            "d.example MX": _mx("10 a.example"),
            "a.example A": Alias(300, "b.example"),
            "b.example A": _at("200.1.1.1"),
        },
        ("a.example",),
        ("200.1.1.1",),
    ),
    "D18 the domain is its own MX": (
        {"d.example MX": _mx("10 d.example"), "d.example A": _at("200.1.1.1")},
        ("d.example",),
        ("200.1.1.1",),
    ),
    "one dead host beside a living one": (
        {"d.example MX": TWO_HOSTS, "b.example A": _at("200.1.1.1")},
        ("a.example", "b.example"),
        ("200.1.1.1",),
    ),
    "one silent host beside a living one": (
        {"d.example MX": TWO_HOSTS, "a.example A": SILENT, "b.example A": _at("200.1.1.1")},
        ("a.example", "b.example"),
        ("200.1.1.1",),
    ),
    "D71 equal preferences and duplicates, in one order": (
        {
            "d.example MX": _mx("10 b.example", "10 a.example", "10 b.example", "5 c.example"),
            "a.example A": _at("200.1.1.2", "200.1.1.1"),
            "b.example A": _at("200.1.1.1"),
            "c.example A": _at("200.1.1.9"),
        },
        ("c.example", "a.example", "b.example"),
        ("200.1.1.9", "200.1.1.1", "200.1.1.2"),
    ),
    "usable hosts beside hostile ones": (
        {
            "d.example MX": _mx("5 localhost", "6 10.0.0.1", "7 a\\013b.example", "8 a.example"),
            "a.example A": _at("200.1.1.1"),
        },
        ("a.example",),
        ("200.1.1.1",),
    ),
    "the address of an alias of the domain": (
        {
            "d.example MX": Alias(300, "e.example"),
            "e.example MX": _mx("10 a.example"),
            "a.example A": _at("200.1.1.1"),
        },
        ("a.example",),
        ("200.1.1.1",),
    ),
}

REFUSED_MAIL: Final[dict[str, tuple[Known, Reason]]] = {
    "D06 a null MX beside a name that is no host": (
        {"d.example MX": _mx("0 ", "10 a")},
        Reason.NO_MAIL_ROUTE,
    ),
    "D02 no such domain": ({}, Reason.NO_SUCH_DOMAIN),
    "D04 nothing at all": (
        {"d.example MX": EMPTY, "d.example A": EMPTY, "d.example AAAA": EMPTY},
        Reason.NO_MAIL_ROUTE,
    ),
    "D05 a null MX": ({"d.example MX": _mx("0 ")}, Reason.NULL_MX),
    "D07 localhost": ({"d.example MX": _mx("0 localhost")}, Reason.NO_MAIL_ROUTE),
    "D08 a literal": ({"d.example MX": _mx("0 127.0.0.1")}, Reason.NO_MAIL_ROUTE),
    "a single label": ({"d.example MX": _mx("0 mail")}, Reason.NO_MAIL_ROUTE),
    "D19 hosts that do not exist": ({"d.example MX": TWO_HOSTS}, Reason.NO_MAIL_ROUTE),
    "hosts without addresses": (
        {
            "d.example MX": TWO_HOSTS,
            **{f"{host}.example {kind}": EMPTY for host in "ab" for kind in ("A", "AAAA")},
        },
        Reason.NO_MAIL_ROUTE,
    ),
    "D51 hostile labels only": (
        {"d.example MX": _mx("0 a\\013\\010rcpt.example", "1 <script>.example", "2 =cmd.example")},
        Reason.NO_MAIL_ROUTE,
    ),
}

NOTHING_KNOWN: Final[dict[str, tuple[Known, Reason]]] = {
    "D21 SERVFAIL": ({"d.example MX": FAILING}, Reason.DNS_SERVFAIL),
    "D26 silence": ({"d.example MX": SILENT}, Reason.DNS_TIMEOUT),
    "D20 a host that fails": (
        {"d.example MX": TWO_HOSTS, "a.example A": FAILING},
        Reason.DNS_SERVFAIL,
    ),
    "a host whose AAAA is silent": (
        {"d.example MX": _mx("1 a.example"), "a.example A": EMPTY, "a.example AAAA": SILENT},
        Reason.DNS_TIMEOUT,
    ),
    "no MX, and an A that fails": (
        {"d.example MX": EMPTY, "d.example A": FAILING},
        Reason.DNS_SERVFAIL,
    ),
    "D06 a null MX beside another: neither used nor condemned": (
        {"d.example MX": _mx("0 ", "10 a.example"), "a.example A": _at("200.1.1.1")},
        Reason.NOT_ASKED_POLICY,
    ),
    "D09 an inside address only": (
        {"d.example MX": _mx("1 a.example"), "a.example A": _at("10.0.0.1")},
        Reason.NOT_ASKED_POLICY,
    ),
    "D10 an embedded loopback only": (
        {
            "d.example MX": _mx("1 a.example"),
            "a.example A": EMPTY,
            "a.example AAAA": _at("::ffff:127.0.0.1"),
        },
        Reason.NOT_ASKED_POLICY,
    ),
    "an implicit MX at a metadata service": (
        {"d.example MX": EMPTY, "d.example A": _at("169.254.169.254"), "d.example AAAA": EMPTY},
        Reason.NOT_ASKED_POLICY,
    ),
    "D13 aliases in a circle": (
        {"d.example MX": Alias(1, "e.example"), "e.example MX": Alias(1, "d.example")},
        Reason.DNS_SERVFAIL,
    ),
    "more dead hosts than anyone looks at": (
        {"d.example MX": _mx(*(f"1 h{number}.example" for number in range(6)))},
        Reason.DNS_TIMEOUT,
    ),
    "gone, then failing": (
        {"d.example MX 1": GONE, "d.example MX 2": FAILING},
        Reason.DNS_SERVFAIL,
    ),
    "gone for MX, but there with an address": (
        {"d.example A": _at("200.1.1.1")},
        Reason.DNS_SERVFAIL,
    ),
    "gone for MX, but there without one": ({"d.example A": EMPTY}, Reason.DNS_SERVFAIL),
    "gone for MX, and an A that is silent": ({"d.example A": SILENT}, Reason.DNS_TIMEOUT),
    "gone, then there": (
        {
            "d.example MX 1": GONE,
            "d.example MX 2": _mx("1 a.example"),
            "a.example A": _at("200.1.1.1"),
        },
        Reason.DNS_SERVFAIL,
    ),
    "gone, then a null MX": (
        {"d.example MX 1": GONE, "d.example MX 2": _mx("0 ")},
        Reason.DNS_SERVFAIL,
    ),
}


@pytest.mark.parametrize(
    ("known", "hosts", "addresses"),
    TAKES_MAIL.values(),
    ids=TAKES_MAIL.keys(),
)
def test_takes_mail(known: Known, hosts: tuple[str, ...], addresses: tuple[str, ...]) -> None:
    judgement, _ = _judge(known)
    assert (judgement.reason, judgement.hosts, judgement.addresses) == (None, hosts, addresses)


@pytest.mark.parametrize(("known", "reason"), REFUSED_MAIL.values(), ids=REFUSED_MAIL.keys())
def test_condemns_only_what_was_answered_twice(known: Known, reason: Reason) -> None:
    judgement, asked = _judge(known)
    assert judgement.reason is reason
    assert judgement.addresses == ()
    assert judgement.details["confirmed"] is True
    first = [(one.name, one.record_type) for one in asked if one.turn == 1]
    if reason is Reason.NO_SUCH_DOMAIN:  # what is not there has no address either
        first.append(("d.example", RecordType.A))
    assert [(one.name, one.record_type) for one in asked if one.turn == 2] == first


@pytest.mark.parametrize(("known", "reason"), NOTHING_KNOWN.values(), ids=NOTHING_KNOWN.keys())
def test_condemns_nobody_for_what_is_not_known(known: Known, reason: Reason) -> None:
    judgement, _ = _judge(known)
    assert judgement.reason is reason
    assert not judgement.condemns
    assert judgement.addresses == ()


def test_the_evidence_shows_what_was_refused_and_why() -> None:
    judgement, _ = _judge(
        {"d.example MX": _mx("5 localhost", "10 a.example"), "a.example A": _at("10.0.0.1")},
    )
    assert judgement.details["refused"] == {"10.0.0.1": "private"}
    assert judgement.details["unusable"] == ["local"]
    assert judgement.details["mx"] == [[5, "localhost"], [10, "a.example"]]


def test_the_shortest_time_to_live_on_the_way_counts() -> None:
    judgement, _ = _judge(
        {
            "d.example MX": _mx("10 a.example"),
            "a.example A": Records(120, addresses=("200.1.1.1",)),
        },
    )
    assert judgement.ttl == 120


def test_d72_fifty_hosts_of_twenty_addresses_are_asked_five_times() -> None:
    hosts = [f"h{number:02}.example" for number in range(50)]
    addresses = _at(*(f"200.1.1.{number}" for number in range(20)))
    known = {f"{host} A": addresses for host in hosts}
    judgement, asked = _judge({"d.example MX": _mx(*(f"1 {host}" for host in hosts)), **known})
    assert len(asked) == 6
    assert len(judgement.addresses) == 5


ANSWERS: Final = st.one_of(
    st.sampled_from([GONE, EMPTY, *map(Failed, Failure)]),
    st.builds(_mx, st.sampled_from(["0 ", "1 a.example", "2 b.example", "3 localhost"])),
    st.builds(_at, st.sampled_from(["10.0.0.1", "200.1.1.1", "::1", "2800::1"])),
    st.builds(Alias, st.just(1), st.sampled_from(["a.example", "c.example"])),
)
NAMES: Final = [
    f"{name}.example {kind} {turn}" for name in "abcd" for kind in RecordType for turn in (1, 2)
]


@given(st.dictionaries(st.sampled_from(NAMES), ANSWERS))
def test_any_answers_end_and_failures_alone_never_condemn(known: Known) -> None:
    judgement, asked = _judge(known)
    assert len(asked) <= 60
    assert (judgement.reason is None) == bool(judgement.addresses)
    if judgement.condemns:
        heard = [known.get(f"{one.name} {one.record_type} {one.turn}", GONE) for one in asked]
        assert not any(isinstance(answer, Failed) for answer in heard)
