"""The whole check on a real server: lying, dead and dying resolvers, caching, shards."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import dns.message
import dns.rcode
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.domain import DomainReport, Nameserver, ResolverSettings, Trust, check_domains
from checks.domain.memory import condemned_since
from checks.errors import SettingError
from checks.frames import DOMAINS
from checks.mailbox.guard import refuse_reason
from tests.domain.lab import Asked, Behaviour, Lab, Send, rrset

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTROLS: Final = ("control-a.example", "control-b.example")
ZONE: Final = {
    "control-a.example": {"MX": ["1 mx.control-a.example."]},
    "control-b.example": {"MX": ["1 mx.control-b.example."]},
    "good.example": {"MX": ["20 b.host.example.", "10 a.host.example."]},
    "a.host.example": {"A": ["200.1.1.1"]},
    "b.host.example": {"A": ["200.1.1.2"]},
    "implicit.example": {"A": ["200.1.1.3"]},
    "null.example": {"MX": ["0 ."]},
    "inside.example": {"A": ["10.0.0.1"]},
    "empty.example": {"TXT": ["x"]},
}

Checked = tuple[pl.DataFrame, DomainReport]


def _provider(hosts: Sequence[str]) -> str:
    return "host" if hosts and hosts[0].endswith(".host.example") else "other"


def _settings(
    *ports: int,
    batch: int = 2000,
    positive_controls: tuple[str, ...] = CONTROLS,
) -> ResolverSettings:
    return ResolverSettings(
        tuple(Nameserver("127.0.0.1", port) for port in ports),
        positive_controls=positive_controls,
        negative_suffixes=("com", "com.br"),
        waits=(0.6, 0.9),  # a busy machine answers late; only silence costs this
        control_waits=(0.6, 0.9),
        domain_seconds=4.0,
        batch=batch,
    )


def _check(
    names: Sequence[str | None],
    *labs: Lab,
    cache: pl.DataFrame | None = None,
    batch: int = 2000,
    now: datetime = NOW,
) -> Checked:
    """Check names by one nameserver per lab."""
    label = itertools.count()

    async def run() -> Checked:
        async with AsyncExitStack() as stack:
            for lab in labs:
                await stack.enter_async_context(lab.serve())
            return await check_domains(
                pl.Series("domain", names, dtype=pl.String),
                settings=_settings(*(lab.port for lab in labs), batch=batch),
                guard=partial(refuse_reason, lab_networks=()),
                provider_of=_provider,
                now=now,
                cache=cache,
                nonce=lambda: f"nonce{next(label)}",
            )

    return asyncio.run(run())


def _reasons(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(frame.select("domain", "reason").iter_rows())


EXPECTED: Final = {
    "empty.example": "no_mail_route",
    "gone.example": "no_such_domain",
    "good.example": None,
    "implicit.example": None,
    "inside.example": "not_asked_policy",
    "null.example": "null_mx",
}


def test_each_distinct_domain_gets_one_row() -> None:
    lab = Lab(ZONE)
    names = [*EXPECTED, *EXPECTED, None]
    frame, report = _check(names, lab)
    assert frame.schema == DOMAINS
    assert _reasons(frame) == EXPECTED
    assert frame["domain"].is_sorted()
    assert (report.asked, report.cached, report.degraded) == (6, 0, None)
    good = frame.row(by_predicate=pl.col("domain") == "good.example", named=True)
    assert good["provider"] == "host"
    assert good["mx_hosts"] == ["a.host.example", "b.host.example"]
    assert good["mx_addresses"] == ["200.1.1.1", "200.1.1.2"]
    assert (good["checked_at"], good["expires_at"]) == (NOW, NOW + timedelta(seconds=300))
    assert json.loads(good["evidence"])["mx"] == [[10, "a.host.example"], [20, "b.host.example"]]


def test_the_order_and_number_of_shards_play_no_part() -> None:
    whole, _ = _check(list(EXPECTED), Lab(ZONE))
    names = list(EXPECTED)[::-1]
    parts = [_check(names[start::2], Lab(ZONE), batch=1)[0] for start in range(2)]
    assert_frame_equal(pl.concat(parts).sort("domain"), whole)


def test_a_host_that_many_domains_share_is_asked_once() -> None:
    zone = {**ZONE, **{f"d{number}.example": ZONE["good.example"] for number in range(40)}}
    lab = Lab(zone)
    frame, _ = _check([f"d{number}.example" for number in range(40)], lab)
    assert frame["reason"].null_count() == 40
    assert lab.questions()["a.host.example"] == 1


def test_certain_rows_are_taken_from_the_cache_until_they_expire() -> None:
    first, _ = _check(list(EXPECTED), Lab(ZONE))
    lab = Lab(ZONE)
    again, report = _check([*EXPECTED, "new.example"], lab, cache=first)
    assert_frame_equal(again.filter(pl.col("domain") != "new.example"), first)
    assert (report.cached, report.asked) == (5, 2)
    assert lab.questions()["good.example"] == 0
    assert lab.questions()["inside.example"] > 0  # unknown: asked again
    stale = first.with_columns(expires_at=pl.lit(NOW).cast(DOMAINS["expires_at"]))
    assert _check(list(EXPECTED), Lab(ZONE), cache=stale)[1].asked == 6


def test_a_condemnation_is_asked_again_after_an_hour_whatever_it_says_itself() -> None:
    async def denied_for_a_day(asked: Asked, send: Send) -> None:
        response = Lab(ZONE).response(asked)
        response.authority = [rrset("example", "SOA", "ns. root. 1 2 3 4 86400", ttl=86_400)]
        send(response.to_wire())

    lab = Lab(ZONE, {"gone.example": denied_for_a_day})
    hour = timedelta(hours=1)
    first, _ = _check(["gone.example"], lab)
    assert first["expires_at"].to_list() == [NOW + hour]
    early, report = _check(["gone.example"], lab, cache=first, now=NOW + hour / 2)
    assert (report.asked, early.rows()) == (0, first.rows())
    again, report = _check(["gone.example"], lab, cache=early, now=NOW + hour)
    assert (report.asked, _reasons(again)) == (1, {"gone.example": "no_such_domain"})
    assert again["expires_at"].to_list() == [NOW + 25 * hour]  # now it is sure
    assert condemned_since(again["evidence"].item()) == NOW
    back, _ = _check(["gone.example"], Lab({**ZONE, "gone.example": ZONE["good.example"]}),
                     cache=again, now=NOW + 25 * hour)  # fmt: skip
    assert _reasons(back) == {"gone.example": None}
    assert condemned_since(back["evidence"].item()) is None


async def _deny(asked: Asked, send: Send) -> None:
    send(Lab({}).response(asked).to_wire())


async def _invent(asked: Asked, send: Send) -> None:
    zone = {asked.name: {"A": ["200.9.9.9"], "MX": ["1 mx.trap.example."]}}
    send(Lab(zone).response(asked).to_wire())


async def _rewrite_missing(asked: Asked, send: Send) -> None:
    zone = {asked.name: {"A": ["200.9.9.9"]}} if asked.name not in ZONE else ZONE
    send(Lab(zone).response(asked).to_wire())


async def _silence(asked: Asked, send: Send) -> None:
    del asked, send


async def _servfail(asked: Asked, send: Send) -> None:
    response = dns.message.make_response(asked.query)
    response.set_rcode(dns.rcode.SERVFAIL)
    send(response.to_wire())


LIARS: Final[dict[str, tuple[Behaviour, Trust]]] = {
    "NXDOMAIN for everything": (_deny, Trust.DENIES),
    "an address for everything": (_invent, Trust.INVENTS),
    "an address for what does not exist": (_rewrite_missing, Trust.INVENTS),
    "silence": (_silence, Trust.SILENT),
    "SERVFAIL for everything": (_servfail, Trust.FAILING),
}
CROWD: Final = [f"d{number}.example" for number in range(3000)]


@pytest.mark.parametrize(("behave", "trust"), LIARS.values(), ids=LIARS.keys())
def test_a_resolver_that_fails_its_controls_condemns_nobody(
    behave: Behaviour,
    trust: Trust,
) -> None:
    lab = Lab(ZONE, {"*": behave})
    start = time.monotonic()
    frame, report = _check(CROWD, lab)
    assert time.monotonic() - start < 30
    assert set(frame["reason"]) == {"resolver_untrusted"}
    assert set(frame["verdict"]) == {"unknown"}
    assert [one.trust for one in report.controls] == [trust]
    assert report.degraded is not None
    assert str(lab.port) in report.degraded
    assert not any(one.name in CROWD for one in lab.asked)


def test_nobody_at_the_port_is_told_in_a_moment() -> None:
    lab = Lab(ZONE)
    asyncio.run(_open_and_close(lab))

    async def run() -> Checked:
        return await check_domains(
            pl.Series("domain", CROWD),
            settings=_settings(lab.port),
            guard=partial(refuse_reason, lab_networks=()),
            provider_of=_provider,
            now=NOW,
        )

    start = time.monotonic()
    frame, report = asyncio.run(run())
    assert time.monotonic() - start < 20
    assert set(frame["reason"]) == {"resolver_untrusted"}
    assert [one.trust for one in report.controls] == [Trust.SILENT]


async def _open_and_close(lab: Lab) -> None:
    async with lab.serve():
        pass


def _turning(behave: Behaviour, after: int) -> Behaviour:
    """Be honest for a while, then behave otherwise."""
    asked_so_far = itertools.count()

    async def turn(asked: Asked, send: Send) -> None:
        if next(asked_so_far) < after:
            send(Lab(ZONE).response(asked).to_wire())
        else:
            await behave(asked, send)

    return turn


def test_a_resolver_that_dies_midway_is_given_up_without_a_wait_per_domain() -> None:
    # two batches of 100 at two queries a name, and six queries at each look at the controls
    lab = Lab(ZONE, {"*": _turning(_silence, after=450)})
    start = time.monotonic()
    frame, report = _check(CROWD, lab, batch=100)
    assert time.monotonic() - start < 60  # a wait per domain would take an hour
    reasons = dict(frame["reason"].value_counts().iter_rows())
    assert set(reasons) == {"no_such_domain", "dns_timeout"}
    assert reasons["no_such_domain"] <= 200
    assert report.degraded is not None
    assert "does not answer" in report.degraded


def test_a_resolver_that_begins_to_lie_midway_loses_what_it_said_since() -> None:
    names = [f"d{number:04}.example" for number in range(600)]
    zone = {**ZONE, **{name: {"A": ["200.1.1.1"]} for name in names[::2]}}
    honest = Lab(zone)

    async def lies_late(asked: Asked, send: Send) -> None:
        late = asked.name > "d0250" or "nonce" in asked.name or "control" in asked.name
        if late and lab.questions()["d0299.example"]:
            await _deny(asked, send)
        else:
            send(honest.response(asked).to_wire())

    lab = Lab(zone, {"*": lies_late})
    frame, report = _check(names, lab, batch=200)
    by_batch = [set(frame["reason"][start : start + 200]) for start in (0, 200, 400)]
    assert by_batch[0] == {None, "no_such_domain"}
    assert by_batch[1] == by_batch[2] == {"resolver_untrusted"}
    assert [one.trust for one in report.controls][-1] is Trust.DENIES


def test_d63_lost_and_doubled_packets_make_nobody_dead() -> None:
    names = [f"d{number}.example" for number in range(60)]
    zone = {**ZONE, **dict.fromkeys(names, ZONE["good.example"])}
    packets = itertools.count()

    async def lossy(asked: Asked, send: Send) -> None:
        number = next(packets)
        wire = Lab(zone).response(asked).to_wire()
        for _ in range((1, 0, 2)[number % 3] if asked.name in names else 1):
            send(wire)

    frame, report = _check(names, Lab(zone, {"*": lossy}))
    assert set(frame["reason"]) <= {None, "dns_timeout"}
    assert frame["reason"].null_count() > 40
    assert report.degraded is None


def test_only_believed_nameservers_are_asked() -> None:
    good, bad = Lab(ZONE), Lab(ZONE, {"*": _deny})
    frame, report = _check(list(EXPECTED), bad, good)
    assert _reasons(frame) == EXPECTED
    assert report.degraded is not None
    assert bad.questions()["good.example"] == 0


def test_a_nameserver_that_fails_is_helped_out_by_the_next() -> None:
    async def lame(asked: Asked, send: Send) -> None:
        if asked.name == "good.example":
            await _servfail(asked, send)
        else:
            send(Lab(ZONE).response(asked).to_wire())

    frame, report = _check(["good.example"], Lab(ZONE, {"*": lame}), Lab(ZONE))
    assert _reasons(frame) == {"good.example": None}
    assert report.degraded is None


@pytest.mark.parametrize(("ttl", "seconds"), [(0, 60), (3600, 3600), (2**31 - 1, 86400)])
def test_d52_a_time_to_live_is_kept_within_bounds(ttl: int, seconds: int) -> None:
    async def answer(asked: Asked, send: Send) -> None:
        response = Lab(ZONE).response(asked)
        if asked.name == "implicit.example" and asked.record_type == "A":
            response.answer = [rrset(asked.name, "A", "200.1.1.1", ttl=ttl)]
        response.authority = []
        if asked.record_type == "MX" and asked.name == "implicit.example":
            response.authority = [rrset("example", "SOA", f"ns. root. 1 2 3 4 {ttl}", ttl=ttl)]
        send(response.to_wire())

    frame, _ = _check(["implicit.example"], Lab(ZONE, {"*": answer}))
    assert frame["expires_at"].to_list() == [NOW + timedelta(seconds=seconds)]


def test_names_that_dns_cannot_hold_are_unknown_and_never_asked() -> None:
    names = ["", "..", f"{'x' * 64}.example", "ação.example"]
    lab = Lab(ZONE)
    frame, _ = _check(names, lab)
    assert set(frame["reason"]) == {"dns_servfail"}
    assert not any(one.name in names for one in lab.asked)


def test_no_domains_ask_nobody() -> None:
    lab = Lab(ZONE)
    frame, report = _check([], lab)
    assert frame.schema == DOMAINS
    assert (len(frame), lab.asked, report.controls) == (0, [], ())


def test_settings_that_could_judge_nobody_are_refused() -> None:
    with pytest.raises(SettingError, match="nameservers"):
        _settings()
    with pytest.raises(SettingError, match="positive_controls"):
        _settings(53, positive_controls=())
