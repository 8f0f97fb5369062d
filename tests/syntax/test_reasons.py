"""Every reason that needs no server, with the cases it is for and those it must spare."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from checks.frames import SYNTAX
from checks.model import SYNTAX_REASONS, VERDICT_OF, Reason
from checks.syntax import SyntaxReference, check_syntax
from data.reference import load_syntax_reference

Judge = Callable[[str], dict[str, Any]]

CASES = {
    Reason.NO_AT: ["analima", "analimagmail.com", "www.empresa.com.br", "ana\uff20gmail.com", ""],
    Reason.TWO_ATS: ["ana@@gmail.com", "ana@lima@gmail.com", "ana@gmail.com;bia@gmail.com"],
    Reason.BAD_LOCAL_PART: [
        "ana lima@gmail.com",
        "ana..lima@gmail.com",
        ".ana@gmail.com",
        "ana,lima@gmail.com",
        "@gmail.com",
        '"ana"@gmail.com',
        '"ana@lima"@gmail.com',
        "Ana <ana@gmail.com>",
    ],
    Reason.BAD_DOMAIN: [
        "ana@gmail",
        "ana@gmail,com",
        "ana@gmail.com.",
        "ana@empresa_azul.com.br",
        "ana@-empresa.com.br",
        "ana@[192.0.2.1]",
        "ana@xn--0.com",
        "ana@empresa.c0",
    ],
    Reason.TOO_LONG: [
        "a" * 250 + "@gmail.com",
        "ana@" + "b" * 64 + ".com",
        "ana@" + ".".join(["b" * 60] * 5) + ".com",
        "a" * 1_000_000,
    ],
    Reason.CONTROL_CHARACTER: [
        "ana\x00@gmail.com",
        "ana\u200b@gmail.com",
        "ana\u202e@gmail.com",
        "ana@gmail.com\r\nRCPT TO:<bia@gmail.com>",
    ],
    Reason.MIXED_SCRIPT: [
        "\u0430na@gmail.com",  # Cyrillic a
        "ana@em\u0440resa.com",  # Cyrillic er
        "\u03bbana@empresa.com",
        "\u0430\u03bb@empresa.com",  # Cyrillic and Greek, no Latin
    ],
    Reason.PLACEHOLDER: [
        "naotem@gmail.com",
        "NAO.TEM@GMAIL.COM",
        "nao_tem_email@hotmail.com",
        "NÃO TEM",
        "não possui e-mail",
        "nao@informado.com.br",
        "nao@informado",
        "sem@email",
        "sem@email.com.br",
        "sememail@empresa.com.br",
        "SEM E-MAIL",
        "no tiene correo",
        "notiene@hotmail.com",
        "sin@correo.com",
        "sincorreo@empresa.com.mx",
        "teste@teste.com",
        "test@test.com",
        "xxx@xxx.com",
        "xxxxx@gmail.com",
        "00000@gmail.com",
        "aaaaaa@hotmail.com",
        "cliente@naotem.com.br",
        "isento",
        "n/a",
        "noemail@empresa.com",
    ],
    Reason.SPECIAL_USE_DOMAIN: [
        "ana@empresa.test",
        "ana@empresa.example",
        "ana@example.com",
        "ana@mail.example.org",
        "ana@servidor.local",
        "ana@localhost",
        "ana@empresa.invalid",
        "ana@1.2.3.in-addr.arpa",
    ],
    Reason.DISPOSABLE: ["ana@mailinator.com", "ana@caixa.mailinator.com"],
    Reason.SUSPECTED_TYPO: [
        "ana@gmial.com",
        "ana@hotmail.con",
        "ana@hotamil.com",
        "ana@empresa.com.b",
        "ana@empresa.combr",
    ],
}


@pytest.mark.parametrize("reason", CASES)
def test_reason(reason: Reason, reference: SyntaxReference) -> None:
    found = check_syntax(pl.Series(CASES[reason]), reference)
    expected = dict.fromkeys(CASES[reason], (reason, VERDICT_OF[reason]))
    rows = found.select("email_raw", "reason", "verdict").iter_rows()
    assert {text: (why, verdict) for text, why, verdict in rows} == expected


def test_every_reason_of_the_table_has_cases() -> None:
    assert CASES.keys() >= SYNTAX_REASONS


@pytest.mark.parametrize(
    "text",
    [
        "ana.lima@gmail.com",
        "naotemia@gmail.com",  # begins like a placeholder
        "renato.semedo@gmail.com",
        "teste.silva@gmail.com",
        "cliente.feliz@gmail.com",
        "xavier@gmail.com",
        "nd@empresa.com.br",  # initials
        "na@empresa.com.br",
        "jjj@empresa.com.br",
        "sem@empresa.com.br",
        "nao.informe@gmail.com",
        "petrobras@petrobras.com.br",  # a company's own name twice is no placeholder
        "ana@testemunha.com.br",
        "ana@naotemigual.com.br",
        "ana@locallink.com.br",  # ends like nothing reserved
        "ana@meutest.com",
        "jeff\u8449@empresa.tw",  # Latin with Han: allowed by UTS #39
        "\u044e\u0437\u0435\u0440@empresa.com",  # one script before, another after the at-sign
        "ana@mailinator.com.br",
    ],
)
def test_real_looking_addresses_are_spared(text: str, judge: Judge) -> None:
    found = judge(text)
    assert (found["verdict"], found["reason"]) == (None, None)


def test_special_use_names_pass_where_a_lab_lets_them() -> None:
    lab = load_syntax_reference(allow_special_use=True)
    texts = ["ana@empresa.test", "ana@empresa.invalid", "ana@empresa.example", "ana@example.com"]
    assert check_syntax(pl.Series(texts), lab)["verdict"].is_null().all()


def test_hostile_lengths_cost_nothing(reference: SyntaxReference) -> None:
    long = 1_000_000
    texts = [
        "a" * long,
        "@" * long,
        "a@" + "b." * (long // 2),
        "a@" + "\u0660" * (long // 2) + ".com",
        "a@xn--" + "9" * long + ".com",
        '"' + "\\" * long,
        " " * long + "ana@gmail.com",
        "\u0301" * (long // 2) + "@gmail.com",
        "<" * long,
    ]
    start = time.perf_counter()
    found = check_syntax(pl.Series(texts), reference)
    assert time.perf_counter() - start < 10  # nine hostile megabytes on a busy machine
    assert set(found["verdict"]) == {"undeliverable"}


def test_frame_is_one_row_per_distinct_text(reference: SyntaxReference) -> None:
    texts = [
        "ana@gmail.com",
        "ANA@gmail.com",
        "ana@gmail.com",
        "x",
        "x",
        None,
        "jo\u00e3o@b\u00fc.de",
    ]
    found = check_syntax(pl.Series(texts), reference)
    assert found.schema == SYNTAX
    assert sorted(found["email_raw"]) == sorted({text for text in texts if text is not None})


def test_order_of_rows_changes_nothing(reference: SyntaxReference) -> None:
    texts = pl.Series([text for cases in CASES.values() for text in cases if len(text) < 300])
    one = check_syntax(texts, reference).sort("email_raw")
    other = check_syntax(texts.reverse(), reference).sort("email_raw")
    assert one.equals(other)


@pytest.mark.parametrize("texts", [[], [None]])
def test_nothing_gives_an_empty_frame(texts: list[None], reference: SyntaxReference) -> None:
    found = check_syntax(pl.Series(texts, dtype=pl.String()), reference)
    assert (found.schema, found.height) == (SYNTAX, 0)


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("Ana.Lima@Gmail.COM", "ana.lima@gmail.com"),
        ("JO\u00c3O@GMAIL.COM", "jo\u00e3o@gmail.com"),
        ("joa\u0303o@gmail.com", "jo\u00e3o@gmail.com"),  # NFC
        ("ana@B\u00dcCHER.de", "ana@xn--bcher-kva.de"),
        ("ana@\u212aiosk.com", "ana@kiosk.com"),
        (" ana@gmail,com\u200b", "ana@gmail,com"),  # impossible: the text, trimmed
    ],
)
def test_normal_form(raw: str, address: str, judge: Judge) -> None:
    assert judge(raw)["address"] == address


@pytest.mark.parametrize(
    "raw", [" ana@gmail.com", "ana@gmail.com \t", "\ufeffana@gmail.com", "\u200bana@gmail.com\xa0"]
)
def test_invisible_characters_around_are_refused_or_taken_off(
    raw: str, reference: SyntaxReference
) -> None:
    as_it_stands = check_syntax(pl.Series([raw]), reference).row(0, named=True)
    trimmed = check_syntax(pl.Series([raw]), reference, trim=True).row(0, named=True)
    assert (as_it_stands["verdict"], as_it_stands["suggestion"]) == (
        "undeliverable",
        "ana@gmail.com",
    )
    assert (trimmed["email_raw"], trimmed["address"], trimmed["verdict"]) == (
        raw,
        "ana@gmail.com",
        None,
    )
