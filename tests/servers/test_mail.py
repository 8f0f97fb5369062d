"""The whole path with default settings against real Postfix, Exim, OpenSMTPD and postgrey.

Unbound resolves, NSD serves the zone, and one visit asks every recipient of the table; what went
over the wire and what the servers logged is then held against our promises.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise

import pytest

from sandbox.servers import packages
from tests.servers.recipients import RECIPIENTS
from tests.servers.visit import STARTTLS, Visit

pytestmark = pytest.mark.servers

NAMESPACE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
PATIENCE = 120
VERBS = {"EHLO", "STARTTLS", "MAIL", "RCPT", "QUIT"}
US = "200.1.9.9"
REFUSALS = 2  # of one session, as for everyone whom no provider table names
RECIPIENTS_AT_ONCE = 5


def obstacle() -> str | None:
    """Return why the servers cannot be run here; None where they can."""
    reason = packages.missing(*packages.MAIL_SERVERS, *packages.NAME_SERVERS)
    if reason is not None:
        return reason
    for tool in ("unshare", "ip", "openssl", "chroot"):
        if shutil.which(tool) is None:
            return f"{tool} is not there"
    overlay = "mount -t tmpfs t /mnt && cd /mnt && mkdir u w m && mount -t overlay o"
    trial = [*NAMESPACE, "sh", "-c", f"{overlay} -o lowerdir=/,upperdir=u,workdir=w m"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    return f"no namespace with an overlay: {done.stderr.strip()}" if done.returncode else None


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Return one visit to the world of real servers."""
    if (reason := obstacle()) is not None:
        pytest.skip(reason)
    out = tmp_path_factory.mktemp("world")
    command = [*NAMESPACE, sys.executable, "-m", "tests.servers.world", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, f"{done.stderr[-3_000:]}\nlogs are in {out}"
    return Visit.read(out)


@pytest.mark.parametrize("address", RECIPIENTS)
def test_a_real_server_gives_the_right_reason(visited: Visit, address: str) -> None:
    assert visited.found.reasons[address] == RECIPIENTS[address], visited.found.evidence[address]


def test_every_domain_takes_mail_and_nothing_was_degraded(visited: Visit) -> None:
    assert set(visited.found.domains.values()) == {None}
    assert visited.found.degraded is None


def test_a_greylisted_recipient_is_asked_again_and_then_known(visited: Visit) -> None:
    assert visited.logs["postgrey"].count("action=greylist, reason=new") >= 2
    assert "action=pass, reason=triplet found" in visited.logs["postgrey"]
    asked = sum("RCPT TO:<ok@grey.postfix.example>" in line for t in visited.said() for line in t)
    assert asked == 2


def test_only_our_verbs_are_on_the_wire(visited: Visit) -> None:
    verbs = {line.split(maxsplit=1)[0] for talk in visited.said() for line in talk}
    assert VERBS - {"STARTTLS"} <= verbs <= VERBS


def test_one_command_at_a_time_though_pipelining_is_offered(visited: Visit) -> None:
    assert "250-PIPELINING" in "".join(visited.heard())
    for talk in visited.readable():
        assert not talk[0][0], "we spoke before the banner"
        for (ours, text), (ours_again, _) in pairwise(talk):
            assert not (ours and ours_again), "two commands without a reply between"
            assert not ours or text.find("\r\n") == len(text) - 2


def test_every_session_ends_with_quit_or_encrypted(visited: Visit) -> None:
    assert {talk[-1] for talk in visited.said()} <= {"QUIT\r\n", STARTTLS}


def test_sessions_keep_their_limits(visited: Visit) -> None:
    for talk in visited.readable():
        asked = sum(ours and text.startswith("RCPT") for ours, text in talk)
        refused = sum(not ours and text.startswith("5") for ours, text in talk)
        assert asked <= RECIPIENTS_AT_ONCE
        assert refused <= REFUSALS


def test_starttls_is_offered_and_taken_only_where_demanded(visited: Visit) -> None:
    assert "".join(visited.heard()).count("250-STARTTLS") > 10
    for talk in visited.readable():
        if talk[-1] == (True, STARTTLS):
            assert "STARTTLS command first" in talk[-2][1]


def test_exim_saw_no_data_no_tls_and_nobody_leave_without_quit(visited: Visit) -> None:
    assert "closed by QUIT" in visited.logs["exim"]
    assert f"CAUGHT {US}" not in visited.logs["exim"]


def test_postfix_counts_the_same(visited: Visit) -> None:
    # Postfix sums up each session: "disconnect from ... ehlo=1 mail=1 rcpt=1/3 quit=1 commands=4/6"
    lines = re.findall(r"disconnect from probe\.example\.com.*", visited.logs["postfix"])
    ours = [line for line in lines if "ehlo=" in line]
    assert len(ours) > 5
    assert all("quit=1" in line and "data=" not in line for line in ours)


def test_opensmtpd_heard_the_same_verbs(visited: Visit) -> None:
    heard = set(re.findall(r"<<< ([A-Z]+)", visited.logs["opensmtpd"]))
    assert VERBS - {"STARTTLS"} <= heard <= VERBS


def test_no_limit_of_a_server_is_reached(visited: Visit) -> None:
    # Postfix's error limits and its anvil, Exim's synchronization and connection limits
    assert not [text for text in visited.heard() if text.startswith("421")]
    complaints = r"too many|pipelining|synchronization|limit exceeded|refused"
    assert not re.findall(f"{complaints}.*", visited.logs["postfix"] + visited.logs["exim"])
