"""The server's side of a session: order of commands, syntax, whose mail it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Lab


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("RCPT TO:<exists@gmail.zoo.example>", "503"),  # no MAIL yet
        ("MAIL FROM:<a@b.example>", "503"),  # no EHLO yet
        ("DATA", "502"),  # there is no such verb here
        ("VRFY postmaster", "502"),
        ("STARTTLS", "454"),
        ("NOOP", "250"),
        ("RSET", "250"),
    ],
)
def test_commands_out_of_order(lab: Lab, line: str, reply: str) -> None:
    assert lab.call(lab.domain("gmail")).send(line).startswith(reply)


@pytest.mark.parametrize("path", ["<>", "<no-at>", "<a@b@c>", "exists@gmail.zoo.example"])
def test_bad_recipients_are_refused_for_their_syntax(lab: Lab, path: str) -> None:
    caller = lab.call(lab.domain("gmail"))
    caller.hello()
    assert caller.send(f"RCPT TO:{path}").startswith("501 5.1.3")


def test_hosts_relay_for_nobody(lab: Lab) -> None:
    caller = lab.call(lab.domain("uol"))
    caller.hello()
    assert caller.ask(f"exists@{lab.domain('bol')}").startswith("554 5.7.1")
