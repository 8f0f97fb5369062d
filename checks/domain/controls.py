"""Whether a resolver may be believed: it must find what exists and must not invent what does not.

A resolver that says "no such domain" of everything would condemn every debtor; one that answers
everything with an address (a hotel's, some providers') would bless every misspelt domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from checks.domain.ask import Asker
from checks.domain.hosts import by_preference
from checks.domain.model import (
    Answer,
    Failed,
    Failure,
    Nameserver,
    NxDomain,
    Question,
    Records,
    RecordType,
    ResolverSettings,
)


class Trust(StrEnum):
    """What the controls say of a resolver."""

    TRUSTED = "trusted"
    SILENT = "silent"  # no control was answered
    FAILING = "failing"  # controls are answered by failures only
    DENIES = "denies"  # a domain that exists was denied
    INVENTS = "invents"  # a name that does not exist was answered
    REPEATS = "repeats"  # different domains got one answer


@dataclass(frozen=True, slots=True)
class Control:
    """The controls of one nameserver: what was asked, and how far it may be believed."""

    nameserver: Nameserver
    trust: Trust
    name: str = ""
    """The control that gave it away; empty where none did."""

    @property
    def sentence(self) -> str:
        """Return what to tell the user: lower case, with the remedy."""
        return _SENTENCES[self.trust].format(nameserver=self.nameserver, name=self.name)


_SENTENCES: Final = {
    Trust.TRUSTED: "nameserver {nameserver} passed its controls",
    Trust.SILENT: "nameserver {nameserver} does not answer; check [dns] nameservers",
    Trust.FAILING: "nameserver {nameserver} fails to answer for {name!r}; check its own log",
    Trust.DENIES: (
        "nameserver {nameserver} knows no MX of {name!r}; use another one, or correct"
        " [dns] positive_controls"
    ),
    Trust.INVENTS: "nameserver {nameserver} answers for names that do not exist; use another one",
    Trust.REPEATS: "nameserver {nameserver} answers different domains alike; use another one",
}


async def control(
    nameserver: Nameserver,
    settings: ResolverSettings,
    nonce: Callable[[], str],
) -> Control:
    """Ask one nameserver its controls, all at once.

    `nonce` returns a new random label; the names made of it must not exist.
    """
    asker = Asker(settings, [nameserver])
    positive = [Question(name, RecordType.MX) for name in settings.positive_controls]
    negative = [
        Question(f"{nonce()}.{suffix}", record_type)
        for suffix in settings.negative_suffixes
        for record_type in (RecordType.MX, RecordType.A)
    ]
    answers = await asker.control([*positive, *negative])
    found = dict(zip([*positive, *negative], answers, strict=True))
    return believe(
        nameserver,
        {question.name: found[question] for question in positive},
        [found[question] for question in negative],
    )


def believe(
    nameserver: Nameserver,
    positive: Mapping[str, Answer],
    negative: Sequence[Answer],
) -> Control:
    """Judge a nameserver by its answers to positive and negative controls.

    1. Nothing but time-outs: silent.
    2. Anything but "no such domain" to a name that cannot exist: it invents. A failure is none.
    3. A positive control without a usable MX: it denies.
    4. Several positive controls, all with the same hosts: it repeats.
    5. At least one positive and one negative control as they must be: trusted.

    >>> server = Nameserver("127.0.0.1")
    >>> believe(server, {"a.example": NxDomain(60)}, [NxDomain(60)]).trust
    <Trust.DENIES: 'denies'>
    """
    silent = Failed(Failure.TIMEOUT)
    if all(answer == silent for answer in [*positive.values(), *negative]):
        return Control(nameserver, Trust.SILENT)
    if any(not isinstance(answer, NxDomain | Failed) for answer in negative):
        return Control(nameserver, Trust.INVENTS)
    for name, answer in positive.items():
        if not isinstance(answer, Failed) and not _mail_hosts(answer):
            return Control(nameserver, Trust.DENIES, name)
    found = {name: _mail_hosts(answer) for name, answer in positive.items()}
    heard = [hosts for hosts in found.values() if hosts]
    if not heard or not any(isinstance(answer, NxDomain) for answer in negative):
        return Control(nameserver, Trust.FAILING, next(iter(positive)))
    if len(heard) > 1 and len(set(heard)) == 1:
        return Control(nameserver, Trust.REPEATS)
    return Control(nameserver, Trust.TRUSTED)


def _mail_hosts(answer: Answer) -> tuple[str, ...]:
    return by_preference(answer.hosts) if isinstance(answer, Records) else ()
