"""A prober that is one step ruder than the policy is found out by the servers' journals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.makespan import START, Load, Part, ask
from checks.mailbox.providers import Limits, Providers
from data.reference.providers import load_providers
from sandbox.audit import audit
from sandbox.journals import read_journals
from sandbox.personality import load_personalities
from sandbox.timelapse import Timelapse

GMAIL = (Part("gmail", 1, 400, 0.02),)
LOST = (Part("gmail", 1, 400, 0.3),)
FADED = (Part("gmail", 1, 400, 0.11),)
SHARED = (Part("hostinger_titan", 20, 20, 0.02),)
SMALL = (Part("exim", 1, 30, 0.5),)
OUTLOOK = (Part("outlook", 1, 10, 0.0),)

Rude = Callable[[Providers], Providers]


def limits(name: str, change: Callable[[Limits], Limits]) -> Rude:
    """Return what changes the limits of one provider."""

    def rude(providers: Providers) -> Providers:
        own = providers.by_name[name]
        table = {**providers.by_name, name: replace(own, limits=change(own.limits))}
        return Providers(table, providers.courtesy)

    return rude


def in_a_hurry(providers: Providers) -> Providers:
    return Providers(providers.by_name, replace(providers.courtesy, spacing=0.5))


def shameless(providers: Providers) -> Providers:
    asked = replace(providers.by_name["microsoft_consumer"], asked=True)
    return Providers({**providers.by_name, "microsoft_consumer": asked}, providers.courtesy)


def rules(parts: tuple[Part, ...], providers: Providers, folder: Path) -> set[str]:
    """Return which rules a night with these limits breaks."""
    with Timelapse(START) as timelapse:
        timelapse.run(ask(Load(parts), 0.3, folder, timelapse.clock, providers))
    return set(audit(read_journals(folder), load_personalities())["rule"])


@pytest.mark.parametrize("parts", [GMAIL, LOST, FADED, SHARED, SMALL, OUTLOOK])
def test_the_policy_itself_breaks_nothing(parts: tuple[Part, ...], tmp_path: Path) -> None:
    assert rules(parts, load_providers(), tmp_path) == set()


@pytest.mark.parametrize(
    ("parts", "rude", "rule"),
    [
        pytest.param(GMAIL, in_a_hurry, "connects_too_close", id="half a second of spacing"),
        pytest.param(OUTLOOK, shameless, "host_not_to_be_asked", id="asking who forbids it"),
        pytest.param(
            SHARED,
            limits("hostinger", lambda own: replace(own, connections_per_address=3)),
            "connections_at_an_address",
            id="a third connection at an address",
        ),
        pytest.param(
            SHARED,
            limits(
                "hostinger",
                lambda own: replace(
                    own,
                    connections_per_address=5,
                    connections_per_network=5,
                    connections_per_provider=5,
                ),
            ),
            "connections_at_a_host",
            id="a fifth connection at a provider",
        ),
        pytest.param(
            GMAIL,
            limits("gmail", lambda own: replace(own, recipients_per_session=21)),
            "recipients_in_a_session",
            id="a recipient more in a session",
        ),
        pytest.param(
            LOST,
            limits("gmail", lambda own: replace(own, refusals_per_session=4)),
            "refusals_in_a_session",
            id="a refusal more in a session",
        ),
        pytest.param(
            SMALL,
            limits("other", lambda own: replace(own, refusals_per_hour=11)),
            "refusals_in_an_hour",
            id="a refusal more in an hour",
        ),
        pytest.param(
            FADED,
            limits("gmail", lambda own: replace(own, unknown_share=0.12)),
            "unknown_share",
            id="two hundredths more of unknown recipients",
        ),
    ],
)
def test_a_step_beyond_it_is_found(
    parts: tuple[Part, ...], rude: Rude, rule: str, tmp_path: Path
) -> None:
    assert rule in rules(parts, rude(load_providers()), tmp_path)
