"""The commented `entrega.toml` that `entrega init` writes down."""

from __future__ import annotations

import json
import re
from typing import Final

from data.intake.proposal import Proposal, printable, understood
from data.intake.roles import SEVERAL_ROLES

_LANGUAGE_OF: Final = {"BR": "pt-BR", "MX": "es-MX"}
_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGIT: Final = re.compile(r"\d")

_EXAMPLE: Final = {
    "BR": {
        "why": " (CDC 42-A)",
        "id": "loja-exemplo",
        "name": "Loja Exemplo Ltda",
        "address": "Rua Exemplo, 1, São Paulo",
        "tax_id": "CNPJ or CPF",
        "column": "Credor",
    },
    "MX": {
        "why": "",
        "id": "tienda-ejemplo",
        "name": "Tienda Ejemplo SA de CV",
        "address": "Calle Ejemplo 1, Ciudad de México",
        "tax_id": "RFC",
        "column": "Acreedor",
    },
}
"""What the commented lines show, by the country of the file."""

_CREDITOR: Final = """
[creditor]
# On whose behalf the debt is collected; debt notices name it{why}. No invoices: not needed.
# id = "{id}"   # names folders; made from the name where left out
# name = "{name}"
# address = "{address}"
# tax_id = ""   # {tax_id}
# A file of several creditors: the column that tells them apart, and a table for each.
# column = "{column}"
# [creditor.each."{name}"]
# address = "{address}"
"""

_LEGAL: Final = """
[legal]
# Holds for rows that do not say it themselves.
# basis = "contract"    # contract, legitimate_interest, credit_protection, or in your own words
# source = "creditor"   # debtor, creditor, agency, bureau, register
# date = 2026-01-31     # when the addresses were collected
"""

_REST: Final = """
[suppress]
# Files of addresses or debtors that must not be written to, read again just before publishing.
# opt_out = ["opt-out.csv"]
# settled = ["settled.csv"]

[dns]
# nameservers = ["127.0.0.1:53"]   # the system's where none is named

[smtp]
# Mail servers are asked only with an identity of your own.
# enabled = true
# helo = "verify.example.com"
# mail_from = "verify@example.com"

[gate]
# on_red = "trim"   # or "refuse"

[report]
language = LANGUAGE
"""


def render_config(proposal: Proposal) -> str:
    """Return a commented `entrega.toml` that reads the file as the proposal does.

    The first rows stand in comments with every letter and digit of a person masked, so that the
    file may be kept under version control.
    """
    dropped = [
        name for place, name in enumerate(proposal.header) if proposal.role_of(place) is None
    ]
    parts = [
        f"# Written by entrega init for {_quoted(proposal.source)}. Lines with # are left open.",
        _CREDITOR.format(**_EXAMPLE[proposal.country]),
        _LEGAL,
        "\n".join(["[intake]", *_intake_lines(proposal)]),
        "\n".join(["[intake.columns]", *_column_lines(proposal)]),
        f"# not mapped, and so dropped: {', '.join(map(_quoted, dropped))}" if dropped else "",
        "\n#   ".join(
            [
                "# the first rows as they were understood, masked:",
                *map(mask, understood(proposal.parsed)),
            ],
        ),
        _REST.replace("LANGUAGE", _quoted(_LANGUAGE_OF[proposal.country])),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _intake_lines(proposal: Proposal) -> list[str]:
    settings = proposal.settings
    lines = [
        f"encoding = {_quoted(proposal.encoding)}" if proposal.encoding else "",
        f"delimiter = {_quoted(proposal.delimiter)}" if proposal.delimiter else "",
        f"sheet = {_quoted(settings.sheet)}" if settings.sheet else "",
        f"country = {_quoted(proposal.country)}  # how phones without a country code are read",
        f"currency = {_quoted(settings.currency or '')}  # of amounts that name none",
        f"date_order = {_quoted(settings.date_order)}" if settings.date_order else "",
        f"decimal = {_quoted(settings.decimal)}" if settings.decimal else "",
    ]
    return [line for line in lines if line]


def _column_lines(proposal: Proposal) -> list[str]:
    lines = []
    for role, places in proposal.mapping.columns.items():
        names = [_quoted(proposal.header[place]) for place in places]
        several = role in SEVERAL_ROLES
        lines.append(f"{role} = [{', '.join(names)}]" if several else f"{role} = {names[0]}")
    if "email" not in proposal.mapping.columns:
        lines.append(
            '# no column is known to hold e-mail addresses; name it here:\n# email = ["..."]'
        )
    return lines


def mask(line: str) -> str:
    """Return a line of `understood` with its values masked: letters as x, digits as 9.

    >>> mask("name: Ana | e-mail: ana99@x.example")
    'name: xxx | e-mail: xxx99@x.xxxxxxx'
    """
    parts = [part.split(": ", 1) for part in printable(line).split(" | ")]
    return " | ".join(
        ": ".join([part[0], *(_DIGIT.sub("9", _LETTER.sub("x", value)) for value in part[1:])])
        for part in parts
    )


def _quoted(text: str) -> str:
    # a JSON string is a TOML basic string but for DEL, which TOML wants escaped (TOML 1.0)
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
