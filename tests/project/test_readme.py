"""What the README tells a newcomer to type works, and what it points to is there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.flows.calls import ROOT, call_entrega

README = (ROOT / "README.md").read_text("utf-8")
FILLED_IN = """
name = "Loja Exemplo"
address = "Rua das Amostras 100"
tax_id = "11.222.333/0001-81"
"""


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\]\((docs/[^)#]*|[A-Z]+\.md)\)", README)))
)
def test_every_page_the_readme_points_to_is_there(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)))
)
def test_every_make_target_of_the_readme_is_one(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_main_job_of_the_readme_works_on_the_sample(tmp_path: Path) -> None:
    shutil.copy(ROOT / "data" / "samples" / "carteira_br.csv", tmp_path / "debtors.csv")
    commands = re.findall(r"^entrega (.*?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert [line.split()[0] for line in commands][:4] == ["init", "run", "gate", "feedback"]
    assert call_entrega(tmp_path, "init", "debtors.csv").code == 0
    config = tmp_path / "entrega.toml"
    text = config.read_text("utf-8").replace("[creditor]\n", f"[creditor]{FILLED_IN}", 1)
    text = text.replace("[legal]\n", '[legal]\nbasis = "contract"\nsource = "creditor"\n', 1)
    config.write_text(text, "utf-8")
    alone = {"ENTREGA_DNS__ENABLED": "false"}  # no question leaves this machine
    ended = call_entrega(tmp_path, "run", "debtors.csv", "--local", env=alone)
    assert ended.code == 0, ended.err
    clean = tmp_path / "var" / "out" / "clean" / "loja-exemplo"
    assert f"clean list: {clean}" in ended.out
    assert call_entrega(tmp_path, "gate", clean).code == 0
    key = (next(clean.glob("*/recipients.csv")).read_text("utf-8").splitlines()[1]).split(",")[2]
    (tmp_path / "events.csv").write_text(
        f"message_key,event,occurred_at\n{key},delivered,2026-11-20T10:00:00Z\n", "utf-8"
    )
    assert call_entrega(tmp_path, "feedback", "events.csv").code == 0
