"""Tax ids are recognised, repaired only where their check digits prove it, and never raise."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.br import cnpj as stdnum_cnpj
from stdnum.br import cpf as stdnum_cpf
from stdnum.mx import rfc as stdnum_rfc

from checks.identity import TAX_IDS, check_tax_ids


def judged(text: str | None) -> tuple[str | None, str | None, str]:
    return check_tax_ids(pl.Series([text], dtype=pl.String())).row(0)


ALPHANUMERIC_AND_NUMERIC_CNPJ = [
    ("12ABC34501DE", "35"),  # the Receita Federal's own example
    ("00000000E08G", "12"),  # the first alphanumeric one issued: letters in the order only
    ("OGZP0N77444Y", "42"),
    ("000000000001", "91"),  # Banco do Brasil: leading zeros matter
    ("112223330001", "81"),
    ("114447770001", "61"),
    ("191312430001", "97"),
    ("336831110002", "80"),
    ("599522590001", "85"),
    ("340283160001", "03"),
    ("607011900001", "04"),
    ("075265570001", "00"),  # both remainders below two
    ("1345C3A50001", "06"),  # first remainder zero
    ("A1B2C3D40001", "93"),
    ("ABCDEFGHIJKL", "80"),
    ("ZZZZZZZZZZZZ", "62"),
    ("AAAAAAAA0001", "91"),
    ("00000000000A", "04"),
    ("11A22B33C44D", "19"),
    ("MX99ZZ0000AB", "45"),
    ("0A1B2C3D4E5F", "23"),
]


@pytest.mark.parametrize(("base", "digits"), ALPHANUMERIC_AND_NUMERIC_CNPJ)
def test_cnpj_vectors_hold_and_every_other_pair_of_check_digits_is_refused(
    base: str, digits: str
) -> None:
    found = check_tax_ids(pl.Series([f"{base}{pair:02d}" for pair in range(100)]))
    valid = found.filter(flag="valid")
    assert valid.rows() == [(base + digits, "cnpj", "valid")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("12ABC34501DE00", id="alphanumeric with wrong check digits"),
        pytest.param("12ABC34501DE45", id="computed with A = 10, a known mistake"),
        pytest.param("12ABC34501DEA5", id="a letter among the check digits"),
        pytest.param("46379400000141", id="numeric with a wrong check digit"),
        pytest.param("46379400000151", id="a public list's mistake"),
        pytest.param("52998224726", id="CPF with a wrong check digit"),
        pytest.param("***982247**", id="masked CPF"),
        pytest.param("5299822", id="too short"),
        pytest.param("529982247251", id="a digit too many"),
        pytest.param("GODE561331GR8", id="RFC of month 13"),
        pytest.param("GODE560230GR8", id="RFC of 30 February"),
        pytest.param("GODE550229GR8", id="RFC of 29 February in a common year"),
        pytest.param("GODE561231", id="RFC without its homoclave"),
        pytest.param("5.2998224725E10", id="scientific notation has lost digits"),
        pytest.param("1" * 100_000 + "2", id="far too long"),
    ],
)
def test_wrong_ids_are_invalid(text: str) -> None:
    assert judged(text) == (None, None, "invalid")


@pytest.mark.parametrize(
    ("text", "tax_id", "kind"),
    [
        pytest.param("529.982.247-25", "52998224725", "cpf", id="mask"),
        pytest.param(
            " 529 982 247 25\u200b\xa0", "52998224725", "cpf", id="spaces, invisible ones"
        ),
        pytest.param("CPF: 529.982.247-25", "52998224725", "cpf", id="label"),
        pytest.param("52998224725.0", "52998224725", "cpf", id="a number column saved as text"),
        pytest.param('="00123456797"', "00123456797", "cpf", id="spreadsheet text formula"),
        pytest.param("1234567 97", "00123456797", "cpf", id="two leading zeros lost"),
        pytest.param(
            "\uff15\uff12\uff19982247\uff12\uff15", "52998224725", "cpf", id="full-width digits"
        ),
        pytest.param("529.982.247\u201325", "52998224725", "cpf", id="en dash"),
        pytest.param("12.abc.345/01de-35", "12ABC34501DE35", "cnpj", id="lower case, masked"),
        pytest.param("7526557000100", "07526557000100", "cnpj", id="one leading zero lost"),
        pytest.param("360305000104", "00360305000104", "cnpj", id="two CNPJ zeros lost"),
        pytest.param("MAB-930714-8T4", "MAB9307148T4", "rfc", id="company RFC"),
        pytest.param("gode 561231 gr8", "GODE561231GR8", "rfc", id="person RFC"),
        pytest.param("VACE-460910-SX6", "VACE460910SX6", "rfc", id="check character not required"),
        pytest.param("ÑAÑ000229AB1", "ÑAÑ000229AB1", "rfc", id="enye, leap year 2000"),
        pytest.param("A&B990101AB1", "A&B990101AB1", "rfc", id="ampersand"),
        pytest.param("RFC: MAB930714 8T4", "MAB9307148T4", "rfc", id="RFC label"),
    ],
)
def test_written_forms_are_read(text: str, tax_id: str, kind: str) -> None:
    assert judged(text) == (tax_id, kind, "valid")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "  ",
        "-",
        "NÃO INFORMADO",
        "N/A",
        "0",
        "000.000.000-00",
        "11111111111",
        "99.999.999/9999-99",
        "123.456.789-09",
        "12345678909",
        "1234567890",
        "12.345.678/0001-95",
        "12345678901234",
        "XAXX010101000",
        "xexx-010101-000",
        "***.***.***-**",
    ],
)
def test_nothing_and_placeholders_are_missing(text: str | None) -> None:
    assert judged(text) == (None, None, "missing")


def test_rows_keep_their_order_and_number() -> None:
    raw = pl.Series(["x1", "52998224725", None, "52998224725", "x1", ""])
    found = check_tax_ids(raw)
    assert found.schema == TAX_IDS
    assert found["flag"].to_list() == ["invalid", "valid", "missing", "valid", "invalid", "missing"]


def test_an_empty_column_gives_an_empty_frame() -> None:
    assert check_tax_ids(pl.Series([], dtype=pl.String())).schema == TAX_IDS


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=20))
def test_any_text_has_an_answer(texts: list[str]) -> None:
    found = check_tax_ids(pl.Series(texts, dtype=pl.String()))
    assert found.height == len(texts)
    assert set(found["flag"]) <= {"valid", "invalid", "missing"}
    assert found.filter((pl.col("flag") == "valid") != pl.col("tax_id").is_not_null()).is_empty()


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{9}|[0-9]{12}|[0-9A-Z]{12}", fullmatch=True))
def test_cpf_and_cnpj_agree_with_stdnum_on_every_pair_of_check_digits(base: str) -> None:
    texts = [f"{base}{pair:02d}" for pair in range(100)]
    flags = check_tax_ids(pl.Series(texts))["flag"]
    for text, flag in zip(texts, flags, strict=True):
        holds = stdnum_cpf.is_valid(text) or stdnum_cnpj.is_valid(text)
        assert flag in {"valid" if holds else "invalid", "missing"}
    assert (flags == "missing").sum() <= 2  # repeated digits and the known examples are few


# stdnum also refuses the words that the tax authority avoids (BUEI ...): one is enough here
@settings(deadline=None)
@given(
    st.lists(
        st.from_regex(r"[B-D&Ñ]{3,4}[0-9]{2}[01][0-9][0-3][0-9][0-9A-Z]{2}[0-9A]", fullmatch=True)
    )
)
def test_rfc_agrees_with_stdnum(texts: list[str]) -> None:
    found = check_tax_ids(pl.Series(texts, dtype=pl.String()))
    expected = ["valid" if stdnum_rfc.is_valid(text) else "invalid" for text in texts]
    assert found["flag"].to_list() == expected
