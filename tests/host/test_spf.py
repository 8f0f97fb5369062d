"""SPF as receivers read it: every mechanism, every limit, and what we do not guess."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.host.spf import Answer, Lookup, SpfResult, evaluate_spf

IP = "192.0.2.7"
Zone = Mapping[tuple[str, str], Answer]


def spf(record: str, more: Zone | None = None, ip: str = IP) -> tuple[SpfResult, int]:
    """Evaluate a record of firma.example against a table; return the result and the questions."""
    zone: dict[tuple[str, str], Answer] = {("firma.example", "TXT"): (record,), **(more or {})}
    steps, asked = evaluate_spf("firma.example", ip), 0
    answer: Answer = None
    try:
        lookup = next(steps)
        while True:
            asked += 1
            answer = zone.get((lookup.name, lookup.kind), ())
            lookup = steps.send(answer)
    except StopIteration as stop:
        result: SpfResult = stop.value
        return result, asked


INCLUDED: Zone = {("spf.hoster.example", "TXT"): ("v=spf1 ip4:192.0.2.0/24 -all",)}
MX: Zone = {("firma.example", "MX"): ("mx.firma.example",), ("mx.firma.example", "A"): (IP,)}

RECORDS = [
    pytest.param("v=spf1 ip4:192.0.2.7 -all", {}, "pass", id="a single address"),
    pytest.param("v=spf1 ip4:192.0.2.0/24 -all", {}, "pass", id="a network"),
    pytest.param("v=spf1 ip4:198.51.100.0/24 -all", {}, "fail", id="another network"),
    pytest.param("v=spf1 ip6:2001:db8::/32 ~all", {}, "softfail", id="IPv6 is not IPv4"),
    pytest.param("v=spf1 ip4:198.51.100.1", {}, "neutral", id="no all at the end is neutral"),
    pytest.param("V=SPF1 +IP4:192.0.2.7", {}, "pass", id="case does not matter"),
    pytest.param("v=spf10 ip4:192.0.2.7", {}, "none", id="another version is no record"),
    pytest.param("v=spf1 a -all", {("firma.example", "A"): (IP,)}, "pass", id="a of the domain"),
    pytest.param(
        "v=spf1 a:host.example/24 -all",
        {("host.example", "A"): ("192.0.2.200",)},
        "pass",
        id="a with a mask",
    ),
    pytest.param("v=spf1 mx -all", MX, "pass", id="mx of the domain"),
    pytest.param("v=spf1 include:spf.hoster.example -all", INCLUDED, "pass", id="included pass"),
    pytest.param(
        "v=spf1 include:spf.hoster.example ?all",
        {("spf.hoster.example", "TXT"): ("v=spf1 -all",)},
        "neutral",
        id="an included fail does not fail",
    ),
    pytest.param("v=spf1 include:none.example -all", {}, "permerror", id="included nothing"),
    pytest.param("v=spf1 redirect=spf.hoster.example", INCLUDED, "pass", id="redirected"),
    pytest.param("v=spf1 exists:%{i}.hoster.example -all", {}, "unsure", id="macros: no guess"),
    pytest.param("v=spf1 ip4:192.0.2.300 -all", {}, "permerror", id="an unreadable address"),
    pytest.param("v=spf1 frobnicate -all", {}, "permerror", id="an unknown mechanism"),
    pytest.param(
        "v=spf1 a:a.example a:b.example a:c.example -all", {}, "permerror", id="three void look-ups"
    ),
    pytest.param(
        "v=spf1 a:host.example -all", {("host.example", "A"): None}, "temperror", id="DNS is away"
    ),
]


@pytest.mark.parametrize(("record", "more", "wanted"), RECORDS)
def test_a_record_is_read_as_receivers_read_it(record: str, more: Zone, wanted: str) -> None:
    assert spf(record, more)[0].value == wanted


def test_two_records_are_an_error() -> None:
    steps = evaluate_spf("firma.example", IP)
    assert next(steps) == Lookup("firma.example", "TXT")
    with pytest.raises(StopIteration) as stopped:
        steps.send(("v=spf1 -all", "v=spf1 +all"))
    assert stopped.value.value is SpfResult.PERMERROR


def test_a_chain_that_includes_itself_ends_at_ten_look_ups() -> None:
    result, asked = spf("v=spf1 include:firma.example -all")
    assert (result, asked) == (SpfResult.PERMERROR, 11)


def test_ipv6_goes_by_ipv6_records() -> None:
    zone: Zone = {("firma.example", "AAAA"): ("2001:db8::1",)}
    assert spf("v=spf1 a/24//64 -all", zone, ip="2001:db8::ff")[0] is SpfResult.PASS


@given(st.text(alphabet="v=spf1 +-~?:/%{}abimxincludeptrl.0123456789", max_size=120))
def test_no_record_makes_it_raise_or_ask_for_ever(text: str) -> None:
    result, asked = spf(f"v=spf1 {text}")
    assert result in SpfResult
    assert asked <= 120
