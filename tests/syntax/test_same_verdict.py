"""Valid or not is email-validator's verdict, on ordinary, odd and hostile text alike."""

from __future__ import annotations

import polars as pl
import pytest
from email_validator import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.model import Reason
from checks.syntax import SyntaxReference, check_syntax

OWN_REASONS = {Reason.PLACEHOLDER, Reason.SPECIAL_USE_DOMAIN, Reason.MIXED_SCRIPT}


def library_accepts(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except ValueError:
        return False
    return True


def assert_same_verdict(texts: list[str], reference: SyntaxReference) -> None:
    found = check_syntax(pl.Series(texts, dtype=pl.String()), reference)
    assert sorted(found["email_raw"]) == sorted(set(texts))
    for text, verdict, reason in found.select("email_raw", "verdict", "reason").iter_rows():
        if library_accepts(text):
            assert verdict != "undeliverable" or reason in OWN_REASONS, text
        else:
            assert verdict == "undeliverable", text


@pytest.mark.parametrize(
    "text",
    [
        "ana.lima@provedor.com.br",
        "ANA.LIMA@PROVEDOR.COM.BR",
        "!#$%&'*+-/=?^_`{|}~@provedor.com",
        "joão.ñandú@provedor.com",
        "ana@xn--bcher-kva.com",
        "ana@bücher.com",
        "ana@a--b.com",
        "ana@ab--c.com",
        "ana@123.com",
        "ana@provedor.c0m",
        "ana@provedor.com1",
        "ana@provedor",
        "ana@test",
        "ana@-provedor.com",
        "ana@provedor-.com",
        "ana@provedor.com.",
        "ana@.provedor.com",
        "ana@provedor..com",
        ".ana@provedor.com",
        "ana.@provedor.com",
        "ana..lima@provedor.com",
        " ana@provedor.com",
        "ana@provedor.com\n",
        "ana lima@provedor.com",
        "ana@prove dor.com",
        "ana@prove_dor.com",
        "ana@@provedor.com",
        "ana@lima@provedor.com",
        "@provedor.com",
        "ana@",
        "@",
        "",
        '"ana"@provedor.com',
        '"ana@lima"@provedor.com',
        "Ana <ana@provedor.com>",
        "<ana@provedor.com>",
        "ana@[192.0.2.1]",
        "ana@[IPv6:2001:db8::1]",
        "ana(comentario)@provedor.com",
        "ana\u200b@provedor.com",
        "ana\u0301@provedor.com",
        "\u0301ana@provedor.com",
        "\u212aana@provedor.com",  # Kelvin sign: lower case is an ASCII k
        "\u0130ana@provedor.com",  # capital I with dot: lower case is two characters
        "ana@\u212aprovedor.com",
        "ana@provedor\uff0ecom",  # full-width stop: a dot after mapping
        "ana@\u2488provedor.com",  # digit with full stop
        "ana\uff20provedor.com",
        "ana@provedor.\u0441om",
        "a" * 64 + "@provedor.com",
        "a" * 65 + "@provedor.com",  # past 64: the library, not being strict, takes it
        "ana@" + "b" * 63 + ".com",
        "ana@" + "b" * 64 + ".com",
        "é" * 100 + "@provedor.com",
        "é" * 130 + "@provedor.com",
        "ana@" + ".".join(["b" * 49] * 5) + ".com",
        "a@" + ".".join(["b" * 61] * 4) + ".com",
        "ana@1.xn--4dbc.com",  # right-to-left label beside a digit
        "ana@" + "\u0660" * 60 + ".com",
    ],
)
def test_text_by_text(text: str, reference: SyntaxReference) -> None:
    assert_same_verdict([text], reference)


NEAR_ADDRESSES = st.lists(
    st.sampled_from(
        [
            *"abz09AZ.-_@+!\"'<>[]()\\/,; \t\n",
            *("..", "--", "@@", "xn--", "com", ".com", "gmail.com", "test", "local", "invalid"),
            *("é", "Ñ", "ß", "\u1e9e", "\u0130", "\u212a", "\u03bb", "\u0430", "\u8449", "\u30c4"),
            *("\u0301", "\u200b", "\u202e", "\uff0e", "\u3002", "\uff0d", "\u00ad", "\u0660"),
            *("\u05d0", "\u037e", "\u1fef", "\u2460", "\ufb01", "\u2028", "\x7f", "\x85", "\xd7"),
            *("a" * 63, "b" * 64, "é" * 30, "\U0001f642"),
        ]
    ),
    max_size=10,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            NEAR_ADDRESSES,
            st.builds("{}@{}.com".format, NEAR_ADDRESSES, NEAR_ADDRESSES),
            st.emails(),
            st.text(),
        ),
        max_size=30,
    )
)
@example(["ana@Provedor.com", "ana@provedor.com", "ana@Provedor.com"])
def test_any_texts(reference: SyntaxReference, texts: list[str]) -> None:
    assert_same_verdict(texts, reference)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.emails(), NEAR_ADDRESSES), max_size=20))
def test_an_address_judged_again_is_itself(reference: SyntaxReference, texts: list[str]) -> None:
    first = check_syntax(pl.Series(texts, dtype=pl.String()), reference)
    shaped = first.filter(pl.col("domain").is_not_null())
    again = check_syntax(shaped["address"], reference)
    assert again.filter(pl.col("address") != pl.col("email_raw")).is_empty()
    assert sorted(again["address"]) == sorted(set(shaped["address"]))
