"""Domains that share an MX answer: one asks and is judged for all, unless that would be unjust."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import pytest

from checks.domain.ask import Asker
from checks.domain.model import (
    Answer,
    Judgement,
    MailHost,
    Nameserver,
    NxDomain,
    Records,
    ResolverSettings,
)
from checks.domain.precedents import Precedents
from checks.mailbox.guard import refuse_reason
from checks.model import Reason
from tests.domain.lab import Asked, Lab, Send
from tests.domain.lab import Records as Zone

CROWD: Final = [f"d{number}.example" for number in range(30)]
ADDRESSES: Final = {"a.host.example": {"A": ["200.1.1.1"]}, "b.host.example": {"A": ["200.1.1.2"]}}
WAITS: Final = (0.3, 0.4)
SECONDS: Final = 3.0


def _judge(lab: Lab, names: Sequence[str], queries: int = 12) -> list[Judgement]:
    async def run() -> list[Judgement]:
        async with lab.serve():
            nameserver = Nameserver("127.0.0.1", lab.port)
            settings = ResolverSettings(
                (nameserver,),
                waits=WAITS,
                domain_seconds=SECONDS,
                domain_queries=queries,
            )
            guard = partial(refuse_reason, lab_networks=())
            return await Asker(settings, [nameserver]).judge(names, guard)

    return asyncio.run(run())


def _lab(*hosts: str, silent: str = "") -> Lab:
    """Return a lab in which a crowd names the same hosts."""

    async def silence(asked: Asked, send: Send) -> None:
        del asked, send

    zone: Zone = {**ADDRESSES, **{name: {"MX": hosts} for name in CROWD}}
    return Lab(zone, {silent: silence})


def test_hosts_that_many_name_are_asked_once_and_judged_once() -> None:
    lab = _lab("10 a.host.example.", "20 b.host.example.")
    judged = _judge(lab, CROWD)
    assert {id(one) for one in judged} == {id(judged[0])}
    assert judged[0].addresses == ("200.1.1.1", "200.1.1.2")
    assert lab.questions() == dict.fromkeys([*CROWD, *ADDRESSES], 1)


def test_who_shares_a_dead_host_is_condemned_by_answers_of_its_own() -> None:
    lab = _lab("10 dead.host.example.")
    judged = _judge(lab, CROWD)
    assert {one.reason for one in judged} == {Reason.NO_MAIL_ROUTE}
    assert all(one.details["confirmed"] for one in judged)
    assert {lab.questions()[name] for name in CROWD} == {2}


SILENT: Final = [((), {Reason.DNS_TIMEOUT}, ()), (("20 b.host.example.",), {None}, ("200.1.1.2",))]


@pytest.mark.parametrize(("others", "reasons", "addresses"), SILENT, ids=["alone", "beside one"])
def test_a_silent_host_is_waited_for_once(
    others: tuple[str, ...],
    reasons: set[Reason | None],
    addresses: tuple[str, ...],
) -> None:
    lab = _lab("10 silent.host.example.", *others, silent="silent.host.example")
    start = time.monotonic()
    judged = _judge(lab, CROWD)
    assert time.monotonic() - start < SECONDS
    assert {one.reason for one in judged} == reasons
    assert {one.addresses for one in judged} == {addresses}
    assert lab.questions()["silent.host.example"] <= 2 * len(WAITS)  # A, and AAAA


def test_those_who_wait_for_one_that_runs_out_of_queries_ask_for_themselves() -> None:
    hosts = {f"h{number}.host.example": f"200.1.1.{number}" for number in range(5)}
    lab = _lab(*(f"1 {host}." for host in hosts))
    lab.zone = {**lab.zone, **{host: {"A": [address]} for host, address in hosts.items()}}
    first, *others = _judge(lab, CROWD, queries=4)
    assert len(first.addresses) == 3
    assert {one.addresses for one in others} == {tuple(hosts.values())}
    assert set(lab.questions().values()) == {1}


MX: Final = Records(300, (MailHost(10, "a.host.example"),))
OTHER_TTL: Final = Records(60, MX.hosts)

NO_PRECEDENT: Final[dict[str, tuple[Answer, Judgement]]] = {
    "a condemnation": (MX, Judgement(Reason.NO_MAIL_ROUTE, 300)),
    "a doubt": (MX, Judgement(Reason.DNS_TIMEOUT, 0)),
    "a host that did not answer": (MX, Judgement(None, 300, complete=False)),
    "another time to live": (OTHER_TTL, Judgement(None, 60)),
    "no MX": (NxDomain(300), Judgement(None, 300)),
}


@pytest.mark.parametrize(("answer", "judgement"), NO_PRECEDENT.values(), ids=list(NO_PRECEDENT))
def test_what_is_no_precedent(answer: Answer, judgement: Judgement) -> None:
    precedents = Precedents[str]()
    assert not precedents.wait(answer, "d.example")
    assert precedents.settle(answer, judgement) == []
    assert precedents.find(MX) is None
    assert not precedents.wait(MX, "e.example")  # who comes next leads


def test_domains_without_mx_never_wait_for_each_other() -> None:
    precedents = Precedents[str]()
    bare = Records(300, addresses=("200.1.1.1",))
    assert [precedents.wait(bare, name) for name in ("d.example", "e.example")] == [False, False]
    precedents.settle(bare, Judgement(None, 300))
    assert precedents.find(bare) is None
