"""A whole probe: one finding an address, limits as the servers see them, breakers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from checks.frames import FINDINGS
from checks.mailbox.plan import make_plan
from checks.mailbox.probe import targets_of
from checks.mailbox.providers import Providers
from checks.model import VERDICT_OF, Reason
from data.reference.providers import load_providers

if TYPE_CHECKING:
    from tests.mailbox.conftest import Lab, MailServer


def test_every_address_gets_one_finding_in_order(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    world = lab(_1_1=mail_server(), _2_1=mail_server())
    world.domain("firma.example", "ok-1 bad-2 full-3 off-4", "127.9.1.1")
    world.domain("gmail.com", "ok-1 bad-2", "127.9.2.1", provider="gmail")
    world.domain("hotmail.com", "ok-1", "127.9.2.1", provider="microsoft_consumer")
    world.domain("yahoo.com.br", "ok-1", "127.9.2.1", provider="yahoo")
    world.domain("nowhere.example", "ok-1")
    result = world.probe()
    frame = result.findings
    assert frame.schema == FINDINGS
    assert frame["address"].to_list() == sorted(world.frame()["address"].to_list())
    told = dict(frame.select("address", "reason").iter_rows())
    assert told == {
        "ok-1@firma.example": "mailbox_accepted",
        "bad-2@firma.example": "mailbox_not_found",
        "full-3@firma.example": "mailbox_full",
        "off-4@firma.example": "mailbox_disabled",
        "ok-1@gmail.com": "mailbox_accepted",
        "bad-2@gmail.com": "mailbox_not_found",
        "ok-1@hotmail.com": "not_asked_policy",
        "ok-1@yahoo.com.br": "not_asked_policy",
        "ok-1@nowhere.example": "no_connection",
    }
    assert all(VERDICT_OF[Reason(r)] == v for r, v in frame.select("reason", "verdict").iter_rows())
    assert result.report.degraded is None
    assert result.report.providers["gmail"].refusals == 1


def test_rows_in_another_order_give_the_same_findings(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    def told(*, backwards: bool) -> pl.DataFrame:
        world = lab(_1_1=mail_server(), _1_2=mail_server())
        for name in ("c", "a", "b"):
            world.domain(
                f"{name}.example", "ok-1 bad-2 grey-3 ok-4 bad-5", "127.9.1.1", "127.9.1.2"
            )
        world.rows = world.rows[::-1] if backwards else world.rows
        return world.probe().findings

    assert told(backwards=False).equals(told(backwards=True))


def test_sessions_at_one_address_keep_their_number_and_distance(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    server = mail_server(delay=0.002)
    world = lab(_1_1=server)
    server.clock = world.clock
    for n in range(12):
        world.domain(f"d{n}.example", "ok-1 ok-2 bad-3", "127.9.1.1")
    world.reasons()
    moments = [at for at, _, line in server.heard if line == b"CONNECT"]
    assert len(moments) > 5
    assert all(b - a >= 1.0 for a, b in pairwise(moments))
    assert server.open_most == 1


def test_a_refusal_that_names_one_recipient_does_not_cost_the_others(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    def answer(address: str) -> bytes | None:
        if address.startswith("closed"):
            return f"554 5.7.1 <{address}>: Recipient address rejected: Access denied\r\n".encode()
        if address.endswith("@left.example"):
            return f"554 5.7.1 <{address}>: Relay access denied\r\n".encode()
        return b"250 2.1.5 ok\r\n" if address.startswith("ok") else b"550 5.1.1 unknown\r\n"

    world = lab(_1_1=mail_server(rcpt=answer))
    world.domain("left.example", "ok-1", "127.9.1.1")
    world.domain("firma.example", "closed-1 ok-2 ok-3 bad-4", "127.9.1.1")
    assert world.reasons() == {
        "ok-1@left.example": "policy_refusal",
        "closed-1@firma.example": "policy_refusal",
        "ok-2@firma.example": "mailbox_accepted",
        "ok-3@firma.example": "mailbox_accepted",
        "bad-4@firma.example": "mailbox_not_found",
    }


def test_a_slow_host_does_not_hold_up_the_others(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    slow, quick = mail_server(delay=0.2), mail_server()
    world = lab(_1_1=slow, _2_1=quick)
    world.domain("slow.example", "ok-1 ok-2 ok-3", "127.9.1.1")
    world.domain("quick.example", "ok-1 bad-2", "127.9.2.1")
    reasons = world.reasons()
    assert reasons["ok-1@quick.example"] == "mailbox_accepted"
    ended = max(server_heard[0] for server_heard in quick.heard)
    assert ended < max(at for at, _, _ in slow.heard)


def test_three_providers_that_refuse_us_end_all_probing(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    banner = b"554 5.7.1 your address is listed at zen.example blocklist\r\n"
    servers = {f"_{n}_1": mail_server(banner=banner) for n in (1, 2, 3)}
    patient = mail_server()
    world = lab(**servers, _4_1=patient)
    for n, provider in enumerate(("uol", "terra", "gmail"), start=1):
        world.domain(f"d{n}.example", "ok-1", f"127.9.{n}.1", provider=provider)
    world.domain("late.example", "bad-1 bad-2 bad-3 bad-4 bad-5 bad-6", "127.9.4.1")
    result = world.probe()
    told = dict(result.findings.select("address", "reason").iter_rows())
    assert sum(reason == "our_side_blocked" for reason in told.values()) > 3
    assert len(patient.asked()) == 2  # the first session was under way
    assert result.report.stopped
    assert "stopped" in (result.report.degraded or "")


def test_a_network_without_port_25_is_said(lab: Callable[..., Lab]) -> None:
    world = lab()
    world.settings = replace(world.settings, port=9)
    world.domain("firma.example", "ok-1", "127.9.1.1")
    result = world.probe()
    assert result.findings["reason"].to_list() == ["no_connection"]
    assert "port 25" in (result.report.degraded or "")


def test_progress_ends_at_the_whole(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    world = lab(_1_1=mail_server())
    world.domain("firma.example", "ok-1 bad-2", "127.9.1.1")
    world.domain("aol.com", "ok-1", "127.9.1.1", provider="yahoo")
    seen: list[tuple[int, int]] = []
    world.probe(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)


def test_an_overridden_provider_that_rejects_later_is_not_believed(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    table = load_providers()
    yahoo = replace(table.named("yahoo"), asked=True)
    providers = Providers({**table.by_name, "yahoo": yahoo}, table.courtesy)
    world = lab(_1_1=mail_server(rcpt=lambda _: b"250 ok\r\n"))
    world.domain("yahoo.com", "ok-1", "127.9.1.1", provider="yahoo")
    assert world.reasons(providers=providers) == {"ok-1@yahoo.com": "accepts_then_rejects"}


def test_who_is_asked_first_can_be_chosen(
    lab: Callable[..., Lab],
    mail_server: type[MailServer],
) -> None:
    server = mail_server()
    world = lab(_1_1=server)
    world.domain("a.example", "bad-1 bad-2 bad-3", "127.9.1.1")
    world.domain("b.example", "bad-4", "127.9.1.1")
    order = {"bad-2@a.example": 2.0, "bad-4@b.example": 1.0}
    frame = world.frame().with_columns(
        priority=pl.col("address").replace_strict(order, default=9.0, return_dtype=pl.Float64),
    )
    targets = targets_of(frame)
    shards = make_plan(targets, load_providers()).shards
    assert [(t.domain, t.recipients) for t in shards[0].targets] == [
        ("b.example", ("bad-4@b.example",)),
        ("a.example", ("bad-2@a.example", "bad-1@a.example", "bad-3@a.example")),
    ]
