"""Role, free and disposable: what kind of mailbox an address is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from checks.syntax import SyntaxReference, check_syntax, has_role

Judge = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize(
    ("text", "is_role", "is_free", "is_disposable"),
    [
        ("ana.lima@gmail.com", False, True, False),
        ("ANA@UOL.COM.BR", False, True, False),
        ("ana@prodigy.net.mx", False, True, False),
        ("ana@globo.com", False, True, False),
        ("ana@empresa.com.br", False, False, False),
        ("ana@mailinator.com", False, False, True),
        ("ana@caixa.mailinator.com", False, False, True),
        ("ana@yandex.com", False, True, False),
        ("financeiro@empresa.com.br", True, False, False),
        ("FINANCEIRO@EMPRESA.COM.BR", True, False, False),
        ("contasapagar@empresa.com.br", True, False, False),
        ("contas.a.pagar@empresa.com.br", True, False, False),
        ("contas-a-pagar02@empresa.com.br", True, False, False),
        ("cuentasporpagar@empresa.com.mx", True, False, False),
        ("facturacion+proveedor@empresa.com.mx", True, False, False),
        ("cobranza@empresa.com.mx", True, False, False),
        ("postmaster@empresa.com", True, False, False),
        ("no-reply@empresa.com", True, False, False),
        ("contato@gmail.com", True, True, False),
        ("contato.ana@gmail.com", False, True, False),
        ("financeirosilva@gmail.com", False, True, False),
        ("ana.fiscal@gmail.com", False, True, False),
        ("vendas12345@gmail.com", False, True, False),
        ("n\u00e3o \u00e9 endere\u00e7o", False, False, False),
        ("financeiro@gmail,com", False, False, False),  # an impossible shape has no kind
    ],
)
def test_flags(text: str, is_role: bool, is_free: bool, is_disposable: bool, judge: Judge) -> None:  # noqa: FBT001 - a table's columns
    found = judge(text)
    assert [found[flag] for flag in ("is_role", "is_free", "is_disposable")] == [
        is_role,
        is_free,
        is_disposable,
    ]


def test_disposable_wins_where_the_lists_overlap(reference: SyntaxReference) -> None:
    both = sorted(reference.free_domains & reference.disposable_domains)
    assert len(both) > 100
    found = check_syntax(pl.Series([f"ana@{domain}" for domain in both]), reference)
    assert found["is_disposable"].all()
    assert not found["is_free"].any()


def test_finance_mailboxes_are_told_from_other_offices(reference: SyntaxReference) -> None:
    addresses = pl.DataFrame({"x": ["nfe@a.test", "cuentas.por.pagar@a.test", "vendas@a.test"]})
    finance = addresses.select(has_role(pl.col("x"), reference.finance_roles)).to_series()
    assert finance.to_list() == [True, True, False]
