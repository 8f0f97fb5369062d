"""From DNS answers to a judgement, without asking anyone.

A judge is a generator: it yields questions, is sent their answers in the same order, and returns
a Judgement. Whoever drives it does the asking; when queries or time run out it is sent `Failed`,
which never condemns. Example, driven by hand:

>>> judge = judge_domain("nobody.example", guard=lambda address: None)
>>> judge.send(None)
(Question(name='nobody.example', record_type=<RecordType.MX: 'MX'>, turn=1),)
>>> judge.send((NxDomain(ttl=300),))
(Question(name='nobody.example', record_type=<RecordType.MX: 'MX'>, turn=2),)
>>> judge.send((NxDomain(ttl=300),))
(Question(name='nobody.example', record_type=<RecordType.A: 'A'>, turn=2),)
>>> try:
...     judge.send((NxDomain(ttl=300),))
... except StopIteration as stop:
...     stop.value.reason
<Reason.NO_SUCH_DOMAIN: 'no_such_domain'>
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from checks.domain.hosts import route_of
from checks.domain.model import (
    Alias,
    Answer,
    Failed,
    Failure,
    Judgement,
    MailHost,
    NxDomain,
    Question,
    Records,
    RecordType,
)
from checks.model import Reason

Guard: TypeAlias = Callable[[str], str | None]
"""From an address to a word for why it must not be dialled, or None."""

Step: TypeAlias = Generator[tuple[Question, ...], tuple[Answer, ...], Judgement]
_Lookup: TypeAlias = Generator[tuple[Question, ...], tuple[Answer, ...], Sequence[Answer]]

MOST_LINKS: Final = 8
"""Aliases followed one after the other (Unbound follows 11, BIND 16)."""

MOST_HOSTS: Final = 5
"""MX hosts looked at (Postfix: smtp_mx_address_limit); a domain with more is never condemned."""

MOST_ADDRESSES: Final = 5
"""Addresses kept to connect to (Postfix: smtp_mx_address_limit)."""

_REASON_OF: Final = {
    Failure.TIMEOUT: Reason.DNS_TIMEOUT,
    Failure.BUDGET: Reason.DNS_TIMEOUT,
}


def judge_domain(domain: str, guard: Guard) -> Step:
    """Judge a domain; one that would be condemned is judged a second time by fresh answers.

    Two turns that do not agree leave it unknown.
    """
    first = yield from _judge_once(domain, guard, turn=1)
    if not first.condemns:
        return first
    second = yield from _judge_once(domain, guard, turn=2)
    if second.reason is first.reason:
        return _with(second, confirmed=True)
    if second.condemns or second.reason is None:
        return _unknown(Failed(Failure.CONTRADICTION), {"turns": [first.reason, second.reason]})
    return second


def _judge_once(domain: str, guard: Guard, *, turn: int) -> Step:
    [answer] = yield from _look((domain,), RecordType.MX, turn)
    match answer:
        case Failed():
            return _unknown(answer, {"asked": "MX"})
        case NxDomain(ttl):
            return (yield from _judge_missing(domain, ttl, turn))
        case Records(ttl, hosts) if hosts:
            return (yield from _judge_hosts(hosts, ttl, guard, turn))
    # No MX: the domain itself is its mail host (RFC 5321, section 5.1).
    implicit = yield from _judge_names((domain,), answer.ttl, guard, turn)
    return _with(implicit, mx="implicit")


def _judge_missing(domain: str, ttl: int, turn: int) -> Step:
    """Judge a domain that is said not to exist: on the second turn that must hold for A as well.

    NXDOMAIN means every type (RFC 8020, section 2), but load balancers say it of all that they do
    not serve (RFC 4074, section 4.2), and mail servers then deliver to the domain's own address.
    """
    missing = Judgement(Reason.NO_SUCH_DOMAIN, ttl, details={"answer": "nxdomain"})
    if turn == 1:
        return missing
    [address] = yield from _look((domain,), RecordType.A, turn)
    if isinstance(address, NxDomain):
        return missing
    found = address if isinstance(address, Failed) else Failed(Failure.CONTRADICTION)
    return _unknown(found, {"asked": "A", "mx": "nxdomain"})


def _judge_hosts(hosts: tuple[MailHost, ...], ttl: int, guard: Guard, turn: int) -> Step:
    route = route_of(hosts)
    if route.reason is not None:
        return Judgement(route.reason, ttl, details=route.details)
    found = yield from _judge_names(route.names, ttl, guard, turn)
    return _with(found, **route.details)


def _judge_names(names: tuple[str, ...], ttl: int, guard: Guard, turn: int) -> Step:
    """Judge by the addresses of mail hosts: A first, AAAA only where no A may be dialled."""
    near = names[:MOST_HOSTS]
    answers = list((yield from _look(near, RecordType.A, turn)))
    refused: dict[str, str] = {}
    accepted = _accepted(answers, guard, refused)
    if not accepted:
        # NXDOMAIN holds for every type (RFC 8020), so only the others are asked again
        rest = [name for name, answer in zip(near, answers, strict=True)
                if not isinstance(answer, NxDomain)]  # fmt: skip
        answers += yield from _look(rest, RecordType.AAAA, turn)
        accepted = _accepted(answers, guard, refused)
    details: dict[str, object] = {"refused": dict(sorted(refused.items()))} if refused else {}
    ttl = min([ttl, *(answer.ttl for answer in answers if not isinstance(answer, Failed))])
    if accepted:
        complete = not any(isinstance(answer, Failed) for answer in answers)
        return Judgement(None, ttl, names, accepted[:MOST_ADDRESSES], details, complete)
    return _routeless(names, answers, ttl, details)


def _accepted(answers: Sequence[Answer], guard: Guard, refused: dict[str, str]) -> tuple[str, ...]:
    """Return the addresses that may be dialled, by host, then by text; note the others."""
    accepted: dict[str, None] = {}
    for answer in answers:
        for address in sorted(answer.addresses) if isinstance(answer, Records) else ():
            if word := guard(address):
                refused[address] = word
            else:
                accepted[address] = None
    return tuple(accepted)


def _routeless(
    names: tuple[str, ...],
    answers: Sequence[Answer],
    ttl: int,
    details: Mapping[str, object],
) -> Judgement:
    """Judge a domain none of whose hosts may be dialled.

    1. A host did not answer: nothing is known.
    2. Addresses exist and our guard refused all of them. That is our own decision and may be our
       own fault (a resolver with an inside view), so it never condemns.
    3. There are hosts that nobody looked at: nothing is known.
    4. No host has an address: no mail route.
    """
    for answer in answers:
        if isinstance(answer, Failed):
            return _unknown(answer, details, names)
    if "refused" in details:
        return Judgement(Reason.NOT_ASKED_POLICY, ttl, names, details=details)
    if len(names) > MOST_HOSTS:
        return _unknown(Failed(Failure.BUDGET), details, names)
    return Judgement(Reason.NO_MAIL_ROUTE, ttl, names, details={**details, "hosts": "no_address"})


def _look(names: Sequence[str], record_type: RecordType, turn: int) -> _Lookup:
    """Ask one type of several names at once, following aliases within bounds."""
    if not names:
        return ()
    answers = yield tuple([Question(name, record_type, turn) for name in names])
    if Alias not in map(type, answers):
        return answers
    return (yield from _follow(list(answers), record_type, turn))


def _follow(answers: list[Answer], record_type: RecordType, turn: int) -> _Lookup:
    for _ in range(MOST_LINKS):
        aliases = [index for index, one in enumerate(answers) if isinstance(one, Alias)]
        if not aliases:
            return answers
        targets = [one.target for one in answers if isinstance(one, Alias)]
        replies = yield tuple([Question(target, record_type, turn) for target in targets])
        for index, reply in zip(aliases, replies, strict=True):
            answers[index] = reply
    return [Failed(Failure.BROKEN) if isinstance(one, Alias) else one for one in answers]


def _unknown(
    failed: Failed,
    details: Mapping[str, object],
    hosts: tuple[str, ...] = (),
) -> Judgement:
    reason = _REASON_OF.get(failed.failure, Reason.DNS_SERVFAIL)
    return Judgement(reason, 0, hosts, details={**details, "failure": failed.failure.value})


def _with(judgement: Judgement, **details: object) -> Judgement:
    merged = {**judgement.details, **details}
    return replace(judgement, details=merged)
