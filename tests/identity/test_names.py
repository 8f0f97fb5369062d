"""Names fold to one key where they name one party, and to two where they do not."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.identity import NameReference, fold_names
from data.reference import load_name_reference


def key(name: str | None) -> str | None:
    folded = fold_names(pl.Series([name], dtype=pl.String()), load_name_reference())
    found: str | None = folded.item()
    return found


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("José da Conceição", "JOSE CONCEICAO"),
        ("MARIA DE LOS ÁNGELES GARCÍA Y LÓPEZ", "MARIA ANGELES GARCIA LOPEZ"),
        ("João D'Ávila Filho", "JOAO DAVILA FILHO"),  # Filho is another person
        ("Padaria Pão Bom Ltda - ME", "PADARIA PAO BOM"),
        ("PADARIA PAO BOM LTDA. EPP", "PADARIA PAO BOM"),
        ("Comercial Silva EIRELI", "COMERCIAL SILVA"),
        ("Banco Exemplo S/A", "BANCO EXEMPLO"),
        ("Banco Exemplo S.A.", "BANCO EXEMPLO"),
        ("Construtora Azul S.A. - Em Recuperação Judicial", "CONSTRUTORA AZUL"),
        ("Aceros del Norte, S.A. de C.V.", "ACEROS NORTE"),
        ("ACEROS DEL NORTE S A P I DE CV", "ACEROS NORTE"),  # letter by letter
        ("Servicios Luna S. de R.L. de C.V.", "SERVICIOS LUNA"),
        ("Financiera Sol SAPI de CV SOFOM ENR", "FINANCIERA SOL"),
        ("Oliveira & Souza Advogados", "OLIVEIRA SOUZA ADVOGADOS"),
        ("FULANO TAL 52998224725", "FULANO TAL"),  # individual entrepreneur, older form
        ("12.345.678 FULANO TAL", "FULANO TAL"),  # and the newer one
        ("S.A. de C.V.", "SA DE CV"),  # nothing else: kept
        ("Casa ET AD", "CASA ET AD"),  # no Bulgarian legal forms here
        ("3M do Brasil Ltda", "3M BRASIL"),
        ("  ", None),
        ("***", None),
        (None, None),
    ],
)
def test_name(name: str | None, folded: str | None) -> None:
    assert key(name) == folded


def test_accents_of_one_letter_or_two_code_points_are_the_same() -> None:
    assert key("Jos\u00e9") == key("Jose\u0301") == "JOSE"


def test_rows_keep_their_order() -> None:
    raw = pl.Series(["b", None, "a", "b"])
    assert fold_names(raw, load_name_reference()).to_list() == ["B", None, "A", "B"]


def test_without_lists_only_writing_is_folded() -> None:
    nothing = NameReference(frozenset(), frozenset())
    assert fold_names(pl.Series(["Pão & Cia Ltda."]), nothing).to_list() == ["PAO E CIA LTDA"]


@settings(deadline=None)
@given(st.lists(st.text(max_size=60)))
def test_folding_a_key_again_changes_nothing_but_more_of_the_same(names: list[str]) -> None:
    reference = load_name_reference()
    once = fold_names(pl.Series(names, dtype=pl.String()), reference)
    assert len(once) == len(names)
    assert not once.drop_nulls().str.contains(r"^\s|\s$|\s\s|[a-z]").any()
