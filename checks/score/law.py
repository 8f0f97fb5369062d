"""The law as a table: which decision a contact gets, by which rule, in which order.

Rule ids are those of docs/reference/rules.md: L01 two scores, L02 role mailboxes of persons, L03
employers, L04 paying departments and accountants, L05 shared mailboxes, L06 mailboxes nobody
confirmed, L07 inferred addresses, L08 throw-away and technical mailboxes, L09 repairs, L10
recycled names (a step of ownership), L11 one recipient a message (one choice per debtor), L12
closed debts, L13 the creditor's name, L15 opt-outs, L16 legal basis, L24 fraud. After all of them
comes L22, a person's own decision (`checks.score.overriding`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from checks.model import DebtorKind, Decision, DecisionReason, Reason, Verdict
from checks.score.rules import DecisionPolicy, DecisionRule
from checks.score.suppressions import WISHES

INFERRED: Final = "pattern"  # origin of addresses guessed from a company's habit
REPAIRED: Final = "repair"  # origin of addresses proposed for misspelt ones
ACCOUNTANT_ROOTS: Final = 3

TEMPORARY: Final = (
    Reason.RESOLVER_UNTRUSTED,
    Reason.DNS_TIMEOUT,
    Reason.DNS_SERVFAIL,
    Reason.NO_CONNECTION,
    Reason.GREYLISTED,
    Reason.RATE_LIMITED,
    Reason.TEMPORARY_FAILURE,
    Reason.OUR_SIDE_BLOCKED,
    Reason.NOT_ASKED_BUDGET,
    Reason.MAILBOX_FULL,
    Reason.BOUNCED_SOFTLY_BEFORE,
)
"""Reasons that a later run may answer: such a contact waits instead of being given up."""

UNPROVEN: Final = (
    Reason.ACCEPTS_ALL,
    Reason.ACCEPTANCE_UNPROVEN,
    Reason.ACCEPTS_THEN_REJECTS,
)
"""Servers that say yes without meaning it, whoever runs them (rule L06)."""


def decision_rules(policy: DecisionPolicy) -> tuple[DecisionRule, ...]:
    """Return the whole table; the first rule that holds decides, the last one always holds."""
    return (
        *_never_rules(),
        *_unusable_rules(),
        *_setting_rules(policy),
        *_third_party_rules(),
        *_deliverability_rules(policy),
        *_neutral_rules(policy),
        DecisionRule(
            "L01",
            "Deliverable and the debtor's own: the notice may go there.",
            pl.lit(value=True),
            Decision.SEND,
            DecisionReason.CONFIDENT,
        ),
    )


def _company() -> pl.Expr:
    return pl.col("kind") == DebtorKind.COMPANY


def _person() -> pl.Expr:
    """Tell persons; a debtor of unknown kind is treated as one, a bare list row is nobody."""
    return ~_company() & pl.col("is_identified")


def _corporate() -> pl.Expr:
    """Tell domains that are neither a consumer provider's nor the debtor's own."""
    return ~pl.col("is_consumer") & ~pl.col("is_own_domain")


def _vouched() -> pl.Expr:
    """Tell contacts that the debtor gave for billing or answered from."""
    return pl.col("confirmed_at").is_not_null() | (pl.col("source") == "debtor")


def _words(reasons: Sequence[Reason]) -> list[str]:
    return [reason.value for reason in reasons]


def _never_rules() -> tuple[DecisionRule, ...]:
    return (
        DecisionRule(
            "L15",
            "The debtor asked for silence, and gets it at every address.",
            pl.col("suppressed_debtor").is_in(sorted(WISHES)),
            Decision.SUPPRESS,
            pl.col("suppressed_debtor"),
        ),
        DecisionRule(
            "L12",
            "The debt is settled or disputed, or the debtor has died.",
            pl.col("suppressed_debtor").is_not_null(),
            Decision.SUPPRESS,
            pl.col("suppressed_debtor"),
        ),
        DecisionRule(
            "L15",
            "Mail to this address reached a wrong person, bounced or is not wanted.",
            pl.col("suppressed_address").is_not_null(),
            Decision.SUPPRESS,
            pl.col("suppressed_address"),
        ),
        DecisionRule(
            "L01",
            "A message to this address bounced for good.",
            pl.col("reason") == Reason.BOUNCED_BEFORE,
            Decision.SUPPRESS,
            DecisionReason.SUPPRESS_BOUNCED,
        ),
    )


def _unusable_rules() -> tuple[DecisionRule, ...]:
    doubted = pl.col("reason") == Reason.SUSPECTED_TYPO
    undeliverable = pl.col("verdict") == Verdict.UNDELIVERABLE
    return (
        DecisionRule(
            "L09",
            "It looks misspelt and there is a likely repair: a person confirms it first.",
            (undeliverable | doubted) & pl.col("suggestion").is_not_null(),
            Decision.REVIEW,
            DecisionReason.REVIEW_REPAIR,
        ),
        DecisionRule(
            "L01",
            "No message can arrive there.",
            undeliverable,
            Decision.OTHER_CHANNEL,
            DecisionReason.NO_USABLE_ADDRESS,
        ),
        DecisionRule(
            "L09",
            "A repaired address that no server and no owner confirmed: a person looks first.",
            (pl.col("origin") == REPAIRED) & (pl.col("verdict") != Verdict.DELIVERABLE),
            Decision.REVIEW,
            DecisionReason.REVIEW_REPAIR,
        ),
        DecisionRule(
            "L08",
            "Throw-away addresses are read by nobody tomorrow.",
            pl.col("is_disposable"),
            Decision.SUPPRESS,
            DecisionReason.BLOCKED_DISPOSABLE,
        ),
        DecisionRule(
            "L08",
            "Technical mailboxes (abuse, postmaster, noreply) are nobody's.",
            pl.col("is_never"),
            Decision.SUPPRESS,
            DecisionReason.BLOCKED_ROLE_MAILBOX,
        ),
    )


def _setting_rules(policy: DecisionPolicy) -> tuple[DecisionRule, ...]:
    return (
        DecisionRule(
            "L16",
            "A debt is told only where the address has a legal basis.",
            pl.col("owes") & pl.col("legal_basis").is_null(),
            Decision.HOLD,
            DecisionReason.HOLD_SETTING,
        ),
        DecisionRule(
            "L13",
            "A collection document names its creditor, with address and tax id.",
            pl.col("owes") & pl.col("creditor_id").is_in(sorted(policy.unnamed_creditors)),
            Decision.HOLD,
            DecisionReason.HOLD_SETTING,
        ),
    )


def _third_party_rules() -> tuple[DecisionRule, ...]:
    return (
        DecisionRule(
            "L24",
            "Its domain imitates another one of the same debtor: somebody may divert payments.",
            pl.col("is_lookalike"),
            Decision.REVIEW,
            DecisionReason.REVIEW_FRAUD,
        ),
        *_person_rules(),
        DecisionRule(
            "L05",
            "The same address stands in an earlier row of a bare list: one message is enough.",
            ~pl.col("is_identified") & pl.col("is_repeated"),
            Decision.SUPPRESS,
            DecisionReason.BLOCKED_SHARED,
        ),
        *_company_rules(),
    )


def _person_rules() -> tuple[DecisionRule, ...]:
    person = _person()
    strangers = (pl.col("people") > 1) & ~pl.col("is_household")
    return (
        DecisionRule(
            "L02",
            "A person's debt never goes to a mailbox that several people read.",
            person & pl.col("is_role"),
            Decision.SUPPRESS,
            DecisionReason.BLOCKED_ROLE_MAILBOX,
        ),
        DecisionRule(
            "L03",
            "A person's debt never goes to an employer's mail, unless the debtor gave it.",
            person & _corporate() & ~_vouched(),
            Decision.SUPPRESS,
            DecisionReason.BLOCKED_EMPLOYER,
        ),
        DecisionRule(
            "L05",
            "Two persons without a surname in common have this address: one of them is a stranger.",
            person & strangers & pl.col("confirmed_at").is_null(),
            Decision.SUPPRESS,
            DecisionReason.BLOCKED_SHARED,
        ),
    )


def _company_rules() -> tuple[DecisionRule, ...]:
    company = _company()
    foreign_role = pl.col("is_role") & _corporate() & (pl.col("companies") > 1)
    return (
        DecisionRule(
            "L05",
            "Three or more companies have this address: an accountant's or an agency's.",
            company & (pl.col("companies") >= ACCOUNTANT_ROOTS),
            Decision.REVIEW,
            DecisionReason.REVIEW_THIRD_PARTY,
        ),
        DecisionRule(
            "L04",
            "A company's debt goes to its own paying department, not to its accountant.",
            company & ~_vouched() & (pl.col("is_accountant") | foreign_role),
            Decision.REVIEW,
            DecisionReason.REVIEW_THIRD_PARTY,
        ),
    )


def _deliverability_rules(policy: DecisionPolicy) -> tuple[DecisionRule, ...]:
    unlikely = pl.col("score") < policy.deliver
    return (
        DecisionRule(
            "L01",
            "Not sure enough yet, and a later run may know more.",
            unlikely & pl.col("reason").is_in(_words(TEMPORARY)),
            Decision.HOLD,
            DecisionReason.HOLD_RETRY,
        ),
        DecisionRule(
            "L01",
            "Too likely to bounce.",
            unlikely,
            Decision.OTHER_CHANNEL,
            DecisionReason.NO_USABLE_ADDRESS,
        ),
    )


def _neutral_rules(policy: DecisionPolicy) -> tuple[DecisionRule, ...]:
    person = _person()
    unconfirmed = pl.col("confirmed_at").is_null()
    unknown = pl.col("verdict") == Verdict.UNKNOWN
    unproven = pl.col("reason").is_in(_words(UNPROVEN)) | (unknown & ~pl.col("is_consumer"))
    return (
        DecisionRule(
            "L05",
            "A household shares it: a notice without any debt content.",
            person & (pl.col("people") > 1) & unconfirmed,
            Decision.SEND_NEUTRAL,
            DecisionReason.NEUTRAL_HOUSEHOLD,
        ),
        DecisionRule(
            "L06",
            "Nobody confirmed that the mailbox exists, and another may read it.",
            person & unconfirmed & unproven,
            Decision.SEND_NEUTRAL,
            DecisionReason.NEUTRAL_UNCONFIRMED,
        ),
        DecisionRule(
            "L07",
            "Inferred addresses get no debt content before their owner was heard of.",
            unconfirmed & (pl.col("origin") == INFERRED),
            Decision.SEND_NEUTRAL,
            DecisionReason.NEUTRAL_UNCONFIRMED,
        ),
        *_ownership_rules(policy),
    )


def _ownership_rules(policy: DecisionPolicy) -> tuple[DecisionRule, ...]:
    limit = (
        pl.when(_company())
        .then(pl.lit(policy.owner_company))
        .otherwise(pl.lit(policy.owner_person))
    )
    return (
        DecisionRule(
            "L01",
            "Probably somebody else's mailbox: a person looks.",
            pl.col("ownership") < policy.owner_neutral,
            Decision.REVIEW,
            DecisionReason.REVIEW_THIRD_PARTY,
        ),
        DecisionRule(
            "L01",
            "Perhaps not the debtor's mailbox: a notice without any debt content.",
            pl.col("ownership") < limit,
            Decision.SEND_NEUTRAL,
            DecisionReason.NEUTRAL_OWNERSHIP,
        ),
    )
