"""QUIT is said always: also where bytes have come that nobody asked for."""

from __future__ import annotations

import asyncio
import socket

import pytest

from checks.mailbox.conversation import Conversation, Loss
from checks.mailbox.reply import Reply
from checks.mailbox.rules import Stage
from checks.mailbox.session import Deadlines, Ending, Errand, Identity, SessionPlan
from checks.mailbox.wire import Wire
from data.reference.smtp_replies import load_reply_rules

PLAN = SessionPlan(
    session_id="a/0/0",
    provider="other",
    mx_address="192.0.2.1",
    errands=(Errand("a.example", ("ok-1@a.example",), ("x@a.example", "y@a.example")),),
    recipients=5,
    refusals=2,
    asks_sentinels=False,
    closes_with_sentinel=False,
)


def until(stage: Stage) -> Conversation:
    """Return a conversation that has come to its step at a stage."""
    talk = Conversation(PLAN, Identity("p.example", "p@p.example"), Deadlines(), load_reply_rules())
    while (step := talk.step()) is not None and step.stage is not stage:
        code = 220 if step.stage is Stage.BANNER else 250
        talk.take(Reply(code, ("mx.example",)), 0.0)
    return talk


@pytest.mark.parametrize("stage", [Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.QUIT])
def test_bytes_before_a_command_void_the_session_and_it_is_left_by_quit(stage: Stage) -> None:
    talk = until(stage)
    talk.lose(Loss.EARLY)
    step = talk.step()
    assert step is not None
    assert (step.line, step.seconds) == (b"QUIT\r\n", 0.0)
    assert talk.result().ending is Ending.VOID


def test_a_garbled_reply_to_quit_is_not_answered_by_another() -> None:
    talk = until(Stage.QUIT)
    talk.lose(Loss.GARBLED)
    assert talk.step() is None
    assert talk.result().ending is Ending.VOID


@pytest.mark.parametrize(("is_last", "loss"), [(False, Loss.EARLY), (True, None)])
def test_a_late_reply_keeps_nobody_from_leaving(*, is_last: bool, loss: Loss | None) -> None:
    ours, theirs = socket.socketpair()

    async def send() -> Loss | None:
        _, wire = await asyncio.get_running_loop().create_connection(Wire, sock=ours)
        theirs.sendall(b"250 late\r\n")
        await asyncio.sleep(0.01)
        found = await wire.send(b"QUIT\r\n", 1.0, is_last=is_last)
        wire.close()
        return found

    with theirs:
        assert asyncio.run(send()) is loss
        theirs.settimeout(1)
        assert theirs.recv(100) == (b"QUIT\r\n" if is_last else b"")
