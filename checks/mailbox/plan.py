"""What is to be asked, cut into shards that share no limit with one another.

A shard is a connected part of the graph of named providers and networks: whoever counts our
connections or refusals is counted in one place, whichever domains lead to him. Nobody's backup
MX at a large provider can open a second set of connections there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Final

from checks.mailbox.commands import is_askable
from checks.mailbox.providers import OTHER
from checks.model import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checks.mailbox.providers import Providers

NETWORK_BITS4, NETWORK_BITS6 = 24, 48
_BITS4: Final = 32
_BITS6: Final = 128


@dataclass(frozen=True, slots=True)
class Target:
    """A domain with the recipients to ask there and the MX addresses that may be connected to."""

    domain: str
    provider: str
    mx_addresses: tuple[str, ...]
    recipients: tuple[str, ...]
    mx_host: str = ""  # the most preferred host's name, for the evidence
    priority: float = 0.0  # lower is asked earlier


@dataclass(frozen=True, slots=True)
class Shard:
    """Targets that share limits; `name` is one of its domains, so it survives a restart."""

    name: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """All shards, and who is not asked at all, with the reason."""

    shards: tuple[Shard, ...]
    not_asked: Mapping[str, Reason]


def make_plan(targets: Iterable[Target], providers: Providers) -> ProbePlan:
    """Return shards in order of name; inside, domains by priority and name, recipients as given.

    Not asked: providers that forbid it or whose answers are worth nothing, addresses that cannot
    be put into a command (`not_asked_policy`), domains without a usable address
    (`no_connection`).
    """
    not_asked: dict[str, Reason] = {}
    asked: list[Target] = []
    most = providers.courtesy.addresses_per_domain
    for target in sorted(targets, key=lambda t: (t.priority, t.domain)):
        addresses = tuple(dict.fromkeys(target.mx_addresses))[:most]
        willing = providers.named(target.provider).asked
        askable = dict.fromkeys(r for r in target.recipients if willing and is_askable(r))
        not_asked |= {r: Reason.NOT_ASKED_POLICY for r in target.recipients if r not in askable}
        if not addresses:
            not_asked |= dict.fromkeys(askable, Reason.NO_CONNECTION)
        elif askable:
            asked.append(replace(target, mx_addresses=addresses, recipients=tuple(askable)))
    return ProbePlan(_shards(asked), not_asked)


def network_of(ip: str) -> str:
    """Return the /24 (IPv6: /48) that an address lies in: one party, as far as limits go.

    What is no address is a party of its own; the guard refuses it before a connect.

    >>> network_of("192.0.2.77"), network_of("2001:db8:1:2::3"), network_of("mx")
    ('192.0.2.0/24', '2001:db8:1::/48', 'mx')
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, IPv4Address):
        base = IPv4Address(int(address) >> (_BITS4 - NETWORK_BITS4) << (_BITS4 - NETWORK_BITS4))
        return f"{base}/{NETWORK_BITS4}"
    shift = _BITS6 - NETWORK_BITS6
    return f"{type(address)(int(address) >> shift << shift)}/{NETWORK_BITS6}"


def _shards(targets: Sequence[Target]) -> tuple[Shard, ...]:
    parties = _Parties()
    for target in targets:
        parties.join([network_of(ip) for ip in target.mx_addresses])
        if target.provider != OTHER:
            parties.join([target.provider, network_of(target.mx_addresses[0])])
    parts: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        parts[parties.leader(network_of(target.mx_addresses[0]))].append(target)
    shards = (Shard(min(t.domain for t in part), tuple(part)) for part in parts.values())
    return tuple(sorted(shards, key=lambda shard: shard.name))


class _Parties:
    """Union of names that must be counted together (disjoint sets with path halving)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def leader(self, name: str) -> str:
        above = self._above.setdefault(name, name)
        while above != name:
            self._above[name] = self._above[above]
            name, above = above, self._above[above]
        return name

    def join(self, names: Sequence[str]) -> None:
        first = self.leader(names[0])
        for other in names[1:]:
            self._above[self.leader(other)] = first
