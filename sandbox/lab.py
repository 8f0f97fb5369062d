"""A lab of thousands of servers without a table: names say what their server does.

`<row>.<sxx>.test` is the domain of case Sxx of hostile.toml in row `row`; its server stands at
127.(128 + row / 256).(row % 256).xx, a network of its own for each row. So the server's behaviour
follows from the address that was dialled, and the truth about a mailbox from its address alone.

    with start_lab(LabSize(hosts=1000, hostile_every=5), folder, Tempo()) as endpoints: ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from sandbox.clock import PolicyClock, serve_clock
from sandbox.hostile_cases import Case, load_cases
from sandbox.hostile_farm import HostileFarm
from sandbox.internet import DEFAULT_START, Endpoints, serving
from sandbox.journals import JournalWriter
from sandbox.smtp_farm import Tempo

LAB: Final = "127.128.0.0/9"
"""Where the lab's servers stand."""

MOST_HOSTS: Final = 1 << 15
HONEST: Final = "S99"

Truth = Literal["exists", "missing", "full", "disabled"]

_FIRST_OCTET: Final = 128
_ROWS: Final = 256
# Of ten mailboxes six exist, two are missing, one is full and one disabled.
_LOCAL_PARTS: Final = ("ok", "ok", "bad", "ok", "ok", "full", "ok", "bad", "ok", "off")
_TRUTHS: Final[dict[str, Truth]] = {"ok": "exists", "full": "full", "off": "disabled"}


@dataclass(frozen=True, slots=True, order=True)
class LabName:
    """One server of the lab.

    >>> LabName(258, "S16").domain, LabName(258, "S16").address
    ('258.s16.test', '127.129.2.16')
    >>> LabName.of_domain("258.s16.test") == LabName.of_address("127.129.2.16")
    True
    """

    row: int
    case: str

    @property
    def domain(self) -> str:
        """The domain whose mail the server takes."""
        return f"{self.row}.{self.case.lower()}.test"

    @property
    def address(self) -> str:
        """Where the server stands."""
        high, low = divmod(self.row, _ROWS)
        return f"127.{_FIRST_OCTET + high}.{low}.{int(self.case[1:])}"

    @property
    def is_hostile(self) -> bool:
        """Whether it is anything but an honest, quick server."""
        return self.case != HONEST

    @classmethod
    def of_domain(cls, domain: str) -> Self:
        """Return the server of a domain; ValueError for any other name."""
        row, case, end = domain.split(".")
        if end != "test" or case.upper() not in load_cases():
            message = "a domain of the lab is <row>.<sxx>.test"
            raise ValueError(message)
        return cls(int(row), case.upper())

    @classmethod
    def of_address(cls, ip: str) -> Self:
        """Return the server at an address of the lab."""
        _, high, low, case = (int(octet) for octet in ip.split("."))
        return cls((high - _FIRST_OCTET) * _ROWS + low, f"S{case:02}")


@dataclass(frozen=True, slots=True)
class LabSize:
    """How many servers there are, and that every so-manieth of them is hostile (0: none)."""

    hosts: int
    hostile_every: int

    def names(self) -> Iterator[LabName]:
        """Yield the servers by row; hostile ones take the cases in turn."""
        foes = [c.name for c in load_cases().values() if c.name != HONEST and not c.elsewhere]
        for row in range(min(self.hosts, MOST_HOSTS)):
            turn, rest = divmod(row, self.hostile_every) if self.hostile_every else (0, 1)
            yield LabName(row, HONEST if rest else foes[turn % len(foes)])

    def places(self) -> dict[str, Case]:
        """Return which case stands at which address."""
        return {name.address: load_cases()[name.case] for name in self.names()}


def mailboxes(name: LabName, count: int) -> list[str]:
    """Return `count` addresses to ask about at a server; who exists is told by `truth_of`."""
    parts = [_LOCAL_PARTS[place % len(_LOCAL_PARTS)] for place in range(count)]
    return [f"{part}-{place}@{name.domain}" for place, part in enumerate(parts)]


def truth_of(address: str) -> Truth:
    """Return what is true of an address, by its name alone.

    >>> truth_of("ok-1@7.s99.test"), truth_of("bad-2@7.s99.test"), truth_of("ok-1@7.s69.test")
    ('exists', 'missing', 'missing')
    """
    local, _, domain = address.partition("@")
    case = load_cases()[LabName.of_domain(domain).case]
    # A server that calls everybody unknown has nobody.
    if case.expect == "invalid":
        return "missing"
    return _TRUTHS.get(local.partition("-")[0], "missing")


@asynccontextmanager
async def lab(
    size: LabSize, journal: Path, tempo: Tempo, *, start_at: float = DEFAULT_START
) -> AsyncIterator[Endpoints]:
    """Run a lab on the running event loop, and yield where it is reached; it has no DNS."""
    policy = PolicyClock(start_at)
    writer = JournalWriter(journal, policy.now)
    farm = HostileFarm(writer, tempo, policy.now, size.places())
    served_clock = await serve_clock(policy)
    try:
        yield Endpoints(
            nameserver="",
            smtp_port=await farm.start(),
            lab_networks=(LAB,),
            clock=f"127.0.0.1:{served_clock.sockets[0].getsockname()[1]}",
            journal=str(journal),
        )
    finally:
        await farm.stop()
        served_clock.close()
        writer.close()


def start_lab(size: LabSize, journal: Path, tempo: Tempo) -> AbstractContextManager[Endpoints]:
    """Run a lab in a process of its own for the length of the block."""
    return serving(
        "lab",
        {
            "--journal": str(journal),
            "--hosts": str(size.hosts),
            "--hostile-every": str(size.hostile_every),
            "--io-scale": repr(tempo.io_scale),
            "--reply-delay": repr(tempo.reply_delay),
        },
    )
