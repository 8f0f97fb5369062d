"""What is known of a host becomes lines with a remedy, and a yes or a no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.domain import Control, Nameserver, Trust
from checks.host import Level, Names, SpfResult, examine_host
from checks.host.blocklists import blocklist_lookup, judge_listing
from checks.host.fitness import resolver_checks

IP, HELO, FROM = "192.0.2.7", "probe.firma.example", "postmaster@firma.example"
GOOD = Names(
    own=(IP,),
    helo=(IP,),
    reverse={IP: (HELO,)},
    spf={IP: SpfResult.PASS},
    listed={IP: ()},
)

FAULTS = [
    pytest.param(replace(GOOD, helo=()), "helo", "fail", id="HELO without an address"),
    pytest.param(replace(GOOD, helo=("192.0.2.8",)), "helo", "fail", id="HELO leads elsewhere"),
    pytest.param(replace(GOOD, helo=None), "helo", "warn", id="no answer condemns nobody"),
    pytest.param(replace(GOOD, reverse={IP: ()}), "ptr", "fail", id="no PTR"),
    pytest.param(replace(GOOD, reverse={IP: ("x.example",)}), "ptr", "warn", id="another PTR"),
    pytest.param(replace(GOOD, spf={IP: SpfResult.SOFTFAIL}), "spf", "fail", id="softfail"),
    pytest.param(replace(GOOD, spf={IP: SpfResult.NONE}), "spf", "warn", id="no SPF"),
    pytest.param(replace(GOOD, listed={IP: ("bl.example",)}), "blocklist", "fail", id="listed"),
    pytest.param(replace(GOOD, sender=()), "sender", "fail", id="nobody takes the sender's mail"),
    pytest.param(replace(GOOD, silent=("bl.example",)), "blocklist", "warn", id="a list refuses"),
    pytest.param(replace(GOOD, translated=True), "address", "warn", id="behind a translator"),
    pytest.param(
        Names(own=(), helo=(), reverse={}, spf={}, listed={}), "helo", "fail", id="nothing known"
    ),
]


def test_a_host_in_order_has_nothing_to_mend() -> None:
    checks = examine_host(GOOD, HELO, FROM)
    assert {check.name for check in checks} == {"helo", "ptr", "spf", "blocklist"}
    assert {(check.level, check.remedy) for check in checks} == {(Level.OK, "")}


@pytest.mark.parametrize(("names", "name", "level"), FAULTS)
def test_each_fault_is_told_with_its_remedy(names: Names, name: str, level: str) -> None:
    wrong = [check for check in examine_host(names, HELO, FROM) if check.level is not Level.OK]
    assert [(check.name, check.level.value) for check in wrong] == [(name, level)]
    assert wrong[0].remedy


def test_one_resolver_to_be_believed_is_enough() -> None:
    good = Control(Nameserver("192.0.2.53"), Trust.TRUSTED)
    silent = Control(Nameserver("192.0.2.54"), Trust.SILENT)
    assert [c.level for c in resolver_checks([good, silent])] == [Level.OK, Level.WARN]
    assert [c.level for c in resolver_checks([silent])] == [Level.FAIL]


IT, REFUSED = ("127.0.0.2",), ("127.255.255.254",)


@pytest.mark.parametrize(
    ("answer", "must", "must_not", "says"),
    [
        pytest.param(("127.0.0.9",), IT, (), "listed", id="listed"),
        pytest.param((), IT, (), "clear", id="not listed"),
        pytest.param(REFUSED, REFUSED, REFUSED, "silent", id="refuses a public resolver"),
        pytest.param(REFUSED, IT, (), "silent", id="refuses this question"),
        pytest.param(IT, IT, IT, "silent", id="given up, lists the whole world"),
        pytest.param((), (), (), "silent", id="given up, lists nobody"),
        pytest.param(None, IT, (), "silent", id="no answer"),
        pytest.param(("198.51.100.7",), IT, (), "silent", id="a parked domain"),
    ],
)
def test_only_a_list_that_knows_its_test_entries_counts(
    answer: tuple[str, ...] | None, must: tuple[str, ...], must_not: tuple[str, ...], says: str
) -> None:
    assert judge_listing(answer, must, must_not).value == says


def test_ipv6_is_asked_for_by_nibbles() -> None:
    asked = blocklist_lookup("bl.example", "2001:db8::1").name
    assert asked.startswith("1.0.0.0.")
    assert asked.endswith(".8.b.d.0.1.0.0.2.bl.example")
