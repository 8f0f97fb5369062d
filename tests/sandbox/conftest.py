"""A zoo of mail hosts on a thread, and a plain client that speaks SMTP line by line."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.clock import PolicyClock
from sandbox.internet import DEFAULT_START, Endpoints, background
from sandbox.smtp_farm import Tempo
from sandbox.world import World
from sandbox.zoo import zoo, zoo_domain


@dataclass
class Caller:
    """A client of one server: every method returns the reply's text, lines joined."""

    server: socket.socket
    banner: str = ""
    _rest: bytes = field(default=b"", repr=False)

    def read(self) -> str:
        """Return one reply; what came before the end where the server closed."""
        lines: list[str] = []
        while True:
            line, end, rest = self._rest.partition(b"\r\n")
            if end:
                self._rest = rest
                lines.append(line.decode("latin-1"))
                if line[3:4] != b"-":
                    return "\n".join(lines)
                continue
            more = self.server.recv(65_536)
            if not more:
                return "\n".join([*lines, self._rest.decode("latin-1")])
            self._rest += more

    def send(self, line: str) -> str:
        """Send a line, return the reply."""
        self.server.sendall(f"{line}\r\n".encode())
        return self.read()

    def hello(self, sender: str = "a@sandbox.example") -> None:
        """Say EHLO and MAIL."""
        self.send("EHLO probe.sandbox.example")
        self.send(f"MAIL FROM:<{sender}>")

    def ask(self, address: str) -> str:
        """Return the reply to RCPT."""
        return self.send(f"RCPT TO:<{address}>")

    def leave(self) -> str:
        """Say QUIT and close."""
        reply = self.send("QUIT")
        self.server.close()
        return reply


@dataclass
class Lab:
    """A running zoo, its clock, and a way to call its hosts."""

    world: World
    clock: PolicyClock
    endpoints: Endpoints
    callers: list[Caller] = field(default_factory=list)

    def domain(self, personality: str) -> str:
        """Return the domain that a personality hosts in the zoo."""
        return zoo_domain(personality)

    def call(self, domain: str, client: str = "127.0.0.1") -> Caller:
        """Connect to the first address of a domain's host and read the banner."""
        ip = self.world.addresses_of(domain)[0]
        return self.call_address(ip, client)

    def call_address(self, ip: str, client: str = "127.0.0.1") -> Caller:
        """Connect to an address and read the banner."""
        server = socket.create_connection(
            (ip, self.endpoints.smtp_port), timeout=5, source_address=(client, 0)
        )
        caller = Caller(server)
        self.callers.append(caller)
        caller.banner = caller.read()
        return caller

    def ask(self, address: str, client: str = "127.0.0.1") -> str:
        """Return the reply to one RCPT in a session of its own."""
        caller = self.call(address.rpartition("@")[2], client)
        caller.hello()
        reply = caller.ask(address)
        caller.leave()
        return reply


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Start labs that stop at the end of the test."""
    running: list[tuple[AbstractContextManager[Endpoints], Lab]] = []

    def make(tempo: Tempo | None = None, *, hostile: bool = False) -> Lab:
        world, clock = zoo(), PolicyClock(DEFAULT_START)
        folder = tmp_path / f"journal{len(running)}"
        lab = background(
            world, folder, tempo=tempo or Tempo(io_scale=0.001), clock=clock, hostile=hostile
        )
        started = Lab(world, clock, lab.__enter__())
        running.append((lab, started))
        return started

    yield make
    for lab, started in running:
        for caller in started.callers:
            caller.server.close()
        lab.__exit__(None, None, None)


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()
