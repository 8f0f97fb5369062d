"""Replies mean what the rule table says: code class, enhanced code, provider, words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mailbox.judge import folded, judge_host, judge_recipient
from checks.mailbox.reply import Reply, reply_of_diagnostic
from checks.mailbox.rules import Scope, Stage
from checks.model import Reason, Verdict
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules, parse_reply_rules

RULES = load_reply_rules()
NOT_FOUND, DISABLED, FULL = Reason.MAILBOX_NOT_FOUND, Reason.MAILBOX_DISABLED, Reason.MAILBOX_FULL
BLOCKED, POLICY = Reason.OUR_SIDE_BLOCKED, Reason.POLICY_REFUSAL
GREY, RATE, TEMP = Reason.GREYLISTED, Reason.RATE_LIMITED, Reason.TEMPORARY_FAILURE
RECIPIENT, SENDER, HOST = Scope.RECIPIENT, Scope.SENDER, Scope.HOST


def reply(text: str) -> Reply:
    quoted = reply_of_diagnostic(text)
    assert quoted is not None
    return quoted


# "Recipient address rejected" introduces many causes; the order of the rules tells them apart.
TRAPS = [
    (
        "uol",
        "450 4.7.1 <u@uol.com.br>: Recipient address rejected: MX-UOL-02 - Too many messages",
        RATE,
        HOST,
    ),
    ("other", "450 4.2.0 <u@d.example>: Recipient address rejected: Greylisted", GREY, RECIPIENT),
    ("other", "550 5.7.504 recipient address rejected: access denied", POLICY, HOST),
    ("other", "550 5.7.1 Service denied for client 192.0.2.9, see spamhaus.example", BLOCKED, HOST),
    ("microsoft_365", "550 5.7.606 Access denied, banned sending IP [192.0.2.9]", BLOCKED, HOST),
    (
        "microsoft_365",
        "550 5.4.1 [u@d.example]: Recipient address rejected: Access denied",
        NOT_FOUND,
        RECIPIENT,
    ),
    (
        "other",
        "550 5.4.1 <u@d.example>: Recipient address rejected: Access denied",
        POLICY,
        RECIPIENT,
    ),
    (
        "microsoft_consumer",
        "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062399)",
        NOT_FOUND,
        RECIPIENT,
    ),
    (
        "other",
        "550 5.5.0 Requested action not taken: mailbox unavailable",
        Reason.AMBIGUOUS_REPLY,
        RECIPIENT,
    ),
    ("gmail", "452 4.2.2 The inbox is out of storage space. OverQuotaTemp gsmtp", FULL, RECIPIENT),
    ("other", "452 4.5.3 Too many recipients", RATE, HOST),
    ("other", "452 4.3.1 Insufficient system storage", TEMP, HOST),
    ("gmail", "552 5.2.2 out of storage space and inactive. OverQuotaPerm gsmtp", FULL, RECIPIENT),
    ("cisco", "550 Too many invalid recipients", RATE, HOST),
    ("other", "550 5.7.1 policy", POLICY, HOST),
    # Whom a 5.7.1 or 4.7.1 is about: the recipient where the words name it, else us (RFC 3463 3.8).
    (
        "other",
        "554 5.7.1 <u@d.example>: Recipient address rejected: Account closed",
        POLICY,
        RECIPIENT,
    ),
    (
        "other",
        "554 5.7.1 <u@d.example>: Recipient address rejected: Access denied",
        POLICY,
        RECIPIENT,
    ),
    ("other", "554 5.7.1 <u@d.example>: Relay access denied", POLICY, RECIPIENT),
    ("other", "550 relay not permitted", POLICY, RECIPIENT),
    ("other", "550 5.7.1 Account suspended: <u@d.example>", POLICY, RECIPIENT),
    (
        "other",
        "554 5.7.1 <h.example[192.0.2.9]>: Client host rejected: Access denied",
        BLOCKED,
        HOST,
    ),
    ("other", "554 5.7.1 <h.example>: Helo command rejected: Access denied", BLOCKED, SENDER),
    (
        "other",
        "554 5.7.1 <u@d.example>: Recipient address rejected: blocked using zen.spamhaus.org",
        BLOCKED,
        HOST,
    ),
    ("other", "450 4.7.1 <u@d.example>: Recipient address rejected: moving house", RATE, RECIPIENT),
    ("other", "450 4.7.1 try later", RATE, HOST),
    # OpenSMTPD's own code for an address that leads nowhere; 5.2.4 of others is a list's trouble.
    ("other", "524 5.2.4 Mailing list expansion problem: <u@d.example>", NOT_FOUND, RECIPIENT),
    (
        "other",
        "550 5.2.4 Mailing list expansion problem",
        Reason.AMBIGUOUS_REPLY,
        RECIPIENT,
    ),
    ("other", "550 Administrative prohibition", POLICY, RECIPIENT),  # Exim's deny without a text
    ("other", "550 5.1.1 unknown, see spamhaus", BLOCKED, HOST),
    ("other", "550 5.1.8 Sender address rejected: Domain not found", BLOCKED, SENDER),
    ("other", "450 4.1.8 Sender address rejected: Domain not found", BLOCKED, SENDER),
    ("other", "550 5.7.26 Unauthenticated mail is not accepted", BLOCKED, SENDER),
    ("mimecast", "451 Internal resources are temporarily unavailable", GREY, RECIPIENT),
    (
        "other",
        "450 4.1.1 <u@d.example>: unverified address: Address verification in progress",
        TEMP,
        RECIPIENT,
    ),
    ("gmail", "450 4.2.1 The user is receiving mail too quickly. gsmtp", RATE, RECIPIENT),
    ("google_workspace", "550 5.2.1 receiving mail at a rate that ... gsmtp", RATE, RECIPIENT),
    ("google_workspace", "550 5.7.1 Our company takes no such mail - gcdp 1-2", POLICY, RECIPIENT),
    (
        "microsoft_365",
        "451 4.7.650 [192.0.2.9] temporarily rate limited due to IP reputation. (S775)",
        BLOCKED,
        HOST,
    ),
    ("yahoo", "421 4.7.0 [TSS04] Messages temporarily deferred, unexpected volume", RATE, HOST),
    ("other", "552 5.1.1 Boite pleine OFR_417", FULL, RECIPIENT),
    ("other", "551 User not local; please try <v@e.example>", Reason.AMBIGUOUS_REPLY, RECIPIENT),
    ("other", "530 5.7.0 Must issue a STARTTLS command first", POLICY, HOST),
    ("other", "503 5.5.1 bad sequence: unknown user state", POLICY, HOST),
    ("other", "421 closing", RATE, HOST),
    ("other", "451 try once more", TEMP, RECIPIENT),
    ("other", "550 5.4.6 Too many hops", RATE, HOST),
    ("other", "550 no comment", Reason.AMBIGUOUS_REPLY, RECIPIENT),
    ("other", "252 send some mail, will try my best", Reason.ACCEPTANCE_UNPROVEN, RECIPIENT),
    ("other", "251 will forward", Reason.MAILBOX_ACCEPTED, RECIPIENT),
    ("other", "354 go ahead", Reason.PROTOCOL_ERROR, HOST),
    ("other", "250 2.1.5 fine", Reason.MAILBOX_ACCEPTED, RECIPIENT),
]


@pytest.mark.parametrize(("provider", "text", "reason", "scope"), TRAPS)
def test_classification_traps(provider: str, text: str, reason: Reason, scope: Scope) -> None:
    ruling = judge_recipient(reply(text), provider, RULES)
    assert (ruling.reason, ruling.scope) == (reason, scope), ruling


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # English
        ("550 no such user here", NOT_FOUND),
        ("550 sorry, no mailbox here by that name", NOT_FOUND),
        ("550 5.1.1 <u@terra.com.br>: Recipient address rejected", NOT_FOUND),
        ("550 <u@d.example>: Recipient address rejected: User unknown in relay table", NOT_FOUND),
        ("554 this user doesn't have a mail.example account", NOT_FOUND),
        ("550 Unrouteable address", NOT_FOUND),
        ("550 5.2.1 <u@d.example>... user unknown", NOT_FOUND),
        ("550 5.1.6 recipient no longer on server", NOT_FOUND),
        ("550 cuda_nsu 5.1.1 <u@d.example> Recipient address rejected: unknown user", NOT_FOUND),
        ("550 5.2.1 this account is inactive", DISABLED),
        ("554 the mailbox has been suspended", DISABLED),
        ("552 mailbox is full", FULL),
        ("550 user is over quota", FULL),
        # Portuguese
        ("550 Usuário desconhecido", NOT_FOUND),
        ("550 5.0.0 O destinatário informado não existe", NOT_FOUND),
        ("554 não existe esta conta neste servidor", NOT_FOUND),
        ("550 endereço não encontrado", NOT_FOUND),
        ("550 conta desativada pelo titular", DISABLED),
        ("552 caixa postal cheia", FULL),
        ("550 a caixa de entrada do usuário está lotada", FULL),
        ("550 muitas conexões do seu provedor", RATE),
        ("550 bloqueado: o IP consta em lista negra", BLOCKED),
        ("550 remetente rejeitado", BLOCKED),
        ("550 mensagem recusada por política interna", POLICY),
        # Spanish
        ("550 no existe ese usuario", NOT_FOUND),
        ("550 no existe dicha persona", NOT_FOUND),
        ("550 el buzón no fue encontrado", NOT_FOUND),
        ("550 dirección desconocida", NOT_FOUND),
        ("550 la cuenta está suspendida", DISABLED),
        ("552 el buzón está lleno", FULL),
        ("550 cuota excedida", FULL),
        ("550 demasiados intentos", RATE),
        ("550 su IP está en una lista negra", BLOCKED),
        ("550 inténtelo: intente más tarde", TEMP),
        # An accent written in Latin-1, as it is kept
        ("550 usu\\xe1rio inexistente", NOT_FOUND),
        ("550 5.1.1 rejeitado por pol\\xedtica interna", POLICY),
        ("552 buz\\xf3n lleno", FULL),
    ],
)
def test_words_in_three_languages(text: str, reason: Reason) -> None:
    assert judge_recipient(reply(text), "other", RULES).reason is reason


@pytest.mark.parametrize(
    ("stage", "text", "reason", "scope"),
    [
        (Stage.BANNER, "554 5.7.1 client blocked using zen.example", BLOCKED, HOST),
        (Stage.BANNER, "554 no service", BLOCKED, HOST),
        (Stage.BANNER, "421 4.7.0 too many connections", RATE, HOST),
        (Stage.BANNER, "450 busy", RATE, HOST),
        (Stage.HELO, "550 go away", BLOCKED, HOST),
        (Stage.MAIL, "550 5.7.23 SPF check failed", BLOCKED, SENDER),
        (Stage.MAIL, "530 5.7.0 Must issue STARTTLS", POLICY, HOST),
        (Stage.MAIL, "451 4.7.1 greylisted", GREY, HOST),
        (Stage.MAIL, "550 5.1.1 no such user", BLOCKED, HOST),  # no recipient was named yet
        (Stage.MAIL, "354 go ahead", Reason.PROTOCOL_ERROR, HOST),
    ],
)
def test_a_refusal_before_recipients_is_about_us(
    stage: Stage,
    text: str,
    reason: Reason,
    scope: Scope,
) -> None:
    ruling = judge_host(reply(text), stage, RULES)
    assert (ruling.reason, ruling.scope) == (reason, scope)


WORDS = st.lists(
    st.sampled_from(
        [
            "5.1.1",
            "5.7.1",
            "4.2.0",
            "user",
            "unknown",
            "recipient",
            "address",
            "rejected",
            "mailbox",
            "full",
            "ip",
            "blocked",
            "spf",
            "no",
            "such",
            "usuario",
            "inexistente",
            "conta",
            "greylisted",
            "quota",
            "policy",
        ],
    ),
    max_size=12,
).map(" ".join)


@given(
    code=st.integers(400, 499), words=WORDS, provider=st.sampled_from([*load_providers().by_name])
)
def test_a_4xx_never_condemns(code: int, words: str, provider: str) -> None:
    ruling = judge_recipient(Reply(code, (words,)), provider, RULES)
    assert ruling.verdict is not Verdict.UNDELIVERABLE


@given(
    words=WORDS, detail=st.integers(0, 999), provider=st.sampled_from([*load_providers().by_name])
)
def test_a_5_7_never_condemns(words: str, detail: int, provider: str) -> None:
    ruling = judge_recipient(Reply(550, (f"5.7.{detail} {words}",)), provider, RULES)
    assert ruling.verdict is not Verdict.UNDELIVERABLE


@given(st.text(max_size=300))
def test_folding_leaves_no_address_and_no_capital(text: str) -> None:
    plain = folded(f"{text} <u@d.example> {text}")
    assert "u@d.example" not in plain
    assert plain == plain.lower()


def test_no_text_is_slow() -> None:
    began = time.perf_counter()
    for word in ("user ", "mailbox is ", "ip ", "a", "over quota exceeded storage ", "@ "):
        judge_recipient(Reply(550, (word * 4_000,)), "other", RULES)
    assert time.perf_counter() - began < 1


def test_a_rule_with_an_unknown_reason_is_refused() -> None:
    text = (
        "provider = []\ntext = []\n[[enhanced]]\n"
        'codes = ["5.1.1"]\nreason = "gone"\nscope = "recipient"\nfirm = true\n'
    )
    with pytest.raises(ValueError, match="gone"):
        parse_reply_rules(text)
