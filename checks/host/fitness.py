"""What is known of this host, judged: each check ok, a warning or a failure with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from checks.domain import Control, Trust
from checks.host.spf import Answer, SpfResult

_WELCOME: Final = 220
_TEXT_SHOWN: Final = 120


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # some servers will mind
    FAIL = "fail"  # answers would be about us, not about mailboxes


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a preflight; `remedy` is empty where all is well."""

    name: str
    level: Level
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Greeting:
    """How a mail server greeted us: its address, ours, the code (0: none) and text.

    `own` is empty where a proxy calls for us: its address is not told.
    """

    server: str
    own: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Names:
    """What DNS says of us; None is no answer, an empty tuple is nothing there.

    `own`: addresses we call from. `helo`: those of the HELO name. `reverse`: names of each of
    our addresses. `spf`: result for each. `listed`: blocklists that have each, `silent`: those that
    gave no answer that counts. `sender`: mail hosts or addresses of MAIL FROM's domain.
    """

    own: tuple[str, ...]
    helo: Answer
    reverse: Mapping[str, Answer]
    spf: Mapping[str, SpfResult]
    listed: Mapping[str, tuple[str, ...]]
    silent: tuple[str, ...] = ()
    sender: Answer = None
    translated: bool = False  # our own address is a private one: the public one is a guess


def is_fit(checks: Iterable[Check]) -> bool:
    """Whether nothing failed.

    >>> is_fit([Check("ptr", Level.WARN, "no name")]), is_fit([Check("ptr", Level.FAIL, "no")])
    (True, False)
    """
    return all(check.level is not Level.FAIL for check in checks)


def resolver_checks(controls: Sequence[Control]) -> list[Check]:
    """Judge the nameservers: one that can be believed is enough, another that lies is not fine."""
    believed = any(control.trust is Trust.TRUSTED for control in controls)
    checks = []
    for control in controls:
        sentence, _, remedy = control.sentence.partition("; ")
        level = Level.WARN if believed else Level.FAIL
        if control.trust is Trust.TRUSTED:
            level = Level.OK
        checks.append(Check("resolver", level, sentence, remedy))
    return checks


def proxy_check(fault: str) -> Check:
    """Tell that our own proxy is at fault.

    >>> proxy_check("the proxy does not answer").level.value
    'fail'
    """
    remedy = "see that [smtp] proxy and proxy_login are right and that it may connect to port 25"
    return Check("proxy", Level.FAIL, fault, remedy)


def port_check(greeting: Greeting | None, port: int) -> Check:
    """Judge how a server greeted us; None: none of those tried let us connect.

    >>> port_check(None, 25).level.value
    'fail'
    >>> port_check(Greeting("192.0.2.1", "192.0.2.9", 554, "5.7.1 blocked"), 25).level.value
    'warn'
    """
    if greeting is None:
        return Check(
            "port",
            Level.FAIL,
            f"no mail server of a control domain can be reached on port {port}: a run would go by"
            " DNS and history alone",
            f"ask the hoster to open outgoing port {port}, set [smtp] proxy, or have another host"
            " ask (entrega run --away)",
        )
    if greeting.code != _WELCOME:
        told = f"{greeting.code} {greeting.text}"[:_TEXT_SHOWN].strip("0 ")
        return Check(
            "port",
            Level.WARN,
            f"port {port} is open, but {greeting.server} greets with: {told}",
            "see what the text says of this host's address",
        )
    return Check("port", Level.OK, f"port {port} is open: {greeting.server} greets")


def examine_host(names: Names, helo: str, mail_from: str) -> list[Check]:
    """Judge what DNS says of us: HELO, PTR, SPF, blocklists."""
    checks = []
    if names.translated:
        sentence = "this host calls from a private address: the public one is taken from HELO"
        checks.append(
            Check("address", Level.WARN, sentence, "set [smtp] source_addresses where it is known")
        )
    checks.append(_helo_check(names, helo))
    checks += [_ptr_check(ip, names.reverse[ip], helo) for ip in names.own]
    domain = mail_from.rpartition("@")[2]
    checks += [_spf_check(ip, names.spf[ip], domain) for ip in names.own]
    if names.sender == ():
        sentence = f"{domain} has no mail server: many servers refuse senders of such a domain"
        checks.append(Check("sender", Level.FAIL, sentence, "give it an MX that takes your mail"))
    checks += _list_checks(names)
    return checks


def _helo_check(names: Names, helo: str) -> Check:
    if names.helo is None:
        return Check("helo", Level.WARN, f"DNS gives no answer for {helo}", "try again later")
    missing = [ip for ip in names.own if ip not in names.helo]
    if not names.helo or not names.own or missing:
        whom = ", ".join(missing) or "this host"
        remedy = f"write an A record for {whom}, or set [smtp] helo to a name that has one"
        return Check("helo", Level.FAIL, f"{helo} does not lead to {whom}", remedy)
    return Check("helo", Level.OK, f"{helo} leads to {', '.join(names.own)}")


def _ptr_check(ip: str, found: Answer, helo: str) -> Check:
    if found is None:
        return Check("ptr", Level.WARN, f"DNS gives no answer for the PTR of {ip}", "try again")
    if not found:
        remedy = f"have the owner of {ip} set its PTR to {helo}"
        return Check("ptr", Level.FAIL, f"{ip} has no PTR: many servers refuse it", remedy)
    if helo.lower() not in found:
        sentence = f"the PTR of {ip} is {found[0]}, not {helo}"
        return Check("ptr", Level.WARN, sentence, f"set it to {helo}, or [smtp] helo to it")
    return Check("ptr", Level.OK, f"the PTR of {ip} is {helo}")


_SPF: Final = {
    SpfResult.PASS: (Level.OK, "lets {ip} send"),
    SpfResult.FAIL: (Level.FAIL, "forbids {ip} to send"),
    SpfResult.SOFTFAIL: (Level.FAIL, "does not let {ip} send (softfail)"),
    SpfResult.NEUTRAL: (Level.WARN, "says nothing of {ip}"),
    SpfResult.NONE: (Level.WARN, "does not exist"),
    SpfResult.TEMPERROR: (Level.WARN, "cannot be looked up now"),
    SpfResult.PERMERROR: (Level.FAIL, "is broken: a receiver stops reading it"),
    SpfResult.UNSURE: (Level.WARN, "hangs on a macro or a reverse look-up for {ip}"),
}


def _spf_check(ip: str, result: SpfResult, domain: str) -> Check:
    level, told = _SPF[result]
    kind = "ip6" if ":" in ip else "ip4"
    remedy = f"put {kind}:{ip} into the SPF record of {domain}" if level is not Level.OK else ""
    return Check("spf", level, f"the SPF record of {domain} {told.format(ip=ip)}", remedy)


def _list_checks(names: Names) -> list[Check]:
    checks = [_list_check(ip, lists) for ip, lists in sorted(names.listed.items())]
    if names.silent:
        sentence = f"{', '.join(names.silent)} gives no answer that counts"
        remedy = "ask through a resolver of your own: public ones are refused by most lists"
        checks.append(Check("blocklist", Level.WARN, sentence, remedy))
    return checks


def _list_check(ip: str, lists: Sequence[str]) -> Check:
    if lists:
        sentence = f"{ip} is on {', '.join(lists)}"
        return Check("blocklist", Level.FAIL, sentence, "see there why, mend it, ask to be removed")
    return Check("blocklist", Level.OK, f"{ip} is on none of the blocklists asked")
