"""What a reply means: code class first, then enhanced code, provider, and text.

"Recipient address rejected" alone is no proof of absence: it introduces throttling, greylisting
and policy as well. A 4xx never condemns, and neither does a 5xx that is about us.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.mailbox.rules import Ruling, Scope, Stage
from checks.model import Reason, Verdict

if TYPE_CHECKING:
    from checks.mailbox.reply import Reply
    from checks.mailbox.rules import EnhancedRule, ProviderRule, ReplyRules, TextRule

_READ: Final = 2_048  # characters of text that rules look at
_ADDRESS: Final = re.compile(r"<[^<>\s]*>|[^\s<>@:;,()\[\]]+@[^\s<>@:;,()\[\]]+")
_LATIN1: Final = re.compile(r"\\x([a-f][0-9a-f])")  # as `readable` keeps them
_REPEATED_CODE: Final = re.compile(r"(?:^|\s)(?:[45]\d\d[ -])?#?[45]\.\d{1,3}\.\d{1,3}(?=\s|$)")

# 500 to 504 are about our syntax or order, 521 about the host, 530 to 538 about authentication
# and TLS (RFC 5321 4.2.2, RFC 7504, RFC 4954): none of them is about a recipient.
_NEVER_A_RECIPIENT: Final = frozenset({500, 502, 503, 504, 521, *range(530, 540)})
# 552 is about storage, or too many recipients (RFC 5321 4.2.3, 4.5.3.1.10).
_NEVER_ABSENCE: Final = _NEVER_A_RECIPIENT | {552}

_CLOSING: Final = 421  # "service not available, closing transmission channel" (RFC 5321 3.8)
_TRANSIENT: Final = 4  # first digit of "not now"; 5 is "no" (RFC 5321 4.2.1)
_REFUSING: Final = frozenset({_TRANSIENT, 5})
_PASSING: Final = frozenset({Reason.GREYLISTED, Reason.RATE_LIMITED})

_ACCEPTED: Final = {
    250: Ruling(Reason.MAILBOX_ACCEPTED, Scope.RECIPIENT, "accepted"),
    # RFC 5321 3.4: the server knows the user, and where the mailbox is now.
    251: Ruling(Reason.MAILBOX_ACCEPTED, Scope.RECIPIENT, "will_forward"),
    # RFC 5321 3.5.3: "cannot verify": the server has not looked.
    252: Ruling(Reason.ACCEPTANCE_UNPROVEN, Scope.RECIPIENT, "cannot_verify"),
}
_UNEXPECTED: Final = Ruling(Reason.PROTOCOL_ERROR, Scope.HOST, "unexpected_code")
_TEMPORARY: Final = Ruling(Reason.TEMPORARY_FAILURE, Scope.RECIPIENT, "temporary")
_AMBIGUOUS: Final = Ruling(Reason.AMBIGUOUS_REPLY, Scope.RECIPIENT, "ambiguous")
_NOT_ABOUT_RECIPIENTS: Final = Ruling(Reason.POLICY_REFUSAL, Scope.HOST, "not_about_recipients")
_HOST_BUSY: Final = Ruling(Reason.RATE_LIMITED, Scope.HOST, "host_busy")
_HOST_REFUSES: Final = Ruling(Reason.OUR_SIDE_BLOCKED, Scope.HOST, "host_refuses")


def judge_recipient(reply: Reply, provider: str, rules: ReplyRules) -> Ruling:
    """Return what a reply to RCPT means at a provider (its name in the provider table)."""
    if reply.code in _ACCEPTED:
        return _ACCEPTED[reply.code]
    if reply.code // 100 not in _REFUSING:
        return _UNEXPECTED
    text = folded(reply.text)
    special = _provider_rule(reply, text, provider, rules)
    if special is not None:
        return special.ruling
    if reply.code // 100 == _TRANSIENT:
        return _judge_deferral(reply, text, rules)
    return _judge_refusal(reply, text, rules)


def judge_host(reply: Reply, stage: Stage, rules: ReplyRules) -> Ruling:
    """Return what a refusal before any recipient means: it is about us or about the host.

    A 5xx banner is how an address's reputation speaks (RFC 5321 3.1: 554).
    """
    if reply.code // 100 not in _REFUSING:
        return _UNEXPECTED
    found = _text_rule(reply, folded(reply.text), rules)
    if found is not None and found.ruling.reason is Reason.OUR_SIDE_BLOCKED:
        return found.ruling
    if reply.code // 100 == _TRANSIENT:
        if found is not None and found.ruling.reason in _PASSING:
            return replace(found.ruling, scope=Scope.HOST)
        return _HOST_BUSY
    if stage is Stage.MAIL and reply.code in _NEVER_A_RECIPIENT:
        return _NOT_ABOUT_RECIPIENTS  # 530: must issue STARTTLS first
    return _HOST_REFUSES


def demands_tls(reply: Reply, rules: ReplyRules) -> bool:
    """Whether a reply to MAIL or RCPT says that STARTTLS must come first (RFC 3207, section 4)."""
    demand = rules.tls_demand
    if reply.code not in demand.codes:
        return False
    if reply.enhanced in demand.enhanced:
        return True
    return demand.pattern.search(folded(reply.text)) is not None


def folded(text: str) -> str:
    r"""Return text as rules see it: lower case, no accents, no addresses, no repeated codes.

    Bytes that were no UTF-8 and are kept escaped are letters of Latin-1, which old servers write.

    >>> folded("5.1.1 <u@d.example>: Usuário  NÃO existe 550 5.1.1 aqui")
    '@: usuario nao existe aqui'
    >>> folded(r"usu\xe1rio n\xe3o existe")
    'usuario nao existe'
    """
    whole = _LATIN1.sub(lambda byte: chr(int(byte[1], 16)), text[:_READ])
    cut = _REPEATED_CODE.sub(" ", _ADDRESS.sub("@", whole))
    plain = "".join(c for c in unicodedata.normalize("NFKD", cut) if not unicodedata.combining(c))
    return " ".join(plain.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def _judge_deferral(reply: Reply, text: str, rules: ReplyRules) -> Ruling:
    found = _text_rule(reply, text, rules)
    if found is not None:
        return found.ruling
    enhanced = _enhanced_rule(reply, rules)
    if enhanced is not None:
        return _narrowed(enhanced, found, text)
    return _HOST_BUSY if reply.code == _CLOSING else _TEMPORARY


def _judge_refusal(reply: Reply, text: str, rules: ReplyRules) -> Ruling:
    enhanced = _enhanced_rule(reply, rules)
    found = _text_rule(reply, text, rules)
    # 1. A firm code holds, unless the text speaks for the address: quota, rate, a block of ours.
    if enhanced is not None and enhanced.firm:
        ruling = _softer(found, _narrowed(enhanced, found, text))
        return ruling if _condemns(found) else _undoubted(ruling, reply, text, rules)
    # 2. Otherwise the text decides; some codes can never be about a recipient.
    if found is not None and (found.exculpates or reply.code not in _NEVER_A_RECIPIENT):
        return found.ruling
    if reply.code in _NEVER_A_RECIPIENT:
        return _NOT_ABOUT_RECIPIENTS
    # 3. A vague code without telling words.
    return _AMBIGUOUS if enhanced is None else _undoubted(enhanced.ruling, reply, text, rules)


def _undoubted(ruling: Ruling, reply: Reply, text: str, rules: ReplyRules) -> Ruling:
    """Return what a code means by itself; one that condemns does so without a word against it."""
    if ruling.verdict is not Verdict.UNDELIVERABLE:
        return ruling
    is_doubtful = reply.code in _NEVER_ABSENCE or rules.doubt.search(text) is not None
    return _AMBIGUOUS if is_doubtful else ruling


def _condemns(found: TextRule | None) -> bool:
    return found is not None and found.ruling.verdict is Verdict.UNDELIVERABLE


def _softer(found: TextRule | None, firm: Ruling) -> Ruling:
    if found is None or not found.exculpates or found.ruling.reason is firm.reason:
        return firm
    return found.ruling


def _narrowed(rule: EnhancedRule, found: TextRule | None, text: str) -> Ruling:
    """Return a code's meaning, for the recipient alone where the words are about a mailbox."""
    if rule.about_recipient is None:
        return rule.ruling
    if _condemns(found) or rule.about_recipient.search(text):
        return replace(rule.ruling, scope=Scope.RECIPIENT)
    return rule.ruling


def _enhanced_rule(reply: Reply, rules: ReplyRules) -> EnhancedRule | None:
    code = reply.enhanced
    if code is None:
        return None
    return rules.enhanced.get(code) or rules.enhanced.get(code.rpartition(".")[0])


def _text_rule(reply: Reply, text: str, rules: ReplyRules) -> TextRule | None:
    wanted = reply.code // 100
    fitting = (rule for rule in rules.texts if wanted in rule.classes)
    return next((rule for rule in fitting if rule.pattern.search(text)), None)


def _provider_rule(
    reply: Reply,
    text: str,
    provider: str,
    rules: ReplyRules,
) -> ProviderRule | None:
    return next((r for r in rules.providers if _speaks(r, reply, text, provider)), None)


def _speaks(rule: ProviderRule, reply: Reply, text: str, provider: str) -> bool:
    known = provider in rule.providers
    signed = rule.signature is not None and rule.signature.search(text) is not None
    return (
        (known or signed)
        and reply.code in rule.codes
        and (rule.enhanced is None or rule.enhanced.fullmatch(reply.enhanced or "") is not None)
        and (rule.pattern is None or rule.pattern.search(text) is not None)
    )
