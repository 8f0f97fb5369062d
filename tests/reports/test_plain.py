"""Outside text, made harmless to look at."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.plain import mask_tax_ids, plain


@given(st.text(max_size=400), st.integers(min_value=1, max_value=200))
def test_plain_text_is_bounded_and_visible(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in shown)
    assert not any(unicodedata.bidirectional(c) in BIDI for c in shown)


BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


@given(st.text(max_size=400))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("José da Silva", "José da Silva"),  # accents stay
        ("  a \t b\n", "a b"),
        ("a\u200bb", "a b"),  # a zero-width mark hides nothing any more
        ("", ""),
    ],
)
def test_ordinary_text(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "111.444.777-35",
        "ANA SOUZA 11144477735",  # a sole trader's registered name ends with the CPF
        "CPF: 111.444.777-35, ativo",
        "GODE561231GR8",
        "RFC GODE561231GR8.",
        "ABC680524P76",
    ],
)
def test_a_person_s_tax_id_is_masked(text: str) -> None:
    assert "•••" in mask_tax_ids(text)
    assert not any(part in mask_tax_ids(text) for part in ("111", "444", "561231", "680524"))


@pytest.mark.parametrize(
    "text", ["+5511999990000", "contrato 00012345", "12.ABC.345/01DE-35", "11144477735000"]
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_tax_ids(text) == text
