"""The wheel holds every room, with its data files."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("checks", "data", "reports", "flows", "sandbox")
NO_PACKAGE_DATA = {"__pycache__", ".mypy_cache"}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_a_room_is_in_the_wheel(room: str, wheel_names: set[str]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", room],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    files = {name for name in tracked if (ROOT / name).is_file()}
    assert files, f"room {room} has no file"
    assert files <= wheel_names
