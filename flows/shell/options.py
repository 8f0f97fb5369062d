"""The application and the options that commands share, each explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter

Config = Annotated[
    Path | None,
    Parameter(name=["--config", "-c"], help="the configuration [default: entrega.toml, if there]"),
]
WarehouseFile = Annotated[
    Path | None,
    Parameter(help="the DuckDB file [default: var/entrega.duckdb]"),
]
Lang = Annotated[
    Literal["pt-BR", "es-MX", "en", "pt", "es"] | None,
    Parameter(name="--lang", help="language of the report: pt-BR, es-MX or en"),
]
Files = Annotated[list[Path] | None, Parameter(negative=())]
Flag = Annotated[bool, Parameter(negative=())]
Wait = Annotated[bool, Parameter(negative=(), help="wait for a warehouse that is in use")]
Json = Annotated[
    bool,
    Parameter(name="--json", negative=(), help="print one object for machines at the end"),
]

MAIN = Group("The main job", sort_key=0)
AFTER = Group("Before and after sending", sort_key=1)
CARE = Group("Care", sort_key=2)

app = App(
    name="entrega",
    help=(
        "Which e-mail address reaches each debtor, how sure that is, and whether a debt notice "
        "may go there, before anything is sent.\n\n"
        "Start with: entrega demo. Then, with your own file: entrega init debtors.csv, "
        "entrega run debtors.csv.\n\n"
        "Exit codes: 0 done, 1 our own fault, 2 usage or configuration, 3 input refused, "
        "4 interrupted (resumable), 5 degraded, 6 warehouse in use, 7 a gate is closed."
    ),
    help_format="plaintext",
    version="entrega 0.1.0",
)
