"""The script that fetches mail servers says what is missing, and lets a build go on if asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "install-mail-servers"
TOOLS = ("bash", "dirname", "mkdir")


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script where there is no apt-get."""
    path = tmp_path / "bin"
    path.mkdir()
    for tool in TOOLS:
        (path / tool).symlink_to(str(shutil.which(tool)))
    return subprocess.run(
        [str(path / "bash"), str(SCRIPT), *arguments, str(tmp_path / "servers")],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_apt_it_fails_with_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stderr == "cannot fetch mail servers: this system has no apt-get\n"


def test_an_optional_fetch_says_so_and_goes_on(tmp_path: Path) -> None:
    done = run(tmp_path, "--optional")
    assert done.returncode == 0
    assert "no apt-get" in done.stderr


def test_servers_that_are_there_are_not_fetched_again(tmp_path: Path) -> None:
    for name in ("postfix", "exim", "opensmtpd", "postgrey", "nsd", "unbound", "dnsperf"):
        root = tmp_path / "servers" / name
        root.mkdir(parents=True)
        (root / ".ready").touch()
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "already" in done.stdout
