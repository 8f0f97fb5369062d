"""Real servers for the length of a session; skipped with a reason where they cannot be run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import packages
from sandbox.servers.nameservers import NameServers, name_servers

WORLD = Path(packages.__file__).with_name("etc") / "world.zone"


@pytest.fixture(scope="session")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    """Return a real Unbound before a real NSD that serves the world's zone."""
    reason = packages.missing(*packages.NAME_SERVERS)
    if reason is not None:
        pytest.skip(reason)
    with name_servers(WORLD, tmp_path_factory.mktemp("names")) as at:
        yield at
