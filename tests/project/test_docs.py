"""Pages written by hand name only what is there: files, commands, options, settings, decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.calls import ROOT

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
SETTINGS = (REFERENCE / "settings.md").read_text("utf-8")
HELP = dict(
    re.findall(
        r"^## entrega (\w+)\n(.*?)(?=^## |\Z)",
        (REFERENCE / "commands.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "decisions").glob("*.md")),
]
ROOMS = "checks|data|flows|reports|sandbox|tests|scripts|benchmarks|docs"


def name_of(page: Path) -> str:
    """Return a page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def quoted(page: Path) -> Iterator[str]:
    """Yield what stands in the code style on a page, in a line or in a block."""
    text = page.read_text("utf-8")
    yield from re.findall(r"`([^`\n]+)`", text)
    yield from re.findall(r"^(?: {4})?(entrega \w.*?)(?:\s+#.*)?$", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
    paths = (re.fullmatch(rf"((?:{ROOMS})/[\w./-]+)(?:::?\w+)?", text) for text in quoted(page))
    assert [found[1] for found in paths if found and not (ROOT / found[1]).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_their_options_are_those_of_the_command_line(page: Path) -> None:
    calls = [found for text in quoted(page) if (found := re.match(r"entrega (\w+)(.*)", text))]
    assert [found[1] for found in calls if found[1] not in HELP] == []
    unknown = [
        (found[1], option)
        for found in calls
        for option in re.findall(r"--[a-z-]+", found[2].partition(";")[0])
        if option not in HELP[found[1]]
    ]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_are_those_of_the_configuration(page: Path) -> None:
    named = (re.match(r"\[(\w+)\] (\w+)", text) for text in quoted(page))
    keys = [f"`{found[1]}.{found[2]}`" for found in named if found]
    assert [key for key in keys if key not in SETTINGS] == []


def test_the_index_of_decisions_has_each_under_its_own_title() -> None:
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")
    for page in sorted((DOCS / "decisions").glob("0*.md")):
        title = page.read_text("utf-8").splitlines()[0].removeprefix("# ")
        assert title.startswith(f"{int(page.name[:4])}. ")
        assert f"- [{title}]({page.name})" in index


def test_the_search_finds_commands_in_lines_and_in_blocks() -> None:
    assert {"run", "gate", "plan"} <= {
        text.split()[1] for text in quoted(ROOT / "README.md") if text.startswith("entrega ")
    }
