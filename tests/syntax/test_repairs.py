"""What was probably meant is proposed, beside the verdict; what may be real is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.syntax import SyntaxReference, check_syntax
from checks.syntax.likeness import typing_cost

Judge = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize(
    ("text", "verdict", "suggestion"),
    [
        # impossible shapes stay undeliverable
        ("ana@gmail,com", "undeliverable", "ana@gmail.com"),
        ("ana@gmail;com", "undeliverable", "ana@gmail.com"),
        ("ana@@gmail.com", "undeliverable", "ana@gmail.com"),
        ("ana@gmail.com.", "undeliverable", "ana@gmail.com"),
        ("ana@gmail..com", "undeliverable", "ana@gmail.com"),
        ("ana@.gmail.com", "undeliverable", "ana@gmail.com"),
        ("ana.@gmail.com", "undeliverable", "ana@gmail.com"),
        ("ana lima@gmail.com", "undeliverable", "analima@gmail.com"),
        ("ana@gmail .com", "undeliverable", "ana@gmail.com"),
        ("ana@gmailcom", "undeliverable", "ana@gmail.com"),
        ("ana@yahoocombr", "undeliverable", "ana@yahoo.com.br"),
        ("ana@gmail", "undeliverable", "ana@gmail.com"),
        ("analimagmail.com", "undeliverable", "analima@gmail.com"),
        ("ana.lima@hotmail,con", "undeliverable", "ana.lima@hotmail.com"),
        ("ana@gmial,com", "undeliverable", "ana@gmail.com"),
        ("ana\uff20gmail.com", "undeliverable", "ana@gmail.com"),
        ("ana(at)gmail.com", "undeliverable", "ana@gmail.com"),
        ("ana arroba gmail.com", "undeliverable", "ana@gmail.com"),
        ("mailto:ana@gmail.com", "undeliverable", "ana@gmail.com"),
        ("Ana Lima <ana@gmail.com>", "undeliverable", "ana@gmail.com"),
        ("(ana@gmail.com)", "undeliverable", "ana@gmail.com"),
        ("ana\u200b@gmail.com", "undeliverable", "ana@gmail.com"),
        ("ana@empresa,com,br", "undeliverable", "ana@empresa.com.br"),
        # known misspellings are risky
        ("ana@gmial.com", "risky", "ana@gmail.com"),
        ("ANA@HOTAMIL.COM", "risky", "ana@hotmail.com"),
        ("ana@hotmail.con", "risky", "ana@hotmail.com"),
        ("ana@gmial.con", "risky", "ana@gmail.com"),
        ("ana@yahoo.com.b", "risky", "ana@yahoo.com.br"),
        ("ana@empresa.com.b", "risky", "ana@empresa.com.br"),
        ("ana@empresa.combr", "risky", "ana@empresa.com.br"),
        ("ana@empresa.cmo", "risky", "ana@empresa.com"),
        ("ana@empresa.com.mxx", "risky", "ana@empresa.com.mx"),
        ("ana@uol.com.b", "risky", "ana@uol.com.br"),
        # near a popular domain, and perhaps somebody's own: only proposed
        ("ana@hptmail.com.br", None, "ana@hotmail.com.br"),
        ("ana@gmail.com.br", None, "ana@gmail.com"),
        ("ana@protonmial.com", None, "ana@protonmail.com"),
        ("ana@gmail.c", None, "ana@gmail.com"),
        ("ana@gm\u00e1il.com", None, "ana@gmail.com"),
    ],
)
def test_proposal(text: str, verdict: str | None, suggestion: str, judge: Judge) -> None:
    found = judge(text)
    assert (found["verdict"], found["suggestion"]) == (verdict, suggestion)
    assert found["email_raw"] == text


@pytest.mark.parametrize(
    "text",
    [
        "ana@gmail.com",
        "ana@ymail.com",
        "ana@email.com",
        "ana@mail.com",
        "ana@hotmail.es",
        "ana@hotmail.com.br",
        "ana@outlook.com.br",
        "ana@yahoo.com.ar",
        "ana@terra.es",
        "ana@mailw.com",
        "ana@mailo.com",
        "ana@sol.com.br",  # one letter from uol and bol: short names have real neighbours
        "ana@aol.com",
        "ana@googlemail.com",
        "ana@empresa.co",  # Colombia
        "ana@empresa.cm",  # Cameroon
        "ana@gmail.de",
        "ana@empresa.com.br",
        "ana@gm\u0430il.com",  # Cyrillic a: never carried across scripts
        "\u0430na@gmial.com",
        "ana@lima@gmail.com",
        "naotem@gmial.com",
        "www.acme.com",
        "ana2gmail.com",  # a 2 may be the at-sign's key, or part of the name
        "ana@empresa_azul.com.br",
        "ana@xn--0.com",
        "",
        "@",
        "ana",
        "a" * 1000 + "@gmail,com",
    ],
)
def test_no_proposal(text: str, judge: Judge) -> None:
    assert judge(text)["suggestion"] is None


def test_the_nearest_is_proposed_not_the_first(reference: SyntaxReference) -> None:
    # hotmail.com stands before outlook.com and ymail.com after gmail.com in the list
    texts = ["a@outlookk.com", "a@gmaol.com", "a@oitlook.com", "a@jotmail.com", "a@protonmai.com"]
    found = check_syntax(pl.Series(texts), reference)
    meant = dict(zip(found["email_raw"], found["suggestion"], strict=True))
    assert meant == {
        "a@outlookk.com": "a@outlook.com",
        "a@gmaol.com": "a@gmail.com",
        "a@oitlook.com": "a@outlook.com",
        "a@jotmail.com": "a@hotmail.com",
        "a@protonmai.com": "a@protonmail.com",
    }


@pytest.mark.parametrize(
    ("written", "meant", "cost"),
    [
        ("gmail.com", "gmail.com", 0.0),
        ("gmial.com", "gmail.com", 0.5),  # swapped
        ("gnail.com", "gmail.com", 0.5),  # n beside m
        ("gmaill.com", "gmail.com", 0.5),  # doubled
        ("outlok.com", "outlook.com", 0.5),  # undoubled
        ("gpail.com", "gmail.com", 1.0),
        ("gail.com", "gmail.com", 1.0),
        ("", "abc", 3.0),
    ],
)
def test_typing_cost(written: str, meant: str, cost: float) -> None:
    assert typing_cost(written, meant) == cost


NAMES = st.text(alphabet="gmailhotyn.com", max_size=12)


@settings(deadline=None)
@given(NAMES, NAMES)
def test_typing_cost_is_symmetric_and_zero_only_for_equals(one: str, other: str) -> None:
    assert typing_cost(one, other) == typing_cost(other, one)
    assert (typing_cost(one, other) == 0) == (one == other)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            "{}{}{}".format,
            st.text(max_size=8),
            st.sampled_from(["@", "@@", " at ", "", "\uff20"]),
            st.sampled_from(
                ["gmail,com", "hotmail.con", "gmial.com", "gmail", "x.com.b", "y..com"]
            ),
        ),
        max_size=20,
    )
)
def test_every_proposal_is_an_address_with_nothing_against_it(
    reference: SyntaxReference, texts: list[str]
) -> None:
    proposals = check_syntax(pl.Series(texts, dtype=pl.String()), reference)["suggestion"]
    judged = check_syntax(proposals.drop_nulls(), reference)
    spared = pl.col("reason").is_null() | (pl.col("reason") == "placeholder")
    assert judged.filter(~spared).is_empty()
    assert judged.filter(pl.col("address") != pl.col("email_raw")).is_empty()
