"""Worlds: which spellings are one mailbox, and how worlds are laid over each other."""

from __future__ import annotations

import pytest

from sandbox.world import DomainFate, World, canonical, merged


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ana@GMAIL.com", "ana@gmail.com"),
        ("a.n.a@gmail.com", "ana@gmail.com"),
        ("ana+x@hotmail.com", "ana@hotmail.com"),
        ("a.n.a@hotmail.com", "a.n.a@hotmail.com"),
    ],
)
def test_addresses_that_are_one_mailbox(address: str, mailbox: str) -> None:
    assert canonical(address) == mailbox


def test_every_self_hosted_domain_has_a_server_of_its_own() -> None:
    """As long as there are addresses: 250 a personality, then they are shared."""
    domains = {f"d{i}.example": DomainFate("postfix") for i in range(300)}
    world = World(1, domains, {})
    servers = {world.addresses_of(domain) for domain in domains}
    assert len(servers) == 250
    assert world.used_addresses() == sorted(address for (address,) in servers)


def test_merged_worlds_keep_the_first_fact() -> None:
    one = World(1, {"a.example": DomainFate("gmail")}, {"x@a.example": "exists"})
    two = World(2, {"a.example": DomainFate("uol"), "b.example": DomainFate("uol")}, {})
    both = merged([one, two])
    assert both.domains["a.example"].host == "gmail"
    assert set(both.domains) == {"a.example", "b.example"}
