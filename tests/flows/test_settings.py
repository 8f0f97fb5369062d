"""The configuration: every wrong key and value is one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.errors import SettingError
from flows.settings import Settings, load_settings

WRONG = [
    pytest.param("[smtp]\nfoo = 1", "setting 'smtp.foo'", id="an unknown key is named"),
    pytest.param("[smpt]\nport = 1", "setting 'smpt'", id="an unknown section is named"),
    pytest.param("[smtp]\nport = 0", "setting 'smtp.port'", id="a value out of range is named"),
    pytest.param("[smtp\n", "not valid TOML", id="broken TOML is said to be so"),
    pytest.param("[smtp]\nenabled = true", "has no identity", id="probing needs an identity"),
    pytest.param(
        '[smtp]\nlab_networks = ["x"]', "not a network", id="a lab network must be a network"
    ),
    pytest.param(
        '[smtp]\nlab_clock = "127.0.0.1:1"',
        "without lab_networks",
        id="a virtual clock is for labs",
    ),
    pytest.param(
        "[gate]\ngreen = 0.05", "green is not below amber", id="gate limits must be in order"
    ),
    pytest.param(
        "[smtp.providers.uol]\nconnections_per_provider = 900",
        "smtp.providers.uol.connections_per_provider",
        id="overrides stay inside hard bounds",
    ),
]


BOUNDS = [
    ("recipients_per_session", 101, "100"),
    ("recipients_per_session", 1, "2"),
    ("refusals_per_session", 11, "10"),
    ("connections_per_address", 21, "20"),
    ("connections_per_provider", 65, "64"),
    ("refusals_per_hour", 1_001, "1000"),
    ("refusals_per_day", 10_001, "10000"),
    ("unknown_share", 0.31, "0.3"),
]


@pytest.mark.parametrize(("limit", "value", "bound"), BOUNDS)
def test_an_override_beyond_a_hard_bound_is_refused_and_the_bound_named(
    tmp_path: Path, limit: str, value: float, bound: str
) -> None:
    file = tmp_path / "entrega.toml"
    file.write_text(f"[smtp.providers.locaweb]\n{limit} = {value}\n", "utf-8")
    with pytest.raises(SettingError) as caught:
        load_settings(file)
    told = str(caught.value)
    assert f"smtp.providers.locaweb.{limit}" in told
    assert f"equal to {bound}" in told


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_wrong_configuration_names_the_setting(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "entrega.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingError) as caught:
        load_settings(file)
    assert told in str(caught.value)
    assert caught.value.remedy


def test_a_missing_configuration_is_an_error_only_where_it_was_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is not there"):
        load_settings(tmp_path / "none.toml")


def test_probing_is_off_until_it_has_an_identity(tmp_path: Path) -> None:
    assert not Settings().smtp.asks
    file = tmp_path / "entrega.toml"
    file.write_text('[smtp]\nhelo = "probe.example"\nmail_from = "probe@probe.example"\n', "utf-8")
    assert load_settings(file).smtp.asks


def test_the_environment_overrides_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "entrega.toml"
    file.write_text('[smtp]\nhelo = "file.example"\nport = 2525\n', "utf-8")
    monkeypatch.setenv("ENTREGA_SMTP__HELO", "environment.example")
    smtp = load_settings(file).smtp
    assert (smtp.helo, smtp.port) == ("environment.example", 2525)
