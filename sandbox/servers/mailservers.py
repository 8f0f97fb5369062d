"""Postfix, Exim and OpenSMTPD with real recipient tables, and a greylisting daemon.

Each runs in a jail of its own inside a namespace of root's, on port 25 of public addresses.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sandbox.servers.daemons import daemon
from sandbox.servers.jail import Jail

GREYLIST_SECONDS: Final = 1
SMTP: Final = 25
POSTFIX: Final = "200.1.1.25"
EXIM: Final = "200.1.2.25"
OPENSMTPD: Final = "200.1.3.25"
GREYLIST: Final = ("127.0.0.1", 10023)
_OVER_QUOTA: Final = 20_000


@contextmanager
def mail_servers(memory: Path, logs: Path) -> Iterator[None]:
    """Run all of them for the length of a block; what they logged is in `logs` afterwards.

    `memory` is a tmpfs. Raises FileNotFoundError, OSError or DaemonError where one cannot start.
    """
    with ExitStack() as stack:
        for server in (_postgrey, _postfix, _exim, _opensmtpd):
            stack.enter_context(server(memory, logs))
        yield


@contextmanager
def _postgrey(memory: Path, logs: Path) -> Iterator[None]:
    jail = Jail("postgrey", memory)
    jail.folder("/var/lib/postgrey", "postgrey:postgrey", 0o700)
    host, port = GREYLIST
    command = jail.command(
        "/usr/sbin/postgrey",
        f"--inet={host}:{port}",
        f"--delay={GREYLIST_SECONDS}",
        "--user=postgrey",
        "--group=postgrey",
        "--dbdir=/var/lib/postgrey",
        "--auto-whitelist-clients=0",
    )
    with daemon(command, GREYLIST, logs / "postgrey.log"):
        yield


@contextmanager
def _postfix(memory: Path, logs: Path) -> Iterator[None]:
    jail = Jail("postfix", memory)
    for name in ("main.cf", "master.cf", "mailboxes", "relocated", "access"):
        jail.copy(f"postfix/{name}", f"/etc/postfix/{name}")
    jail.folder("/var/spool/postfix")
    jail.folder("/var/lib/postfix", "postfix:postfix")
    with _log_kept(jail, "var/log/postfix.log", logs / "postfix.log"):
        command = jail.command("/usr/sbin/postfix", "start-fg")
        with daemon(command, (POSTFIX, SMTP), logs / "postfix.out"):
            yield


@contextmanager
def _exim(memory: Path, logs: Path) -> Iterator[None]:
    jail = Jail("exim", memory)
    for name in ("exim4.conf", "aliases", "mailboxes"):
        jail.copy(f"exim/{name}", f"/etc/exim4/{name}")
    for path in ("/var/spool/exim4", "/var/log/exim4", "/run/exim4"):
        jail.folder(path, "Debian-exim:Debian-exim", 0o750)
    jail.run("chown", "Debian-exim", "/etc/ssl/mx.key")
    for user in ("full", "crammed"):
        new = jail.folder(f"/var/vmail/{user}/new")
        (new / "1").write_bytes(b"x" * _OVER_QUOTA)
    jail.run("chown", "-R", "mail:mail", "/var/vmail")
    with _log_kept(jail, "var/log/exim4/mainlog", logs / "exim.log"):
        command = jail.command("/usr/sbin/exim4", "-bdf")
        with daemon(command, (EXIM, SMTP), logs / "exim.out"):
            yield


@contextmanager
def _opensmtpd(memory: Path, logs: Path) -> Iterator[None]:
    jail = Jail("opensmtpd", memory)
    jail.copy("opensmtpd/smtpd.conf", "/etc/smtpd.conf")
    jail.copy("opensmtpd/users", "/etc/mail/users")
    jail.folder("/var/lib/opensmtpd/empty", mode=0o711)
    jail.folder("/var/spool/smtpd", mode=0o711)
    command = jail.command("/usr/sbin/smtpd", "-d", "-v", "-T", "smtp")
    with daemon(command, (OPENSMTPD, SMTP), logs / "opensmtpd.log"):
        yield


@contextmanager
def _log_kept(jail: Jail, inside: str, outside: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if (jail.root / inside).exists():
            shutil.copyfile(jail.root / inside, outside)
