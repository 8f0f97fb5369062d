"""Providers are told from MX hosts, and their limits are the ones of the design's table."""

from __future__ import annotations

import pytest

from checks.mailbox.providers import BudgetScope, Honesty
from data.reference.providers import load_providers, parse_providers


@pytest.mark.parametrize(
    ("mx_hosts", "name"),
    [
        (["gmail-smtp-in.l.google.com"], "gmail"),
        (["alt3.gmail-smtp-in.l.google.com"], "gmail"),
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "google_workspace"),
        (["ASPMX2.GoogleMail.com."], "google_workspace"),
        (["smtp.google.com"], "google_workspace"),
        (["hotmail-com.olc.protection.outlook.com"], "microsoft_consumer"),
        (["firma-com-br.mail.protection.outlook.com"], "microsoft_365"),
        (["firma.r-v1.mx.microsoft"], "microsoft_365"),
        (["mta5.am0.yahoodns.net"], "yahoo"),
        (["mx01.mail.icloud.com"], "icloud"),
        (["mx.uol.com.br"], "uol"),
        (["mx3.bol.com.br"], "bol"),
        (["mx.terra.com.br"], "terra"),
        (["mx.b.locaweb.com.br"], "locaweb"),
        (["mx.uhserver.com"], "uolhost"),
        (["esa1.firma.iphmx.com"], "cisco"),
        (["mx.a.locaweb.com.br.example.net"], "other"),  # a suffix is no substring
        (["notuol.com.br"], "other"),  # on dot boundaries only
        (["mail.firma.example", "aspmx.l.google.com"], "other"),  # a backup holds no mailbox
        ([], "other"),
    ],
)
def test_the_most_preferred_mx_host_tells_the_provider(mx_hosts: list[str], name: str) -> None:
    assert load_providers().provider_of(mx_hosts) == name


CONSUMER, BUSINESS, ELSE = (20, 3, 2, 4, 120, 1000), (10, 2, 2, 4, 120, 1000), (5, 2, 1, 0, 10, 100)


@pytest.mark.parametrize(
    ("name", "expected", "unknown_share"),
    [
        ("gmail", CONSUMER, 0.10),
        ("icloud", CONSUMER, 0.10),
        ("uol", CONSUMER, 0.05),
        ("bol", CONSUMER, 0.05),
        ("terra", CONSUMER, 0.05),
        ("google_workspace", BUSINESS, 0.20),
        ("microsoft_365", BUSINESS, 0.20),
        ("locaweb", BUSINESS, 0.20),
        ("zoho", BUSINESS, 0.20),
        ("cisco", ELSE, 0.20),
        ("other", ELSE, 0.20),
    ],
)
def test_limits_are_those_of_the_design(
    name: str,
    expected: tuple[int, ...],
    unknown_share: float,
) -> None:
    limits = load_providers().named(name).limits
    assert load_providers().named(name).asked
    assert limits.unknown_share == unknown_share
    assert expected == (
        limits.recipients_per_session,
        limits.refusals_per_session,
        limits.connections_per_address,
        limits.connections_per_provider,
        limits.refusals_per_hour,
        limits.refusals_per_day,
    )


def test_l25_consumers_that_forbid_or_cannot_answer_are_not_asked() -> None:
    not_asked = {name for name, p in load_providers().by_name.items() if not p.asked}
    assert not_asked == {"microsoft_consumer", "yahoo"}


def test_only_honest_consumers_are_believed_without_a_sentinel() -> None:
    believed = {
        name for name, p in load_providers().by_name.items() if p.asked and not p.needs_sentinel
    }
    assert believed == {"gmail", "icloud", "uol", "bol", "terra"}
    assert load_providers().named("cisco").needs_closing_sentinel
    assert not load_providers().named("google_workspace").needs_closing_sentinel


def test_a_consumer_domain_tells_its_provider_without_dns() -> None:
    providers = load_providers()
    assert providers.provider_of_domain("GMAIL.com") == "gmail"
    assert providers.provider_of_domain("firma.example") == "other"


def test_everyone_elses_budget_belongs_to_the_address() -> None:
    assert load_providers().named("other").limits.budget_scope is BudgetScope.ADDRESS
    assert load_providers().named("never heard of").honesty is Honesty.UNPROVEN


GROUP = """
[all]
spacing = 1.0
[group.g]
asked = true
honesty = "unproven"
recipients_per_session = 5
refusals_per_session = 2
connections_per_address = 1
connections_per_network = 1
connections_per_provider = 0
refusals_per_hour = 10
refusals_per_day = 100
budget_scope = "address"
unknown_share = 0.2
unknown_share_min = 50
"""
OTHER = '[[provider]]\nname = "other"\nlabel = "other"\ngroup = "g"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GROUP + '[[provider]]\nname = "a"\nlabel = "A"\ngroup = "g"\n', "called 'other'"),
        (GROUP + OTHER + 'mx = ["a.example", "a.example"]\n', "claimed by"),
        (GROUP + OTHER + "limits = { unknown_share = 1.5 }\n", "unknown_share"),
        (GROUP + OTHER + "limits = { refusals_per_hour = 0 }\n", "at least 1"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_providers(text)


def test_a_key_that_nobody_reads_is_refused() -> None:
    with pytest.raises(TypeError):
        parse_providers(GROUP + OTHER + 'mx_sufixes = ["a.example"]\n')
