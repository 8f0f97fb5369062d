"""Which column plays which role."""

from __future__ import annotations

import pytest

from checks.errors import InputRefusedError, SettingError
from data.intake.mapping import Mapping, guess_roles, resolve_mapping
from data.intake.roles import LATER_ROLES, ROLES
from data.intake.settings import IntakeSettings
from data.intake.vocabulary import load_vocabulary

WORDS = load_vocabulary()

NAMES = {
    "email": [
        "E-mail do devedor",
        "CORREO ELECTRÓNICO",
        "Correio Eletrônico",
        "email2",
        "e-mail alternativo",
        "correo 2",
        "customerEmail",
        "EMAIL_CLIENTE",
        "ds_email",
        "Mail",
    ],
    "tax_id": ["CPF/CNPJ", "CNPJ", "nr_cpf_cnpj", "RFC", "R.F.C.", "Documento", "tax_id"],
    "amount": ["Vlr Título", "Saldo vencido", "Valor (R$)", "IMPORTE", "vl_parcela", "Amount due"],
    "due_date": ["Dt. Vencimento", "DATA VCTO", "Fecha de vencimiento", "dueDate", "Vencto."],
    "debtor_id": ["Cód. Cliente", "id_cliente", "No. de cliente", "customer_id", "ID"],
    "invoice_id": ["Nº Título", "Nosso Número", "Folio factura", "N. do documento", "invoice_no"],
    "name": ["Nome / Razão Social", "RAZON SOCIAL", "nome_cliente", "Devedor", "Nombre completo"],
    "phone": ["Telefone", "Tel. 1", "CELULAR", "Teléfono 2", "fone residencial", "WhatsApp"],
    "creditor": ["Credor", "Nome do credor", "ACREEDOR", "creditor"],
    "kind": ["Tipo de Pessoa", "PF/PJ", "tipo persona"],
    "provided_by": ["Fornecido por", "provided_by"],
    "source_date": ["Data do cadastro", "Fecha de alta"],
    "confirmed_at": ["Confirmado em", "confirmed_at"],
    "legal_basis": ["Base legal", "legal_basis"],
    "currency": ["Moeda", "Divisa"],
    "language": ["Idioma", "language"],
    "source": ["Origem do e-mail", "Fuente"],
    "confirmed_at_2": ["Confirmado em 2", "email_2_confirmado_em", "confirmed_at_2"],
    "source_date_2": ["email_2_date", "Fecha de alta 2"],
    "source_date_3": ["email3 updated at"],
}


@pytest.mark.parametrize(
    ("role", "name"),
    [(role, name) for role, names in NAMES.items() for name in names],
)
def test_names_as_systems_write_them(role: str, name: str) -> None:
    rank = WORDS.rank(name)
    assert rank is not None
    assert rank.role == role


def test_every_role_is_known_by_some_name() -> None:
    assert {rank.role for rank in WORDS.columns.values()} == set(ROLES) - set(LATER_ROLES)


@pytest.mark.parametrize(
    "name",
    [
        "E-mail do vendedor",
        "CNPJ do credor",
        "Nome da mãe",
        "Data de nascimento",
        "Endereço",
        "DDD",
        "Observação",
        "",
        "---",
    ],
)
def test_names_of_other_things_play_no_role(name: str) -> None:
    assert WORDS.rank(name) is None


def test_of_two_amounts_the_better_known_wins_and_of_equals_the_first() -> None:
    assert guess_roles(["Valor", "Saldo devedor"], WORDS)["amount"] == (1,)
    assert guess_roles(["Valor", "VALOR"], WORDS)["amount"] == (0,)


def test_the_configuration_wins_and_takes_its_columns_away_from_the_table() -> None:
    settings = IntakeSettings(columns={"name": ("E-mail",), "email": ("mail_2",)})
    mapping = resolve_mapping("a.csv", ["E-mail", "mail_2", "Nome", "CPF"], settings, WORDS)
    assert mapping == Mapping({"email": (1,), "tax_id": (3,), "name": (0,)})


def test_a_configured_name_is_found_whatever_its_case_and_accents() -> None:
    settings = IntakeSettings(columns={"email": ("ELETRONICO",)})
    assert resolve_mapping("a.csv", ["Eletrônico"], settings, WORDS).columns == {"email": (0,)}


def test_an_empty_list_says_that_no_column_plays_the_role() -> None:
    settings = IntakeSettings(columns={"email": (), "phone": ()})
    mapping = resolve_mapping("a.csv", ["E-mail", "CPF", "Telefone"], settings, WORDS)
    assert mapping.columns == {"tax_id": (1,)}


def test_without_an_email_column_the_refusal_names_columns_and_setting() -> None:
    with pytest.raises(InputRefusedError) as refusal:
        resolve_mapping("a.csv", ["CPF", "Contato\x1b[31m"], IntakeSettings(), WORDS)
    assert str(refusal.value) == (
        "no column of 'a.csv' is known to hold e-mail addresses;"
        " columns found: 'CPF', 'Contato [31m';"
        ' write email = "<column>" under [intake.columns], or email = [] if the file has none'
    )


@pytest.mark.parametrize(
    ("columns", "named"),
    [({"email": ("correo",)}, "correo"), ({"e-mail": ("E-mail",)}, "e-mail")],
    ids=["a column the file does not have", "a role that does not exist"],
)
def test_a_wrong_setting_is_named(columns: dict[str, tuple[str, ...]], named: str) -> None:
    with pytest.raises(SettingError, match=named):
        resolve_mapping("a.csv", ["E-mail"], IntakeSettings(columns=columns), WORDS)


@pytest.mark.parametrize(
    ("header", "dates"),
    [
        (["email", "email 2", "confirmado em", "confirmado em 2"], {"": 2, "_2": 3}),
        (["email 1", "email 2", "confirmado em 1", "confirmado em 2"], {"": 2, "_2": 3}),
        (["email", "email 2", "confirmado em"], {"": 2}),
        # nobody can tell which of two columns a number means that only the date bears
        (["email", "email comercial", "confirmado em 2"], {}),
        (["email", "email comercial", "email 2", "confirmado em 2"], {}),
        (["email", "confirmado em 2"], {}),
    ],
)
def test_a_numbered_date_speaks_of_the_column_with_its_number(
    header: list[str], dates: dict[str, int]
) -> None:
    found = guess_roles(header, WORDS)
    named = {role: places for role, places in found.items() if role.startswith("confirmed")}
    assert named == {f"confirmed_at{end}": (place,) for end, place in dates.items()}


def test_the_configuration_pairs_dates_of_any_name_with_their_columns() -> None:
    settings = IntakeSettings(columns={"email": ("a", "b"), "confirmed_at_2": ("x",)})
    mapping = resolve_mapping("f.csv", ["id", "a", "b", "x"], settings, WORDS)
    assert mapping.fields()["confirmed_at_2"] == 3
