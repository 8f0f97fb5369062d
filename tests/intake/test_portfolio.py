"""Rows understood together: who is one debtor, what is owed, which word counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from data.intake import IntakeSettings, Portfolio, creditor_slugs, fold_debtors
from data.intake.identify import identify_rows
from data.intake.invoices import find_invoices
from data.intake.rows import ROWS

Reader = Callable[..., Portfolio]

FOLDED = """credor;id;nome;cpf;email;fone;fatura;valor;moeda;vencimento;fornecido por;data cadastro
Loja A;1;Ana Exemplo;111.444.777-35;a@x.example;11 98765-0101;F1;10,00;;01/02/2026;credor;01/01/2020
Loja A;1;Ana Exemplo;;a@x.example;;F2;20,50;;01/01/2026;devedor;01/01/2019
Loja A;1;Anna Exemplo;000.000.000-00;b@x.example;;F2;20,50;;01/01/2026;;
Loja A;1;Ana Exemplo;;a@x.example;;C9;5,00;;10/01/2026;assessoria;01/01/2026
Loja A;1;Ana Exemplo;;;;C9;5,00;;10/02/2026;;
Loja A;2;Bia;123;x@y.example;;;1,00;;;;
Loja A;2;Bia;;x@y.example;;;1,00;;;;
Loja A;2;Bia;;x@y.example;;;;;;;
LOJA B;1;Outra Pessoa;;o@x.example;;F1;7,00;US$;01/02/2026;;
LOJA B;3;Caio;;c@x.example;;F3;abc;;99/99/2026;;
LOJA B;;Davi;168.995.350-09;d@x.example;;F4;1,00;;;;
LOJA B;;Eva;168.995.350-00;e@x.example;;F5;1,00;;;;
LOJA B;;Eva;168.995.350-00;e2@x.example;;F6;1,00;;;;
LOJA B;;Flor;;f@x.example;;F7;1,00;;;;
LOJA B;;Flor;;f@x.example;;F8;1,00;;;;
"""


@pytest.fixture
def folded(read: Reader) -> Portfolio:
    """Return the portfolio of the table above."""
    settings = IntakeSettings(
        legal_basis="contract",
        legal_source="credor",
        legal_date=date(2025, 5, 5),
    )
    return read(FOLDED.encode(), settings=settings)


def test_rows_fold_to_debtors_of_their_creditor(folded: Portfolio) -> None:
    debtors = folded.debtors.select("creditor_id", "debtor_id", "name", "tax_id", "tax_id_flag")
    digest = debtors.item(6, "debtor_id")
    assert debtors.rows() == [
        ("loja-a", "1", "Ana Exemplo", "11144477735", "valid"),
        ("loja-a", "2", "Bia", None, "missing"),
        ("loja-b", "1", "Outra Pessoa", None, "missing"),
        ("loja-b", "16899535000", "Eva", None, "invalid"),
        ("loja-b", "16899535009", "Davi", "16899535009", "valid"),
        ("loja-b", "3", "Caio", None, "missing"),
        ("loja-b", digest, "Flor", None, "missing"),
    ]
    assert digest.startswith("sem-id-")


def test_repeated_rows_are_one_invoice_and_instalments_are_several(folded: Portfolio) -> None:
    owed = folded.invoices.filter(pl.col("creditor_id") == "loja-a")
    assert owed.select("debtor_id", "invoice_id", "amount").rows() == [
        ("1", "C9", Decimal("5.00")),
        ("1", "C9/2", Decimal("5.00")),
        ("1", "F1", Decimal("10.00")),
        ("1", "F2", Decimal("20.50")),
        ("2", "fatura-1", Decimal("1.00")),
        ("2", "fatura-2", Decimal("1.00")),
    ]
    first = folded.debtors.row(0, named=True)
    assert (first["invoices"], first["amount"]) == (4, Decimal("40.50"))
    assert (first["due_date"], first["phone"]) == (date(2026, 1, 1), "+5511987650101")


def test_what_cannot_be_read_is_null_and_counted_not_quarantined(folded: Portfolio) -> None:
    caio = folded.invoices.filter(pl.col("debtor_id") == "3").row(0, named=True)
    assert (caio["amount"], caio["due_date"], caio["currency"]) == (None, None, "BRL")
    assert folded.sums.unreadable == {"amount": 1, "due_date": 1}
    assert folded.quarantine.is_empty()
    other = folded.invoices.filter(creditor_id="loja-b", debtor_id="1")
    assert other.item(0, "currency") == "USD"


def test_of_several_sources_the_most_trusted_counts(folded: Portfolio) -> None:
    contacts = folded.contacts.filter(creditor_id="loja-a")
    columns = ("email_raw", "source", "source_date", "legal_basis")
    assert contacts.select(columns).rows() == [
        ("a@x.example", "debtor", date(2019, 1, 1), "contract"),
        ("b@x.example", "creditor", date(2025, 5, 5), "contract"),
        ("x@y.example", "creditor", date(2025, 5, 5), "contract"),
    ]


def test_the_order_of_rows_and_files_changes_nothing(read: Reader, folded: Portfolio) -> None:
    header, *lines = FOLDED.splitlines(keepends=True)
    settings = IntakeSettings(
        legal_basis="contract",
        legal_source="credor",
        legal_date=date(2025, 5, 5),
    )
    backwards = "".join([header, *reversed(lines)])
    cut = ("".join([header, *lines[9:]]), "".join([header, *lines[:9]]))
    for contents in ((backwards,), cut):
        other = read(*(content.encode() for content in contents), settings=settings)
        assert other.debtors.equals(folded.debtors)
        assert other.contacts.equals(folded.contacts)
        assert other.invoices.equals(folded.invoices)


def test_one_creditor_by_configuration_stands_for_every_row(read: Reader) -> None:
    portfolio = read(FOLDED.encode(), settings=IntakeSettings(creditor_id="banco"))
    assert portfolio.records.get_column("creditor_id").unique().to_list() == ["banco"]


def test_an_address_in_the_place_of_a_name_or_phone_is_found(read: Reader) -> None:
    text = "id;nome;email;fone\n1;Ana <ana@x.example>;-;a2@x.example\n2;b@x.example;Bia;\n"
    portfolio = read(text.encode())
    assert portfolio.contacts.select("debtor_id", "email_raw", "origin").rows() == [
        ("1", "a2@x.example", "other_field"),
        ("1", "ana@x.example", "other_field"),
        ("2", "Bia", "file"),
        ("2", "b@x.example", "other_field"),
    ]
    assert portfolio.records.get_column("name").to_list() == ["Ana", None]


def test_words_of_kind_language_and_confirmation(read: Reader) -> None:
    text = (
        "id;email;tipo pessoa;idioma;confirmado em\n"
        "1;a@x.example;Pessoa Física;PT-BR;31/01/2026 10:05\n"
        "2;b@x.example;Persona Moral;español;\n"
        "3;c@x.example;?;klingon;ontem\n"
    )
    portfolio = read(text.encode())
    assert portfolio.records.select("kind", "language").rows() == [
        ("pf", "pt-BR"),
        ("pj", "es-MX"),
        ("", None),
    ]
    assert portfolio.contacts.get_column("confirmed_at").to_list() == [
        datetime(2026, 1, 31, 10, 5, tzinfo=UTC),
        None,
        None,
    ]
    assert portfolio.sums.unreadable == {"confirmed_at": 1, "language": 1}


DATED = """id;nome;email;email 2;atualizado em;confirmado em
1;Ana;a@x.example;b@x.example;01/01/2026;31/01/2026
2;Bia;;b2@x.example;01/01/2026;31/01/2026
3;Caio;c@x.example, d@x.example;;01/01/2026;31/01/2026
4;Davi d4@x.example;e@x.example;e@x.example;01/01/2026;31/01/2026
"""
THEN = (date(2026, 1, 1), datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("debtor", "expected"),
    [
        pytest.param("1", {"a": THEN, "b": (None, None)}, id="dates are the first column's"),
        pytest.param("2", {"b2": (None, None)}, id="also where the first column is empty"),
        pytest.param(
            "3",
            {"c": (THEN[0], None), "d": (THEN[0], None)},
            id="of two in a cell nobody can tell which was confirmed",
        ),
        pytest.param(
            "4", {"e": THEN, "d4": (None, None)}, id="an address among the names has no date"
        ),
    ],
)
def test_dates_belong_to_the_address_they_speak_of(
    read: Reader, debtor: str, expected: dict[str, tuple[date | None, datetime | None]]
) -> None:
    contacts = read(DATED.encode()).contacts.filter(pl.col("debtor_id") == debtor)
    found = {
        email.split("@")[0]: (day, moment)
        for email, day, moment in contacts.select(
            "email_raw", "source_date", "confirmed_at"
        ).iter_rows()
    }
    assert found == expected


def test_every_column_may_have_dates_of_its_own(read: Reader) -> None:
    text = (
        "id;email;confirmado em;email 2;confirmado em 2;email 2 atualizado em\n"
        "1;a@x.example;;b@x.example;02/02/2026;03/01/2026\n"
    )
    contacts = read(text.encode()).contacts
    assert contacts.select("email_raw", "source_date", "confirmed_at").rows() == [
        ("a@x.example", None, None),
        ("b@x.example", date(2026, 1, 3), datetime(2026, 2, 2, tzinfo=UTC)),
    ]


def test_the_date_of_the_file_stands_for_columns_without_one(read: Reader) -> None:
    settings = IntakeSettings(legal_date=date(2025, 5, 5))
    contacts = read(DATED.encode(), settings=settings).contacts.filter(pl.col("debtor_id") == "1")
    assert contacts["source_date"].to_list() == [THEN[0], date(2025, 5, 5)]


def test_l17_columns_that_nothing_needs_are_dropped(read: Reader) -> None:
    text = "id;email;valor;religiao;salario;obs\n1;a@x.example;10,00;umbanda;9876;ligar a noite\n"
    portfolio = read(text.encode())
    frames = (portfolio.records, portfolio.contacts, portfolio.invoices, portfolio.debtors)
    kept = "".join(frame.write_json() for frame in frames)
    assert portfolio.invoices.height == 1
    assert [word for word in ("umbanda", "9876", "ligar") if word in kept] == []
    assert portfolio.sums.sources[0].dropped_columns == 3


def test_a_file_may_say_that_it_has_no_addresses(read: Reader) -> None:
    portfolio = read(b"cpf;nome\n11144477735;Ana\n", settings=IntakeSettings(columns={"email": ()}))
    assert portfolio.records.height == 1
    assert portfolio.contacts.is_empty()


def test_an_amount_of_zero_is_an_amount(read: Reader) -> None:
    assert read(b"id;email;valor\n1;0;0\n").invoices.item(0, "amount") == Decimal(0)


def test_spreadsheet_text_marks_are_taken_off_ids(read: Reader) -> None:
    portfolio = read(b'id,email\n"=""0012""",a@x.example\n')
    assert portfolio.records.item(0, "debtor_id") == "0012"


def rows(**columns: object) -> pl.DataFrame:
    """Return `ROWS` with some columns given, and the addresses that identification looks at."""
    given = pl.DataFrame(columns)
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in ROWS.items()
        if name not in given.columns
    ]
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return given.with_columns(missing).with_columns(
        pl.col("by_row_number").fill_null(value=False),
        pl.col("has_invoice").fill_null(value=True),
        addresses=nothing,
        phones=nothing,
    )


def test_without_any_creditor_column_all_rows_are_one_creditors() -> None:
    accepted, quarantined = identify_rows(rows(debtor_id=["1", "2"]), None)
    assert accepted.get_column("creditor_id").to_list() == ["default", "default"]
    assert quarantined.is_empty()


def test_invoice_ids_stay_distinct_even_where_a_file_uses_our_own_marks() -> None:
    table = rows(
        creditor_id=["c"] * 4,
        debtor_id=["1"] * 4,
        invoice_id=["12", "12", "12/2", None],
        due_date=[date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), None],
    )
    invoices = find_invoices(table, "BRL")
    assert invoices.height == 4
    assert invoices.get_column("invoice_id").n_unique() == 4


def test_a_debtor_with_two_currencies_adds_up_the_more_frequent_one() -> None:
    table = rows(
        creditor_id=["c"] * 3,
        debtor_id=["1"] * 3,
        invoice_id=["a", "b", "c"],
        amount=pl.Series(["1", "2", "4"]).cast(pl.Decimal(18, 2)),
        currency=["BRL", "BRL", "USD"],
        source=["a.csv"] * 3,
        line=[1, 2, 3],
        kind=["", "", ""],
    ).with_columns(tax_id_flag=pl.lit("missing"), phone=pl.lit(None, dtype=pl.String))
    debtor = fold_debtors(table, find_invoices(table, "BRL")).row(0, named=True)
    assert (debtor["amount"], debtor["currency"], debtor["invoices"]) == (Decimal(3), "BRL", 3)


@pytest.mark.parametrize(
    "names",
    [
        ["Loja A", "Loja-A", "LOJA  A"],
        ["???", "!!!", "日本"],
        ["..", "../../etc", "a/b"],
        ["x" * 300, "x" * 299],
    ],
)
def test_creditor_ids_are_safe_distinct_and_independent_of_order(names: list[str]) -> None:
    slugs = creditor_slugs(names)
    same = {" ".join(name.split()).casefold() for name in names}
    assert len(set(slugs.values())) == len(same)
    assert all(slug.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == "" for slug in slugs.values())
    assert all(0 < len(slug) <= 64 and slug[0] != "-" for slug in slugs.values())
    assert creditor_slugs(reversed(names)) == slugs
