"""The names of the world and what DNS says of them: computed once, pure look-ups after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.world import DomainFate, World

PROBE: Final = "probe.sandbox.example"
"""A caller's own name: A 127.0.0.1, PTR back to it, SPF, MX; fit for HELO in the sandbox."""

SENDER_DOMAIN: Final = "sandbox.example"
"""A domain fit for MAIL FROM in the sandbox: SPF, MX, postmaster."""

Records = dict[str, list[str]]
"""Record type -> rdata in presentation form; {} is a name without records (no data)."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Names in lower case without the final dot.

    `records` holds what exists; `fates` holds names that are not simply answered: servfail,
    timeout, refused.
    """

    records: Mapping[str, Records]
    fates: Mapping[str, str] = field(default_factory=dict)


_MX_PREFERENCES: Final = (5, 10, 20, 30, 40)


def zone_of(world: World, *, smtp_lab: str = "127.0.0.1") -> Zone:
    """Return the zone of a world; `smtp_lab` is where its callers call from."""
    records: dict[str, Records] = _own_names(smtp_lab)
    fates: dict[str, str] = {}
    for domain, known in sorted(world.domains.items()):
        _add_domain(world, domain, known, records, fates)
    return Zone(records, fates)


def _own_names(caller: str) -> dict[str, Records]:
    spf = [f'"v=spf1 ip4:{caller} ip4:127.0.0.0/8 -all"']
    reverse = ".".join(reversed(caller.split("."))) + ".in-addr.arpa"
    return {
        PROBE: {"A": [caller], "TXT": spf, "MX": [f"10 {PROBE}."]},
        SENDER_DOMAIN: {"A": [caller], "TXT": spf, "MX": [f"10 {PROBE}."]},
        reverse: {"PTR": [f"{PROBE}."]},
        "localhost": {"A": ["127.0.0.1"]},
        "metadata.lab.example": {"A": ["169.254.169.254"]},
    }


def _add_domain(
    world: World,
    domain: str,
    known: DomainFate,
    records: dict[str, Records],
    fates: dict[str, str],
) -> None:
    """Add a domain's own records, and those of the MX hosts that they name."""
    names = world.mx_of(domain)
    exchanges = [f"{_MX_PREFERENCES[i % 5]} {name}." for i, name in enumerate(names)]
    special: dict[str, Records] = {
        "null_mx": {"MX": ["0 ."]},
        "no_mx": {"TXT": ['"v=spf1 -all"']},
        "mx_missing": {"MX": [f"10 mx.gone.{domain}."]},
        "mx_to_localhost": {"MX": ["10 localhost."]},
        "mx_to_metadata": {"MX": ["10 metadata.lab.example."]},
        "mx_ip_literal": {"MX": [f"10 {world.addresses_of(domain)[0]}."]},
        "a_fallback": {"A": list(world.addresses_of(domain))},
        "no_listener": {"MX": [f"10 mx.closed.{domain}."]},
    }
    match known.dns:
        case "servfail" | "refused":
            fates[domain] = known.dns
        case "mx_timeout":
            fates[domain] = "timeout"
        case "nxdomain":
            return
    _lay(records, domain, special.get(known.dns, {"MX": exchanges}))
    if known.dns == "no_listener":
        _lay(records, f"mx.closed.{domain}", {"A": ["127.105.0.1"]})
    if known.dns in special:
        return
    for place, name in enumerate(names):
        addresses = world.addresses_of_mx(domain, place)
        _lay(records, name, {"A": list(addresses)})
        for address in addresses:
            reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
            records.setdefault(reverse, {"PTR": [f"{name}."]})


def _lay(records: dict[str, Records], name: str, more: Records) -> None:
    records[name] = {**records.get(name, {}), **more}
