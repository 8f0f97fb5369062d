"""What the repository must not hold: addresses of registries, machine paths, strays."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# written in pieces, so that this file does not match itself
REGISTRY_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org")
MACHINE_PATHS = re.compile("(^|[\"' =])/" + "(work|root|home|farm|opt/ev)/")
TEXT = {".py", ".md", ".toml", ".yaml", ".lock", ".csv", ".txt", ".sql", ".jinja", ".po", ""}


def _text_files() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).suffix in TEXT]


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_file_names_the_host_of_a_package_registry(host: str) -> None:
    assert [path.name for path in _text_files() if host in path.read_text("utf-8", "replace")] == []


def test_no_file_names_a_path_of_a_machine() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in _text_files()
        if any(
            MACHINE_PATHS.search(line) for line in path.read_text("utf-8", "replace").split("\n")
        )
    ]
    assert found == []


def test_every_package_of_the_lock_has_a_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    packages = [block for block in re.split(r"\n(?=\S)", lock) if "==" in block]
    assert len(packages) > 100
    assert [block.split("==")[0] for block in packages if "--hash=sha256:" not in block] == []
    assert "://" not in lock


def test_every_dependency_of_the_project_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = [re.split(r"[<>=!~ ]", line)[0] for line in wanted]
    assert [name for name in names if f"\n{name}==" not in f"\n{lock}"] == []
