"""Providers' JSON in its real shapes: what each object means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from checks.errors import InputRefusedError
from data.feedback.opening import open_events
from tests.feedback.bodies import (
    MAIL,
    PERSON,
    brevo,
    mailgun,
    postmark,
    postmark_bounce,
    sendgrid,
    ses,
    ses_bounce,
    signed,
    sns,
)
from tests.feedback.conftest import Reader
from tests.feedback.mails import KEY

OBJECTS: Final = [
    # SES: type and subtype of bounces, the rest by event type
    (ses_bounce("Permanent", "General", "smtp; 550 5.1.1 no"), ("bounced", "hard", "550", "5.1.1")),
    (ses_bounce("Permanent", "NoEmail"), ("bounced", "hard", None, "5.1.1")),
    (ses_bounce("Transient", "MailboxFull"), ("bounced", "soft", None, "5.1.1")),
    (ses_bounce("Undetermined", "Undetermined"), ("bounced", "none", None, "5.1.1")),
    (ses_bounce("Permanent", "OnAccountSuppressionList"), ("suppressed", "hard", None, "5.1.1")),
    (ses_bounce("Transient", "ContentRejected"), ("blocked", "soft", None, "5.1.1")),
    (ses("Delivery", "delivery", recipients=["ana@a.test"]), ("delivered", None, None, None)),
    (ses("Send"), ("sent", None, None, None)),
    (ses("Reject", "reject", reason="Bad content"), ("blocked", None, None, None)),
    (ses("DeliveryDelay", "deliveryDelay"), ("deferred", None, None, None)),
    (ses("Open", "open", userAgent="x"), ("opened", None, None, None)),
    (ses("Click", "click", link="https://x.test/1"), ("clicked", None, None, None)),
    (
        ses("Complaint", "complaint", complainedRecipients=[PERSON]),
        ("complained", None, None, "5.1.1"),
    ),
    (ses("Complaint", "complaint", complaintFeedbackType="not-spam"), (None, None, None, None)),
    (
        ses("Subscription", "subscription", newTopicPreferences={"unsubscribeAll": True}),
        ("unsubscribed", None, None, None),
    ),
    # SendGrid: a bounce of type "blocked" is for now; what was dropped says which wish it kept
    (
        sendgrid("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 no such user"),
        ("bounced", "hard", "550", "5.1.1"),
    ),
    (
        sendgrid("bounce", type="blocked", status="5.7.1", reason="554 5.7.1 blocked"),
        ("bounced", "soft", "554", "5.7.1"),
    ),
    (sendgrid("dropped", reason="Unsubscribed Address"), ("unsubscribed", None, None, None)),
    (sendgrid("dropped", reason="Spam Reporting Address"), ("complained", None, None, None)),
    (sendgrid("dropped", reason="Bounced Address"), ("suppressed", None, None, None)),
    (sendgrid("dropped", reason="Spam Content"), ("blocked", None, None, None)),
    (sendgrid("deferred", response="451 4.7.1 greylisted"), ("deferred", None, "451", "4.7.1")),
    (sendgrid("processed"), ("sent", None, None, None)),
    (sendgrid("delivered", response="250 OK"), ("delivered", None, "250", None)),
    (sendgrid("open", sg_machine_open=False), ("opened", None, None, None)),
    (sendgrid("open", sg_machine_open=True), ("machine_opened", None, None, None)),
    (sendgrid("click", url="https://x.test/1"), ("clicked", None, None, None)),
    (sendgrid("spamreport"), ("complained", None, None, None)),
    (sendgrid("group_unsubscribe", asm_group_id=1), ("unsubscribed", None, None, None)),
    (sendgrid("group_resubscribe", asm_group_id=1), (None, None, None, None)),
    # Mailgun: the severity tells; codes beyond SMTP (605, 498) are Mailgun's own
    (
        mailgun(
            "failed",
            severity="permanent",
            reason="bounce",
            **{"delivery-status": {"code": 550, "message": "5.1.1 no such user"}},
        ),
        ("bounced", "hard", "550", "5.1.1"),
    ),
    (
        mailgun(
            "failed", severity="permanent", **{"delivery-status": {"code": 498, "message": "No MX"}}
        ),
        ("bounced", "soft", None, None),
    ),
    (
        mailgun("failed", severity="permanent", reason="suppress-unsubscribe"),
        ("unsubscribed", "hard", None, None),
    ),
    (
        mailgun(
            "failed",
            severity="permanent",
            reason="suppress-bounce",
            **{"delivery-status": {"code": 605, "message": "", "description": "Not delivering"}},
        ),
        ("suppressed", "hard", None, None),
    ),
    (mailgun("failed", severity="temporary"), ("deferred", "soft", None, None)),
    (mailgun("accepted"), ("sent", None, None, None)),
    (mailgun("delivered"), ("delivered", None, None, None)),
    (mailgun("rejected"), ("blocked", None, None, None)),
    (mailgun("opened", **{"client-info": {"bot": ""}}), ("opened", None, None, None)),
    (mailgun("opened", **{"client-info": {"bot": "apple"}}), ("machine_opened", None, None, None)),
    (
        mailgun("clicked", **{"client-info": {"bot": "generic"}}),
        ("machine_opened", None, None, None),
    ),
    (mailgun("clicked", url="https://x.test"), ("clicked", None, None, None)),
    (mailgun("complained"), ("complained", None, None, None)),
    (mailgun("unsubscribed"), ("unsubscribed", None, None, None)),
    # Postmark: the bounce's type
    (postmark_bounce("HardBounce", "smtp;550 5.1.1 no"), ("bounced", "hard", "550", "5.1.1")),
    (postmark_bounce("SoftBounce"), ("bounced", "soft", None, None)),
    (postmark_bounce("Transient"), ("deferred", None, None, None)),
    (postmark_bounce("AutoResponder"), ("auto_reply", None, None, None)),
    (postmark_bounce("Blocked"), ("blocked", None, None, None)),
    (postmark_bounce("SpamComplaint"), ("complained", None, None, None)),
    (postmark_bounce("ManuallyDeactivated"), ("suppressed", None, None, None)),
    (
        postmark("Delivery", Recipient="a@a.test", DeliveredAt="2026-11-20T12:00:05Z"),
        ("delivered", None, None, None),
    ),
    (postmark("Open", ReceivedAt="2026-11-20T12:00:05Z"), ("opened", None, None, None)),
    (postmark("SpamComplaint", BouncedAt="2026-11-20T12:00:05Z"), ("complained", None, None, None)),
    (
        postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"),
        ("unsubscribed", None, None, None),
    ),
    (
        postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce"),
        ("suppressed", None, None, None),
    ),
    (postmark("SubscriptionChange", SuppressSending=False), (None, None, None, None)),
    # Brevo
    (
        brevo("hard_bounce", reason=" RecipientError: 550 5.5.0 mailbox unavailable"),
        ("bounced", "hard", "550", "5.5.0"),
    ),
    (brevo("soft_bounce"), ("bounced", "soft", None, None)),
    (brevo("invalid_email"), ("bounced", "hard", None, None)),
    (brevo("request"), ("sent", None, None, None)),
    (brevo("delivered"), ("delivered", None, None, None)),
    (brevo("unique_opened"), ("opened", None, None, None)),
    (brevo("unique_proxy_open"), ("machine_opened", None, None, None)),
    (brevo("click", link="https://x.test"), ("clicked", None, None, None)),
    (brevo("spam"), ("complained", None, None, None)),
    (brevo("blocked"), ("suppressed", None, None, None)),
    (brevo("unsubscribed"), ("unsubscribed", None, None, None)),
]
"""An object, and the event, permanence, SMTP and enhanced code it is read to."""


def test_every_kind_of_event_is_read_as_it_is_meant(tmp_path: Path) -> None:
    wrong = []
    for item, wanted in OBJECTS:
        path = tmp_path / "events"
        path.write_text(json.dumps(item), "utf-8")
        (found,) = [rows for rows, _ in open_events("events", path, None).batches]
        row = found.row(0, named=True)
        got = (row["event"], row["permanence"], row["smtp_code"], row["enhanced"])
        if got != wanted or found.height != 1:
            wrong.append((item, got, wanted))
    assert wrong == []


@pytest.mark.parametrize(
    ("item", "form"),
    [
        (ses("Click", "click", link="https://x.test/1"), "ses"),
        (sendgrid("click", url="https://x.test/1", message_key=KEY), "sendgrid"),
        (mailgun("clicked", **{"user-variables": {"message_key": KEY}}), "mailgun"),
        (
            postmark("Click", ReceivedAt="2026-11-20T12:00:05Z", OriginalLink="https://x"),
            "postmark",
        ),
        (brevo("click", **{"X-Mailin-custom": json.dumps({"message_key": KEY})}), "brevo"),
    ],
)
def test_each_provider_echoes_the_message_key_and_tells_utc(
    read: Reader, tmp_path: Path, item: dict[str, Any], form: str
) -> None:
    event = read(item).event
    assert (event["creditor_id"], event["message_key"], event["address"]) == (
        "loja",
        KEY,
        "ana@a.test",
    )
    assert f"{event['occurred_at']:%Y-%m-%d %H:%M:%S}" == "2026-11-20 12:00:05"
    assert open_events("events", tmp_path / "events", None).format == form


def test_outer_shapes_do_not_matter(read: Reader) -> None:
    items = [ses("Open", "open"), ses_bounce("Permanent", "General")]
    lines = "\n".join(map(json.dumps, items))
    shapes = [
        lines,
        lines.replace("\n", "\r\n\r\n"),
        json.dumps(items),
        json.dumps(items, indent=4),
        "\n".join(json.dumps(item, indent=2) for item in items),
        "\n".join(json.dumps([item]) for item in items),
        "\n".join(json.dumps(sns(item)) for item in items),
        "\ufeff" + json.dumps([sns(items[0]), items[1]]),
    ]
    first, *others = [read(shape) for shape in shapes]
    assert sorted(first.events["event"]) == ["bounced", "opened"]
    assert [other.events.equals(first.events) for other in others] == [True] * len(others)
    assert [other.reasons for other in others] == [[]] * len(others)


def test_bad_objects_among_good_ones_are_quarantined_by_number(read: Reader) -> None:
    good = json.dumps(sendgrid("delivered"))
    lines = [
        good,
        "not json",
        json.dumps(sns("plain text")),
        "[1]",
        "{}",
        good.replace("e-1", "e-2"),
        "[" * 900,
    ]
    found = read("\n".join(lines))
    assert found.events.height == 2
    assert found.quarantine.filter(found.quarantine["reason"] == "bad_json")["line"].to_list() == [
        2,
        4,
        7,
    ]


def test_a_status_that_is_none_costs_only_itself(read: Reader) -> None:
    odd = ses_bounce("Permanent", "General", "smtp; 550 5.1.1 no such user")
    odd["bounce"]["bouncedRecipients"][0]["status"] = "5.0"
    data = {"delivery-status": {"code": 550, "enhanced-code": "x", "message": "gone"}}
    failed = mailgun("failed", severity="permanent", **data)
    assert read(odd).event["enhanced"] == "5.1.1"
    assert (read(failed).event["smtp_code"], read(failed).event["enhanced"]) == (550, None)


def test_an_open_of_a_message_to_several_says_not_whose(read: Reader) -> None:
    mail = MAIL | {"destination": ["ana@a.test", "b@a.test"], "tags": {}}
    assert read(ses("Open", "open", mail=mail)).reasons == ["no_recipient"]
    assert read(ses("Send", mail=mail)).events["address"].to_list() == ["ana@a.test", "b@a.test"]


def test_clicks_on_different_links_are_different_events_and_links_are_not_kept(
    read: Reader,
) -> None:
    found = read([sendgrid("click", url=f"https://x.test/{token}") for token in ("one", "two")])
    assert found.events["event_id"].n_unique() == 2
    assert not any("x.test" in text for text in found.events["diagnostic"])


def test_mailgun_events_need_their_signature_where_a_key_is_configured(read: Reader) -> None:
    event = mailgun("delivered")
    assert read(signed(b"key", event), signing_key=b"key").event["event"] == "delivered"
    assert read(signed(b"else", event), signing_key=b"key").reasons == ["bad_signature"]
    assert read(event, signing_key=b"key").reasons == ["bad_signature"]
    assert read(event).event["event"] == "delivered"
    assert read(sendgrid("delivered"), signing_key=b"key").event["event"] == "delivered"


def test_json_of_nobody_we_know_asks_for_a_mapping(read: Reader) -> None:
    with pytest.raises(InputRefusedError, match="--mapping"):
        read('{"tipo": "entregue"}\n')
