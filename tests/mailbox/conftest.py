"""A scripted mail server on loopback that keeps its own journal, and a probe over a few of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Network

import polars as pl
import pytest

from checks.mailbox.pace import JumpClock, PolicyClock
from checks.mailbox.probe import ADDRESSES, ProbeResult, probe_mailboxes
from checks.mailbox.session import Deadlines, Identity
from checks.mailbox.settings import Memory, ProbeSettings
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules

Answering = Callable[[str], bytes | None]
QUICK = Deadlines(connect=1, banner=0.4, reply=0.4, quit=0.2, write=0.3, session=1.5)


def by_local_part(address: str) -> bytes:
    """Answer RCPT honestly: the local part's first word says what the mailbox is."""
    word = address.partition("@")[0].partition("-")[0]
    replies = {
        "ok": b"250 2.1.5 ok\r\n",
        "full": b"452 4.2.2 over quota\r\n",
        "off": b"550 5.2.1 mailbox is disabled\r\n",
        "grey": b"451 4.7.1 greylisted, come back\r\n",
    }
    return replies.get(word, b"550 5.1.1 no such user\r\n")


@dataclass
class MailServer:
    """What one server says, and what it heard: (moment, session, line)."""

    rcpt: Answering = by_local_part
    banner: bytes = b"220 mx.example ESMTP\r\n"
    replies: Mapping[str, bytes] = field(default_factory=dict)  # by verb, instead of the usual
    behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None
    clock: PolicyClock | None = None
    delay: float = 0.0
    heard: list[tuple[float, int, bytes]] = field(default_factory=list)
    sessions: int = 0
    open_now: int = 0
    open_most: int = 0

    def asked(self) -> list[str]:
        """Return the RCPT arguments in the order in which they came."""
        return [line[9:-3].decode() for _, _, line in self.heard if line.startswith(b"RCPT TO:<")]

    def verbs(self) -> set[str]:
        """Return the verbs that were heard."""
        return {line.split(b" ")[0].strip().decode() for _, _, line in self.heard}

    def now(self) -> float:
        """Return the policy time, or the wall clock's."""
        return time.time() if self.clock is None else self.clock.now()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one session."""
        self.sessions += 1
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        try:
            await (self.behave or self._converse)(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        session = self.sessions
        self.heard.append((self.now(), session, b"CONNECT"))
        writer.write(self.banner)
        while line := await reader.readline():
            self.heard.append((self.now(), session, line))
            reply = self.answer(line)
            if reply is None:
                return
            await asyncio.sleep(self.delay)
            writer.write(reply)
            await writer.drain()
            if line.startswith(b"QUIT"):
                return

    def answer(self, line: bytes) -> bytes | None:
        """Return the reply to one line; None: close without a word."""
        verb = line[:4].decode("ascii", "replace").upper()
        if verb == "RCPT":
            return self.rcpt(line[9:-3].decode("ascii", "replace"))
        usual = {"QUIT": b"221 bye\r\n"}
        return self.replies.get(verb, usual.get(verb, b"250 ok\r\n"))


class ListJournal:
    """A journal in memory; `fails_at` stops the probe as a full disk or a kill would."""

    def __init__(self, fails_at: int | None = None) -> None:
        """Begin empty."""
        self.payloads: list[Mapping[str, object]] = []
        self._fails_at = fails_at

    def intend(self, payload: Mapping[str, object]) -> int:
        """Keep a payload."""
        if self._fails_at is not None and len(self.payloads) >= self._fails_at:
            message = "killed"
            raise InterruptedError(message)
        self.payloads.append(payload)
        return len(self.payloads)

    def conclude(self, intent: int, payload: Mapping[str, object]) -> int:
        """Keep a payload; intents come first."""
        assert 0 <= intent <= len(self.payloads)
        return self.intend(payload)

    def flush(self) -> None:
        """Do nothing: it is all there."""


@dataclass
class Lab:
    """Servers by address on one port, domains led to them, and a probe over all."""

    servers: dict[str, MailServer]
    clock: PolicyClock = field(default_factory=lambda: JumpClock(1_800_000_000.0))
    settings: ProbeSettings = field(
        default_factory=lambda: ProbeSettings(
            Identity("probe.example.com", "probe@example.com"),
            deadlines=QUICK,
            lab_networks=(IPv4Network("127.0.0.0/8"),),
        ),
    )
    rows: list[tuple[str, str, str, list[str], list[str]]] = field(default_factory=list)

    def domain(self, domain: str, locals_: str, *ips: str, provider: str = "other") -> None:
        """Let a domain's mailboxes (a line of words) be asked at addresses."""
        self.rows += [
            (f"{word}@{domain}", domain, provider, [f"mx.{domain}"], list(ips))
            for word in locals_.split()
        ]

    def refuse_everything(self) -> None:
        """Let no lab network pass the guard."""
        self.settings = replace(self.settings, lab_networks=())

    def frame(self) -> pl.DataFrame:
        """Return what the probe takes."""
        return pl.DataFrame(self.rows, schema=ADDRESSES, orient="row")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Serve all servers on one port."""
        async with AsyncExitStack() as stack:
            port = self.settings.port if self.settings.port != 25 else 0
            for ip, server in self.servers.items():
                listener = await asyncio.start_server(server.serve, ip, port)
                stack.push_async_callback(_close, listener)
                port = listener.sockets[0].getsockname()[1]
            yield port

    async def _probe(self, **more: object) -> ProbeResult:
        async with self.open() as port:
            self.settings = replace(self.settings, port=port)
            arguments: dict[str, object] = {
                "providers": load_providers(),
                "journal": ListJournal(),
                "memory": Memory(),
                "written": (),
            }
            arguments |= more
            return await probe_mailboxes(
                self.frame(),
                self.settings,
                rules=load_reply_rules(),
                clock=self.clock,
                as_of=datetime(2026, 11, 1, tzinfo=UTC),
                **arguments,  # type: ignore[arg-type]  # a table of keywords
            )

    def probe(self, **more: object) -> ProbeResult:
        """Run the probe."""
        return asyncio.run(self._probe(**more))

    def reasons(self, **more: object) -> dict[str, str]:
        """Run the probe; return the reason for every address."""
        findings = self.probe(**more).findings
        return dict(findings.select("address", "reason").iter_rows())


async def _close(listener: asyncio.Server) -> None:
    listener.close()
    await asyncio.sleep(0)


@pytest.fixture
def lab() -> Callable[..., Lab]:
    """Return a maker of labs from servers by address."""

    def make(**servers: MailServer) -> Lab:
        return Lab({f"127.9.{name[1:].replace('_', '.')}": s for name, s in servers.items()})

    return make


@pytest.fixture
def mail_server() -> type[MailServer]:
    """Return the server class."""
    return MailServer


@pytest.fixture
def list_journal() -> type[ListJournal]:
    """Return the journal class."""
    return ListJournal
