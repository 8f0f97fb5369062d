"""How replies are told apart, as frozen values; the rules themselves are data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from checks.model import VERDICT_OF, Reason, Verdict


class Stage(StrEnum):
    """Where in the dialogue a reply was given."""

    BANNER = "banner"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    HANDSHAKE = "handshake"  # TLS itself: no line is sent and no reply read
    MAIL = "mail"
    RCPT = "rcpt"
    QUIT = "quit"


class Scope(StrEnum):
    """Whom a reply is about: only the first says anything of the address that was asked."""

    RECIPIENT = "recipient"
    SENDER = "sender"  # our own identity: HELO, MAIL FROM, SPF, DMARC
    HOST = "host"  # our address's reputation, or the host's own state


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one reply means, and the name of the rule that said so.

    Raises ValueError for a verdict on a recipient that is drawn from what was said of another: it
    would be handed on to everybody who waits at that host.

    >>> Ruling(Reason.GREYLISTED, Scope.RECIPIENT, "greylist").verdict
    <Verdict.UNKNOWN: 'unknown'>
    """

    reason: Reason
    scope: Scope
    rule: str

    def __post_init__(self) -> None:
        """Refuse a host's or sender's ruling that would be a verdict."""
        if self.scope is not Scope.RECIPIENT and self.verdict is not Verdict.UNKNOWN:
            message = f"rule {self.rule!r} is about the {self.scope.value}, so it tells no mailbox"
            raise ValueError(message)

    @property
    def verdict(self) -> Verdict:
        """The verdict that the reason belongs to."""
        return VERDICT_OF[self.reason]


@dataclass(frozen=True, slots=True)
class EnhancedRule:
    """What an enhanced code means; a firm one is overruled by text only in the address's favour.

    `about_recipient`: words with which the same is said of the recipient alone; where there are
    such words, any that condemn a mailbox do so too. None: the scope is always the ruling's.
    """

    ruling: Ruling
    firm: bool
    about_recipient: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class TextRule:
    """Words that give a reply its meaning; `exculpates` where they overrule a firm code."""

    ruling: Ruling
    pattern: re.Pattern[str]
    classes: frozenset[int]  # 4, 5: the first digits of codes it holds for
    exculpates: bool


@dataclass(frozen=True, slots=True)
class ProviderRule:
    """What one provider means by a reply that others use differently.

    Holds where the MX belongs to one of `providers`, or where `signature` is found in the text.
    """

    ruling: Ruling
    providers: frozenset[str]
    signature: re.Pattern[str] | None
    codes: frozenset[int]
    enhanced: re.Pattern[str] | None
    pattern: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class TlsDemand:
    """How a server says that it takes this command only after STARTTLS.

    A reply with one of `codes` does where its enhanced code is one of `enhanced`, or where
    `pattern` is found in its text: 530 alone may ask for a password as well (RFC 4954).
    """

    codes: frozenset[int]
    enhanced: frozenset[str]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """All rules, each kind in the order in which it is tried.

    `enhanced` keys are whole codes or a subject, as "5.7.1" or "5.7". `doubt`: words beside which
    a code alone condemns nobody.
    """

    enhanced: Mapping[str, EnhancedRule]
    providers: tuple[ProviderRule, ...]
    texts: tuple[TextRule, ...]
    tls_demand: TlsDemand
    doubt: re.Pattern[str]
