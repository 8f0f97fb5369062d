"""One session with one MX address: what is planned, what was answered, how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from checks.mailbox.rules import Ruling, Scope
from checks.model import Reason

TEXT_KEPT: Final = 512
"""Characters of a reply's text that are kept as evidence."""

SCRUBBED: Final = "..."
"""What stands in a kept text for an address or a recipient's local part."""

_ANY_ADDRESS: Final = re.compile(r"[^\s<>@\"'=:;,()\[\]]+@[^\s<>@\"':;,()\[\]]+")
_YES, _NO = 2, 5  # the first digit of a code (RFC 5321 4.2.1)
_WORTH_HIDING: Final = 3  # a local part of one or two letters would blank half of any sentence


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are towards the servers we ask."""

    helo: str
    mail_from: str


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds on the I/O clock; a reply's deadline holds for the whole reply, not for a byte."""

    connect: float = 10.0
    banner: float = 60.0  # real hosts wait 20 to 30 s before they greet
    reply: float = 30.0
    quit: float = 5.0
    write: float = 10.0
    session: float = 180.0
    handshake: float = 15.0  # of TLS, after STARTTLS


@dataclass(frozen=True, slots=True)
class Errand:
    """A domain's part in a session.

    `sentinels` are for the first and the closing ask. `proven`: one was refused here lately.
    `owed`: acceptances of an earlier session still wait for a refusal after them. `waits`: the
    sentinel was put off to a later session. `goes_on`: more of the domain is asked right after
    this session, which may leave the closing sentinel to it.
    """

    domain: str
    recipients: tuple[str, ...]
    sentinels: tuple[str, ...]
    proven: bool = False
    owed: bool = False
    waits: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What one session is to ask, and within which allowance.

    `encrypts`: the host has demanded STARTTLS before, so it comes before MAIL.
    """

    session_id: str
    provider: str
    mx_address: str
    errands: tuple[Errand, ...]
    recipients: int
    refusals: int
    asks_sentinels: bool
    closes_with_sentinel: bool
    encrypts: bool = False


class Encryption(StrEnum):
    """What became of TLS in a session: it is begun only where a server demands it.

    A certificate is never looked at: it would prove nothing about a mailbox.
    """

    NONE = ""
    UNVERIFIED = "unverified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ask:
    """One RCPT."""

    address: str
    domain: str
    sentinel: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one RCPT; the text is scrubbed of addresses. Code 0: it never did."""

    ask: Ask
    code: int
    enhanced: str | None
    text: str
    ruling: Ruling
    asked_at: float = 0.0
    encryption: Encryption = Encryption.NONE

    @property
    def accepted(self) -> bool:
        """Whether the server said that it would take the mail."""
        return self.code // 100 == _YES

    @property
    def refused(self) -> bool:
        """Whether this counts as a refusal in every budget: any 5xx, sentinels included."""
        return self.code // 100 == _NO

    @property
    def is_about_tls(self) -> bool:
        """Whether the server only said that STARTTLS must come first; counted, then asked again."""
        return self.ruling == TLS_DEMANDED

    @property
    def tells_apart(self) -> bool:
        """Whether the server has refused this recipient and not us: it does not accept all."""
        return self.refused and self.ruling.scope is Scope.RECIPIENT


class Ending(StrEnum):
    """How a session ended; the first keeps all its answers, the last keeps none."""

    DONE = "done"
    DEFERRED = "deferred"  # the host wants us to come later
    REFUSED = "refused"  # the host does not want us at all
    FLIPPED = "flipped"  # it refused a sentinel, then accepted one
    LOST = "lost"  # closed or silent in the middle
    UNPROVEN = "unproven"  # slow, then silent: nothing shows whose answers its replies were
    UNREACHABLE = "unreachable"  # no connection, or no banner
    OUR_FAULT = "our_fault"  # our own proxy did not let us through
    OWN_HOST = "own_host"  # we have called ourselves
    STOPPED = "stopped"  # never begun: probing was stopped meanwhile
    FORBIDDEN = "forbidden"  # the address guard refuses the address
    VOID = "void"  # not SMTP, or more replies than questions: nothing it said counts


@dataclass(frozen=True, slots=True)
class SessionResult:
    """A session's answers and end; `doubt` is the RCPT that was sent and never answered."""

    session_id: str
    ending: Ending
    answers: tuple[Answer, ...] = ()
    ruling: Ruling | None = None
    code: int = 0
    text: str = ""
    doubt: Ask | None = None
    ended_at: float = 0.0  # policy clock
    encryption: Encryption = Encryption.NONE


IN_DOUBT: Final = Ruling(Reason.TEMPORARY_FAILURE, Scope.RECIPIENT, "in_doubt")
"""The ruling for a recipient that was asked again after kills and never answered."""

TURNED: Final = Ruling(Reason.ACCEPTANCE_UNPROVEN, Scope.HOST, "turned_to_accepting")
"""The ruling for a host that refused a random recipient, then accepted one."""

OUR_ADDRESS: Final = Ruling(Reason.OUR_SIDE_BLOCKED, Scope.SENDER, "names_our_address")
"""The ruling for a refusal that names the address we write from, and not the one we asked for."""

TLS_DEMANDED: Final = Ruling(Reason.POLICY_REFUSAL, Scope.HOST, "tls_demanded")
"""The ruling for a RCPT that was refused because the session was not encrypted yet."""

TLS_FAILED: Final = Ruling(Reason.TEMPORARY_FAILURE, Scope.HOST, "tls_failed")
"""The ruling for a host that demands TLS, and where TLS did not come about."""


def is_about_sender(text: str, sender: str, asked: str) -> bool:
    """Whether a text names the sender's address, and of the one asked for not even the local part.

    >>> is_about_sender("<us@probe.example>: user unknown", "us@probe.example", "ana@d.example")
    True
    >>> is_about_sender("no ana for us@probe.example", "us@probe.example", "ana@d.example")
    False
    """
    said, sender = text.lower(), sender.lower()
    if sender not in said:
        return False
    local = re.escape(asked.lower().rpartition("@")[0])
    return re.search(rf"(?<!\w){local}(?!\w)", said.replace(sender, " ")) is None


def scrubbed(text: str, address: str) -> str:
    """Return a reply's text without any e-mail address, and without the local part we asked for.

    >>> scrubbed("5.1.1 <Maria@firma.example>: user maria unknown", "maria@firma.example")
    '5.1.1 <...>: user ... unknown'
    """
    bare = _ANY_ADDRESS.sub(SCRUBBED, text)
    local = address.partition("@")[0]
    if len(local) >= _WORTH_HIDING:
        bare = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", SCRUBBED, bare, flags=re.IGNORECASE)
    return bare[:TEXT_KEPT]


@dataclass(slots=True)
class Tally:
    """What has been asked and refused so far in one session."""

    recipients: int = 0
    refusals: int = 0
    answers: list[Answer] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """Count one answer."""
        self.recipients += 1
        self.refusals += answer.refused
        self.answers.append(answer)
