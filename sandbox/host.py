"""What a mail host remembers of its clients, and how it answers a recipient.

Every answer follows from seed, address, how often it was asked, policy time, and the host's
memory of the client; no chance is drawn while serving.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from sandbox.draws import fate
from sandbox.personality import Greylist, Personality
from sandbox.world import World, canonical

_ENHANCED = re.compile(r"(?m)^(\d{3}[ -])[245]\.\d{1,3}\.\d{1,3} +")
_MINUTE: Final = 60.0
_CEDILLA: Final = " \xe7\xe3o\r\n".encode("latin-1")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server sends: whole lines without line ends, and what it does next."""

    text: str
    delay: float = 0.0  # real seconds, before the farm's scale
    then: Literal["go", "close", "reset"] = "go"
    raw: bytes | None = None  # sent as it is in place of `text`

    def wire(self) -> bytes:
        """Return the bytes to send."""
        if self.raw is not None:
            return self.raw
        return "".join(f"{line}\r\n" for line in self.text.splitlines()).encode("utf-8")


@dataclass(slots=True)
class SessionState:
    """What a host knows of one session."""

    client: str
    sender: str = ""
    recipients: int = 0
    refusals: int = 0


@dataclass(slots=True)
class _Client:
    """What a host remembers of one client address."""

    open_sessions: int = 0
    asked: int = 0
    unknown: int = 0
    shut_until: float = 0.0
    slow_until: float = 0.0
    refusals: deque[float] = field(default_factory=deque)
    recipients: deque[float] = field(default_factory=deque)


class Host:
    """One mail host: a provider with all its addresses, or one self-hosted server."""

    def __init__(self, personality: Personality, world: World, name: str, domain: str) -> None:
        """Take the host's name as its banner shows it, and the domain it is named after."""
        self.personality = personality
        self.world = world
        self.name = name
        self.domain = domain
        self._clients: dict[str, _Client] = defaultdict(_Client)
        self._asks: Counter[str] = Counter()
        self._first_seen: dict[tuple[str, str, str], float] = {}
        self._passes: Counter[str] = Counter()

    def text(self, template: str, session: SessionState, rcpt: str = "") -> str:
        """Fill a reply's template."""
        local, _, domain = rcpt.rpartition("@")
        token = f"{int(fate(self.world.seed, 'token', self.name, rcpt) * 16**8):08x}"
        return template.format(
            rcpt=rcpt,
            local=local,
            domain=domain or self.domain,
            ip=session.client,
            host=self.name,
            token=token,
            label=self.domain.replace(".", "-"),
        )

    def say(self, key: str, session: SessionState, rcpt: str = "") -> Reply:
        """Return the personality's reply of that key, in the variant of the recipient's domain."""
        variants = self.personality.replies[key]
        about = rcpt.rpartition("@")[2] or self.domain
        if key == "full":  # whether a full mailbox is abandoned is its own affair
            about = rcpt
        place = int(fate(self.world.seed, "variant", key, about) * len(variants))
        text = self.text(variants[place], session, rcpt)
        if self.personality.bare_codes and self._is_bare(about):
            text = _ENHANCED.sub(r"\1", text)
        return Reply(text)

    def _is_bare(self, domain: str) -> bool:
        return self._fails("no_enhanced_code", domain)

    def _fails(self, fault: str, about: str) -> bool:
        """Return whether one of the world's faults of the wire befalls an address or domain."""
        return fate(self.world.seed, fault, about) < self.world.faults.get(fault, 0.0)

    # --- sessions -----------------------------------------------------------------------------

    def greet(self, session: SessionState, now: float, ordinal: int) -> Reply:
        """Return the banner for a new session, the `ordinal`th at this host."""
        kind, client = self.personality, self._clients[session.client]
        client.open_sessions += 1
        if kind.unknown_block and now < client.shut_until:
            return Reply(self.text(kind.unknown_block.reply, session), then="close")
        if kind.harvest and kind.harvest.then == "block" and now < client.shut_until:
            return Reply(self.text(kind.harvest.reply, session), then="close")
        if kind.connections and client.open_sessions > kind.connections.most:
            return Reply(self.text(kind.connections.reply, session), then="close")
        slow = self._fails("slow_banner", f"{self.name}/{ordinal}")
        delay = kind.banner_delay + (self.world.faults["slow_banner_seconds"] if slow else 0.0)
        return Reply(
            self.text(kind.banner, session),
            delay=delay,
            then="close" if kind.closes_at_banner else "go",
        )

    def leave(self, session: SessionState) -> None:
        """Note that a session has ended."""
        self._clients[session.client].open_sessions -= 1

    # --- recipients ---------------------------------------------------------------------------

    def answer_recipient(self, session: SessionState, address: str, now: float) -> Reply:
        """Return the reply to RCPT TO:<address>, and remember having been asked."""
        session.recipients += 1
        key = canonical(address)
        self._asks[key] += 1
        reply = self._put_off(session, address, now) or self._decide(session, address, key, now)
        return self._with_faults(self._with_costs(reply, session), key)

    def _put_off(self, session: SessionState, address: str, now: float) -> Reply | None:
        """Return a reply that leaves open what is true of the recipient, if there is cause."""
        kind, client = self.personality, self._clients[session.client]
        limit = kind.recipients
        if limit and session.recipients > limit.most:
            text = self.text(limit.reply, session, address)
            return Reply(text, then="close" if limit.closes else "go")
        if kind.reputation and now < client.slow_until:
            return Reply(self.text(kind.reputation.reply, session, address))
        if kind.throttle and self._is_throttled(client, kind.throttle.per_minute, now):
            return Reply(self.text(kind.throttle.reply, session, address))
        if kind.greylist and self._is_grey(kind.greylist, session, address, now):
            return Reply(self.text(kind.greylist.reply, session, address))
        unsteady = kind.unsteady
        first = self._asks[canonical(address)] == 1
        if unsteady and first and fate(self.world.seed, "unsteady", address) < unsteady.share:
            return Reply(self.text(unsteady.reply, session, address))
        return None

    @staticmethod
    def _is_throttled(client: _Client, per_minute: int, now: float) -> bool:
        while client.recipients and client.recipients[0] <= now - _MINUTE:
            client.recipients.popleft()
        client.recipients.append(now)
        return len(client.recipients) > per_minute

    def _is_grey(self, grey: Greylist, session: SessionState, address: str, now: float) -> bool:
        about = address if grey.per == "address" else address.rpartition("@")[2]
        if fate(self.world.seed, "grey", self.name, about) >= grey.share:
            return False
        network = session.client.rpartition(".")[0]
        if grey.after and self._passes[network] >= grey.after:
            return False
        key = (network, session.sender, address)
        first = self._first_seen.get(key)
        if first is None or now - first > grey.hours * 60 * _MINUTE:
            self._first_seen[key] = now
            return True
        if now - first < grey.minutes * _MINUTE:
            return True
        self._passes[network] += 1
        return False

    def _decide(self, session: SessionState, address: str, key: str, now: float) -> Reply:
        """Return what the host says of the mailbox, true or not."""
        kind, client = self.personality, self._clients[session.client]
        fate_of_domain = self.world.domains.get(address.rpartition("@")[2].lower())
        if fate_of_domain is None or fate_of_domain.host != kind.name:
            return self.say("relay", session, address)
        if kind.accept == "none":
            return self.say("policy", session, address)
        if kind.accept == "all" or fate_of_domain.accepts_all:
            return self.say("exists", session, address)
        if kind.harvest and self._harvested(client, now) >= kind.harvest.refusals:
            return self._harvest_reply(session, address, now)
        state = self.world.mailboxes.get(key, "absent")
        client.asked += 1
        if state in {"absent", "disabled"}:
            self._remember_refusal(session, now)
        return self.say(state, session, address)

    def _harvested(self, client: _Client, now: float) -> int:
        harvest = self.personality.harvest
        if harvest is None:
            return 0
        while client.refusals and client.refusals[0] <= now - harvest.minutes * _MINUTE:
            client.refusals.popleft()
        return len(client.refusals)

    def _harvest_reply(self, session: SessionState, address: str, now: float) -> Reply:
        harvest = self.personality.harvest
        if (
            harvest is None or harvest.then == "accept"
        ):  # accepted, and dropped later without a word
            return self.say("exists", session, address)
        if harvest.then == "block":
            until = now + harvest.minutes * _MINUTE
            self._clients[session.client].shut_until = until
        return Reply(self.text(harvest.reply, session, address), then="close")

    def _remember_refusal(self, session: SessionState, now: float) -> None:
        kind, client = self.personality, self._clients[session.client]
        session.refusals += 1
        client.unknown += 1
        client.refusals.append(now)
        block = kind.unknown_block
        if block and client.asked >= block.least and client.unknown > block.ratio * client.asked:
            client.shut_until = now + block.hours * 60 * _MINUTE
            client.asked = client.unknown = 0
        if kind.reputation and len(client.refusals) >= kind.reputation.refusals:
            client.slow_until = now + kind.reputation.minutes * _MINUTE
            client.refusals.clear()

    # --- what answers cost --------------------------------------------------------------------

    def _with_costs(self, reply: Reply, session: SessionState) -> Reply:
        """Add tarpits, and end sessions that were refused too often."""
        kind = self.personality
        refused = reply.text.startswith("5")
        delay = kind.tarpit.per_recipient + (kind.tarpit.per_refusal if refused else 0.0)
        if refused and kind.drop and session.refusals > kind.drop.refusals:
            return Reply(self.text(kind.drop.reply, session), delay, "close")
        errors = kind.errors
        if refused and errors and session.refusals >= errors.hard:
            return Reply(self.text(errors.reply, session), delay, "close")
        if refused and errors and session.refusals > errors.soft:
            delay += errors.sleep
        return replace(reply, delay=reply.delay + delay)

    def _with_faults(self, reply: Reply, key: str) -> Reply:
        """Let the wire fail for a few addresses; the first time only where it hides the answer."""
        first = self._asks[key] == 1
        if first and self._fails("mid_session_drop", key):
            return Reply("", then="close")
        if first and self.personality.spread and self._fails("bad_multiline", key):
            return Reply("250-2.1.5 Ok\n550 5.1.1 User unknown")
        if self._fails("non_ascii_reply", key):
            return replace(reply, raw=reply.wire().replace(b"\r\n", _CEDILLA))
        return reply
