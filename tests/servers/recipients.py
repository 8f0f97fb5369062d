"""Who lives on the real servers (sandbox/servers/etc), and what asking must say of each."""

from __future__ import annotations

from typing import Final

RECIPIENTS: Final[dict[str, str]] = {
    # Postfix 3.7
    "ok@postfix.example": "mailbox_accepted",
    "other@postfix.example": "mailbox_accepted",
    "ok+tag@postfix.example": "mailbox_not_found",  # no recipient_delimiter is set
    "missing@postfix.example": "mailbox_not_found",
    "full@postfix.example": "mailbox_full",
    "disabled@postfix.example": "mailbox_disabled",
    "moved@postfix.example": "mailbox_not_found",  # relocated(5), 5.1.6
    "suspended@postfix.example": "policy_refusal",  # access(5) says 5.7.1: no proof
    "private@postfix.example": "policy_refusal",
    "moving@postfix.example": "rate_limited",  # a 4.7.1: some limit, later
    "anybody@all.postfix.example": "accepts_all",
    "somebody@relay.postfix.example": "policy_refusal",  # not a domain of its own
    "ok@strict.example": "mailbox_accepted",  # no extension is offered here
    "missing@strict.example": "mailbox_not_found",
    "ok@grey.postfix.example": "mailbox_accepted",  # refused at first by postgrey
    "missing@grey.postfix.example": "mailbox_not_found",
    "ok@listed.postfix.example": "our_side_blocked",  # the blocklist names us
    "missing@listed.postfix.example": "our_side_blocked",
    "ok@tls.postfix.example": "mailbox_accepted",  # MAIL only after STARTTLS
    "missing@tls.postfix.example": "mailbox_not_found",
    # Exim 4.96
    "ok@exim.example": "mailbox_accepted",
    "other@exim.example": "mailbox_accepted",
    "alias@exim.example": "mailbox_accepted",
    "missing@exim.example": "mailbox_not_found",
    "nosuch@exim.example": "mailbox_not_found",  # the words of hosting panels
    "full@exim.example": "mailbox_full",
    "crammed@exim.example": "policy_refusal",  # over quota, but the reply does not say so
    "disabled@exim.example": "mailbox_disabled",
    "suspended@exim.example": "mailbox_disabled",
    "moving@exim.example": "temporary_failure",
    "anybody@all.exim.example": "accepts_all",
    "somebody@relay.exim.example": "policy_refusal",
    "ok@grey.exim.example": "mailbox_accepted",
    "missing@grey.exim.example": "mailbox_not_found",
    # OpenSMTPD 6.8
    "ok@opensmtpd.example": "mailbox_accepted",
    "other@opensmtpd.example": "mailbox_accepted",
    "missing@opensmtpd.example": "mailbox_not_found",
    "full@opensmtpd.example": "mailbox_full",
    "disabled@opensmtpd.example": "mailbox_disabled",
    "suspended@opensmtpd.example": "policy_refusal",
    "moving@opensmtpd.example": "temporary_failure",
    "anybody@all.opensmtpd.example": "accepts_all",
    "somebody@relay.opensmtpd.example": "mailbox_not_found",  # it says "invalid recipient"
}
