"""A root file system of a server's own: this system's, with the server's packages laid over it.

Works inside a mount namespace of root's only: everything written lives in memory and goes with
the namespace. So three mail servers that exclude each other as packages run side by side, each
with the accounts and paths that it was compiled for.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from sandbox.servers.packages import root_of

_ETC: Final = Path(__file__).with_name("etc")
_CERTIFICATE: Final = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2"
    " -subj /CN=mx.example -keyout {root}/etc/ssl/mx.key -out {root}/etc/ssl/mx.crt"
)


class Jail:
    """One server's root, mounted."""

    def __init__(self, name: str, memory: Path) -> None:
        """Mount the root of a server below `memory`, a tmpfs."""
        self.root = memory / name / "root"
        upper, work = memory / name / "upper", memory / name / "work"
        for folder in (self.root, upper, work):
            folder.mkdir(parents=True)
        options = f"lowerdir=/,upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        _run("mount", "--rbind", "/dev", str(self.root / "dev"))
        _run("mount", "-t", "proc", "proc", str(self.root / "proc"))
        self._lay_over(root_of(name))
        self._furnish()

    def command(self, *words: str) -> list[str]:
        """Return a command line that runs inside."""
        return ["chroot", str(self.root), *words]

    def run(self, *words: str) -> None:
        """Run a command inside to its end; CalledProcessError if it fails."""
        _run(*self.command(*words))

    def copy(self, source: str, target: str) -> None:
        """Copy one of our configuration files to an absolute path inside."""
        place = self.root / target.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_ETC / source, place)

    def folder(self, path: str, owner: str = "root", mode: int = 0o755) -> Path:
        """Make a folder inside, and return where it is seen from outside."""
        place = self.root / path.removeprefix("/")
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(mode)
        self.run("chown", owner, path)
        return place

    def _lay_over(self, packages: Path) -> None:
        # tar and not the overlay itself: a package's `lib` must not hide the link to `usr/lib`
        packed = subprocess.run(
            ["/bin/tar", "-C", str(packages), "-c", "."], check=True, capture_output=True
        )
        unpack = ["/bin/tar", "-C", str(self.root), "-x", "--keep-directory-symlink"]
        subprocess.run(unpack, check=True, input=packed.stdout)

    def _furnish(self) -> None:
        etc = self.root / "etc"
        for ours, theirs in (("accounts", "passwd"), ("groups", "group")):
            with (etc / theirs).open("a") as table:
                table.write((_ETC / ours).read_text())
        for name, text in (
            ("resolv.conf", "nameserver 127.0.0.1\n"),
            ("hosts", "127.0.0.1 localhost\n"),
            ("mailname", "mx.example\n"),
        ):
            (etc / name).unlink(missing_ok=True)
            (etc / name).write_text(text)
        _run(*_CERTIFICATE.format(root=self.root).split())
        (etc / "ssl" / "mx.key").chmod(0o600)


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"{' '.join(words)} failed: {done.stderr.strip()[-500:]}"
        raise OSError(message)
