"""The application and the options that commands share, each explained once."""

from __future__ import annotations

from dataclasses import dataclass
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
    Parameter(name="--lang", help="language of the report [default: as configured]"),
]
Files = Annotated[list[Path] | None, Parameter(negative=())]
Input = Annotated[Path, Parameter(name="INPUT")]
Id = Annotated[str | None, Parameter(name="--id")]
Word = Annotated[str, Parameter(show_default=False)]
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Wait = Annotated[Flag, Parameter(help="wait for a warehouse that is in use")]
Json = Annotated[Flag, Parameter(name="--json", help="print one object for machines at the end")]


@Parameter(name="*")  # its fields are options of the command that takes it
@dataclass(frozen=True, slots=True)
class Store:
    """The warehouse that a command changes, and how the command answers."""

    warehouse: WarehouseFile = None
    wait: Wait = False
    as_json: Json = False


DEFAULT_STORE = Store()

MAIN = Group("The main job", sort_key=0)
AFTER = Group("Before and after sending", sort_key=1)
ELSEWHERE = Group("Answers from elsewhere, and stored ones", sort_key=2)
CARE = Group("Care of data, host and settings", sort_key=3)
HELP = Group("Help", sort_key=4)

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
    help_format="markdown",
    version="entrega 0.1.0",
)
app["--help"].group = HELP
app["--version"].group = HELP
