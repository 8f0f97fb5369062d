"""The words of the field as frozen values: verdicts, reasons, decisions, findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime


class Verdict(StrEnum):
    """What the evidence says of an address; neither law nor ownership changes it."""

    DELIVERABLE = "deliverable"
    RISKY = "risky"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a verdict was given: stable machine words, sentences belong to reports."""

    MAILBOX_ACCEPTED = "mailbox_accepted"
    DELIVERED_BEFORE = "delivered_before"
    CONFIRMED_BY_OWNER = "confirmed_by_owner"

    ACCEPTS_ALL = "accepts_all"
    MAILBOX_FULL = "mailbox_full"
    DISPOSABLE = "disposable"
    SUSPECTED_TYPO = "suspected_typo"
    BOUNCED_SOFTLY_BEFORE = "bounced_softly_before"

    NO_AT = "no_at"
    TWO_ATS = "two_ats"
    BAD_LOCAL_PART = "bad_local_part"
    BAD_DOMAIN = "bad_domain"
    TOO_LONG = "too_long"
    CONTROL_CHARACTER = "control_character"
    MIXED_SCRIPT = "mixed_script"
    PLACEHOLDER = "placeholder"
    SPECIAL_USE_DOMAIN = "special_use_domain"
    NO_SUCH_DOMAIN = "no_such_domain"
    NULL_MX = "null_mx"
    NO_MAIL_ROUTE = "no_mail_route"
    MAILBOX_NOT_FOUND = "mailbox_not_found"
    MAILBOX_DISABLED = "mailbox_disabled"
    BOUNCED_BEFORE = "bounced_before"

    NOT_ASKED_SMTP_OFF = "not_asked_smtp_off"
    NOT_ASKED_POLICY = "not_asked_policy"
    NOT_ASKED_BUDGET = "not_asked_budget"
    RESOLVER_UNTRUSTED = "resolver_untrusted"
    DNS_TIMEOUT = "dns_timeout"
    DNS_SERVFAIL = "dns_servfail"
    NO_CONNECTION = "no_connection"
    GREYLISTED = "greylisted"
    RATE_LIMITED = "rate_limited"
    TEMPORARY_FAILURE = "temporary_failure"
    OUR_SIDE_BLOCKED = "our_side_blocked"
    POLICY_REFUSAL = "policy_refusal"
    PROTOCOL_ERROR = "protocol_error"
    ACCEPTANCE_UNPROVEN = "acceptance_unproven"
    ACCEPTS_THEN_REJECTS = "accepts_then_rejects"
    AMBIGUOUS_REPLY = "ambiguous_reply"


_FIRST_OF_VERDICT: Final = {
    Reason.MAILBOX_ACCEPTED: Verdict.DELIVERABLE,
    Reason.ACCEPTS_ALL: Verdict.RISKY,
    Reason.NO_AT: Verdict.UNDELIVERABLE,
    Reason.NOT_ASKED_SMTP_OFF: Verdict.UNKNOWN,
}


def _verdicts_by_reason() -> dict[Reason, Verdict]:
    verdict = Verdict.UNKNOWN
    table: dict[Reason, Verdict] = {}
    for reason in Reason:  # the enum is written verdict by verdict
        verdict = _FIRST_OF_VERDICT.get(reason, verdict)
        table[reason] = verdict
    return table


VERDICT_OF: Final[dict[Reason, Verdict]] = _verdicts_by_reason()
"""The one verdict that each reason belongs to.

>>> VERDICT_OF[Reason.MAILBOX_FULL], VERDICT_OF[Reason.GREYLISTED]
(<Verdict.RISKY: 'risky'>, <Verdict.UNKNOWN: 'unknown'>)
"""

SYNTAX_REASONS: Final = frozenset(
    {
        Reason.NO_AT,
        Reason.TWO_ATS,
        Reason.BAD_LOCAL_PART,
        Reason.BAD_DOMAIN,
        Reason.TOO_LONG,
        Reason.CONTROL_CHARACTER,
        Reason.MIXED_SCRIPT,
        Reason.PLACEHOLDER,
        Reason.SPECIAL_USE_DOMAIN,
    },
)
"""Reasons that need no server to be certain."""


class ScoreBasis(StrEnum):
    """What a score rests on: a server's answer, past deliveries, or the prior alone."""

    ASKED = "asked"
    HISTORY = "history"
    PRIOR = "prior"


class Decision(StrEnum):
    """What to do with a contact or a debtor."""

    SEND = "send"
    SEND_NEUTRAL = "send_neutral"
    REVIEW = "review"
    HOLD = "hold"
    SUPPRESS = "suppress"
    OTHER_CHANNEL = "other_channel"


class DecisionReason(StrEnum):
    """Why a decision was taken; the word's first part tells the decision's family."""

    CONFIDENT = "confident"
    NEUTRAL_OWNERSHIP = "neutral_ownership"
    NEUTRAL_UNCONFIRMED = "neutral_unconfirmed"
    NEUTRAL_HOUSEHOLD = "neutral_household"
    REVIEW_THIRD_PARTY = "review_third_party"
    REVIEW_REPAIR = "review_repair"
    REVIEW_FRAUD = "review_fraud"
    HOLD_RETRY = "hold_retry"
    HOLD_CANARY = "hold_canary"
    HOLD_GATE = "hold_gate"
    HOLD_SETTING = "hold_setting"
    SUPPRESS_BOUNCED = "suppress_bounced"
    SUPPRESS_COMPLAINT = "suppress_complaint"
    SUPPRESS_OPT_OUT = "suppress_opt_out"
    SUPPRESS_WRONG_PERSON = "suppress_wrong_person"
    SUPPRESS_SETTLED = "suppress_settled"
    SUPPRESS_DISPUTED = "suppress_disputed"
    SUPPRESS_DECEASED = "suppress_deceased"
    SUPPRESS_ERASED = "suppress_erased"
    BLOCKED_ROLE_MAILBOX = "blocked_role_mailbox"
    BLOCKED_EMPLOYER = "blocked_employer"
    BLOCKED_SHARED = "blocked_shared"
    BLOCKED_DISPOSABLE = "blocked_disposable"
    NO_ADDRESS = "no_address"
    NO_USABLE_ADDRESS = "no_usable_address"
    OVERRIDDEN = "overridden"


class DebtorKind(StrEnum):
    """A person (pessoa física), a company (pessoa jurídica), or not known."""

    PERSON = "pf"
    COMPANY = "pj"
    UNKNOWN = ""


class GateState(StrEnum):
    """What the gate did with a list."""

    OPEN = "open"
    TRIMMED = "trimmed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check concludes of one address from evidence.

    `evidence` is a JSON object as text, addresses scrubbed.
    """

    address: str
    check: str
    verdict: Verdict
    reason: Reason
    evidence: str
    checked_at: datetime
