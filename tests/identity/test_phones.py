"""Phones become E.164 where somebody could answer, and nothing otherwise."""

from __future__ import annotations

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.identity import check_phones


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("+55 11 98765-4321", "BR", "+5511987654321"),
        ("5511987654321", "BR", "+5511987654321"),
        ("0055 11 98765 4321", "BR", "+5511987654321"),
        ("011 98765-4321", "BR", "+5511987654321"),
        ("0 15 11 98765-4321", "BR", "+5511987654321"),  # carrier code
        ("11 8765-4321", "BR", "+5511987654321"),  # the register's eight digits: ninth added
        ("11 3456-7890", "BR", "+551134567890"),
        ("55 3456-7890", "BR", "+555534567890"),  # area code 55 is not the country code
        ("(11) 3456-7890 ramal 12", "BR", "+551134567890"),
        ("11987654321.0", "BR", "+5511987654321"),
        ("98765-4321", "BR", None),  # no area code
        ("20 98765-4321", "BR", None),  # area code 20 does not exist
        ("11 99999-9999", "BR", None),
        ("11 1234-5678", "BR", None),
        ("0800 123 4567", "BR", None),  # toll-free reaches no debtor
        ("nao tem", "BR", None),
        ("", "BR", None),
        (None, "BR", None),
        ("9" * 100_000, "BR", None),
        ("+1 650 253 0000", "BR", "+16502530000"),  # another country's, by its +
        ("+999 123", "BR", None),
        ("55 5123 4567", "MX", "+525551234567"),
        ("+52 1 55 5123 4567", "MX", "+525551234567"),
        ("5215551234567", "MX", "+525551234567"),
        ("01 55 5123 4567", "MX", "+525551234567"),
        ("045 55 5123 4567", "MX", "+525551234567"),
        ("5555555555", "MX", None),
        ("5123 4567", "MX", None),  # local form of before 2019
        ("020 7946 0018", "GB", "+442079460018"),  # any other country: the library's own rules
    ],
)
def test_phone(raw: str | None, country: str, phone: str | None) -> None:
    assert check_phones(pl.Series([raw], dtype=pl.String()), country).to_list() == [phone]


def test_rows_keep_their_order() -> None:
    raw = pl.Series(["x", "11 3456-7890", None, "x", "11 3456-7890"])
    expected = [None, "+551134567890", None, None, "+551134567890"]
    assert check_phones(raw, "BR").to_list() == expected


@pytest.mark.parametrize("country", ["BR", "MX"])
@settings(deadline=None)
@given(numbers=st.lists(st.from_regex(r"[1-9][0-9]{9,10}", fullmatch=True)))
def test_what_is_given_is_valid_for_the_library(country: str, numbers: list[str]) -> None:
    for phone in check_phones(pl.Series(numbers, dtype=pl.String()), country).drop_nulls():
        parsed = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == phone


@settings(deadline=None)
@given(st.lists(st.text(max_size=30)), st.sampled_from(["BR", "MX", "US", "zz"]))
def test_any_text_has_an_answer(texts: list[str], country: str) -> None:
    phones = check_phones(pl.Series(texts, dtype=pl.String()), country)
    assert len(phones) == len(texts)
    assert phones.drop_nulls().str.contains(r"^\+[0-9]{7,15}$").all()
