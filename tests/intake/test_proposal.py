"""What `entrega init` shows and writes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from data.intake import IntakeSettings, Portfolio, look, render_config

Reader = Callable[..., Portfolio]

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def settings_of(config: str) -> IntakeSettings:
    """Return what the [intake] section of a written configuration says."""
    intake = tomllib.loads(config)["intake"]
    columns = {
        role: (names,) if isinstance(names, str) else tuple(names)
        for role, names in intake.pop("columns").items()
    }
    return IntakeSettings(columns=columns, **intake)


@pytest.mark.parametrize("name", ["carteira_br.csv", "cartera_mx.csv"])
def test_the_written_configuration_reads_the_file_like_the_proposal(
    read: Reader,
    name: str,
) -> None:
    path = SAMPLES / name
    settings = settings_of(render_config(look(path)))
    content = path.read_bytes()
    found, configured = read(content), read(content, settings=settings)
    assert configured.debtors.equals(found.debtors)
    assert configured.contacts.equals(found.contacts)


def test_examples_to_fill_in_are_of_the_files_country() -> None:
    brazil = render_config(look(SAMPLES / "carteira_br.csv"))
    mexico = render_config(look(SAMPLES / "cartera_mx.csv"))
    assert "CDC 42-A" in brazil
    assert '# tax_id = ""   # RFC' in mexico
    assert "CDC" not in mexico


def test_the_configuration_shows_shapes_and_the_terminal_shows_rows() -> None:
    proposal = look(SAMPLES / "carteira_br.csv")
    config, terminal = render_config(proposal), proposal.shown()
    assert "e-mail: xxx.xxxxxxx.9999@xxxxx.xxx" in config
    assert "Lúcia" not in config
    assert "111.444" not in config
    assert "name: Ana Lúcia Exemplo" in terminal
    assert "amount: 1234.56" in terminal
    assert "Vlr Título" in terminal
    assert "(dropped)" in terminal


@pytest.mark.parametrize(
    "content",
    [
        b"a@x.example\nb@x.example\n",
        b"nome;contato\nAna;x\n",
        b'no"me\\;e-mail\x7f\nAna;a@x.example\n',
        b"00012345;Ana;a@x.example\n",
    ],
    ids=["a plain list", "no e-mail column", "names with quotes", "no header"],
)
def test_every_readable_file_gets_a_valid_configuration(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    proposal = look(path, work_dir=tmp_path)
    config = tomllib.loads(render_config(proposal))
    header = set(proposal.header)
    named = config["intake"]["columns"].values()
    assert {name for names in named for name in ([names] if isinstance(names, str) else names)} <= (
        header
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
