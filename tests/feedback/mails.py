"""Messages as hosts send them back, made for tests."""

from __future__ import annotations

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210"
DATE = "Fri, 20 Nov 2026 09:00:00 -0300"


def bounce(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ana@a.test>: user unknown",
    recipient: str = "ana@a.test",
    key: str | None = KEY,
    date: str = DATE,
    to: str = "bounces@send.example",
    message_fields: str = "",
) -> bytes:
    """Return a delivery status notification (RFC 3464) with the headers of what it returns."""
    key_field = f"X-Entrega-Key: {key}\r\n" if key else ""
    return (
        "Return-Path: <>\r\n"
        f"Date: {date}\r\n"
        "From: MAILER-DAEMON@mx.a.test\r\n"
        f"To: {to}\r\n"
        "Content-Type: multipart/report; report-type=delivery-status;\r\n"
        '\tboundary="b=_1"\r\n'
        "\r\n"
        "--b=_1\r\n\r\nSorry.\r\n"
        "--b=_1\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.a.test\r\n{message_fields}Arrival-Date: {date}\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\n"
        f"Action: {action}\r\n"
        f"Status: {status}\r\n"
        f"Diagnostic-Code: {diagnostic}\r\n"
        "--b=_1\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"From: x@send.example\r\n{key_field}Subject: aviso\r\n"
        "--b=_1--\r\n"
    ).encode()


def complaint(
    *, kind: str = "abuse", key: str | None = KEY, recipient: str = "ana@a.test", date: str = DATE
) -> bytes:
    """Return a feedback report (RFC 5965) with the message it is about."""
    key_field = f"X-Entrega-Key: {key}\n" if key else ""
    return (
        "From: fbl@provider.example\nTo: abuse@send.example\n"
        f"Date: {date}\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=arf\n\n"
        "--arf\nContent-Type: text/plain\n\nA complaint.\n"
        "--arf\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: Provider/1\nVersion: 1\n"
        f"Original-Rcpt-To: {recipient}\nArrival-Date: {date}\n\n"
        "--arf\nContent-Type: message/rfc822\n\n"
        f"From: x@send.example\n{key_field}Subject: aviso\n\nbody\n--arf--\n"
    ).encode()


def answer(
    *,
    fields: str = "",
    sender: str = "Ana <ana@a.test>",
    key: str = KEY,
    subject: str = "Re: aviso",
) -> bytes:
    """Return a message that answers one of ours."""
    return (
        f"From: {sender}\nTo: contato@send.example\nDate: {DATE}\nSubject: {subject}\n"
        f"In-Reply-To: <{key}@send.example>\n{fields}\nObrigada.\n"
    ).encode()
