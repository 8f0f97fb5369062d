"""The configuration: every wrong key and value is one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.errors import SettingError
from checks.mailbox.proxy import Login, Proxy
from flows.commands.config import default_settings
from flows.configuration import load_settings
from flows.proxy import LOGIN_VARIABLE, proxy_of
from flows.settings import Settings, SmtpSettings

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
        '[smtp]\nproxy = "socks5://ana:secret@10.0.0.1:1080"',
        "is not socks5://host:port",
        id="a proxy's password is no part of its address",
    ),
    pytest.param(
        '[smtp]\nproxy = "socks5://10.0.0.1:1080"\nsource_addresses = ["192.0.2.1"]',
        "exclude each other",
        id="a proxy calls from its own address",
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
    assert "secret" not in str(caught.value)


def test_a_setting_of_a_mistyped_name_is_answered_with_the_one_that_may_be_meant(
    tmp_path: Path,
) -> None:
    file = tmp_path / "entrega.toml"
    file.write_text('[smtp]\nhello = "probe.example"\n', "utf-8")
    with pytest.raises(SettingError, match=r"'smtp\.helo' may be meant"):
        load_settings(file)


def test_a_wrong_setting_of_the_environment_is_not_looked_for_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "entrega.toml"
    file.write_text("[gate]\ncanary = 7\n", "utf-8")
    monkeypatch.setenv("ENTREGA_GATE__ON_RED", "maybe")
    with pytest.raises(SettingError) as caught:
        load_settings(file)
    assert "in the environment (ENTREGA_GATE__ON_RED)" in str(caught.value)
    assert file.name not in str(caught.value)


def test_every_setting_has_a_meaning() -> None:
    assert [item.key for item in default_settings() if not item.meaning] == []


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


def test_a_proxys_login_comes_from_a_file_or_the_environment_and_is_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "login").write_text("ana:se:cret\n", "utf-8")
    smtp = SmtpSettings(proxy="socks5://[2001:db8::1]:1080", proxy_login=tmp_path / "login")
    assert proxy_of(smtp) == Proxy("2001:db8::1", 1080, Login("ana", "se:cret"))
    monkeypatch.setenv(LOGIN_VARIABLE, "bia:other")
    named = proxy_of(SmtpSettings(proxy="socks5://proxy.example:1080"))
    assert named == Proxy("proxy.example", 1080, Login("bia", "other"))
    assert "other" not in repr(named)
    monkeypatch.setenv(LOGIN_VARIABLE, "nobody")
    with pytest.raises(SettingError) as caught:
        proxy_of(SmtpSettings(proxy="socks5://proxy.example:1080"))
    assert "nobody" not in str(caught.value)
    assert proxy_of(SmtpSettings()) is None
