"""What kind of file the first bytes speak of; pure, on a sample."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from typing import Final

from checks.errors import InputRefusedError, SettingError

SAMPLE_BYTES: Final = 256 * 1024

DELIMITERS: Final = (";", ",", "\t", "|")

ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    # as browsers do (WHATWG Encoding Standard): whoever writes "Latin-1" on Windows means
    # cp1252, and the C1 controls that differ are never wanted
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "cp850": "cp850",
    "ascii": "utf-8",
}
"""Encodings the configuration may name, and the codec that reads them."""

_MAGIC: Final = (
    (b"PK\x03\x04", "xlsx"),
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0", "xls"),  # compound file: XLS before 2007
)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 12, 13})
_MOST_CONTROLS: Final = 0.02  # text has next to none; random bytes have 11 %
_CNAB_LENGTHS: Final = (240, 400, 444)
_CNAB_SHAPES: Final = (
    re.compile(rb"[0-9]{3}0000[01] "),  # FEBRABAN 240: bank, batch 0000, type 0 (header)
    re.compile(rb"[0-9]{3}00000"),
    re.compile(rb"0[12](REMESSA|RETORNO)", re.IGNORECASE),  # 400 and 444
)
_MOST_DIGITS: Final = 7  # "saldo 2026-01" has six, a tax id or a phone eight and more


def sniff_format(sample: bytes, declared: str | None = None) -> str:
    r"""Return `xlsx`, `parquet`, `xls`, `cnab`, `json`, `jsonl`, `text` or `binary`.

    >>> sniff_format(b"PK\x03\x04..."), sniff_format(b"PAR1..."), sniff_format(b"a;b\n1;2\n")
    ('xlsx', 'parquet', 'text')
    >>> sniff_format(b"23700000         2..." .ljust(240) + b"\r\n")
    'cnab'
    """
    for magic, kind in _MAGIC:
        if sample.startswith(magic):
            return kind
    wide = bom_encoding(sample) == "utf-16" or (declared or "").lower().startswith("utf-16")
    if not wide and _is_binary(sample):
        return "binary"
    line = sample.split(b"\n", 1)[0].rstrip(b"\r")
    if len(line) in _CNAB_LENGTHS and any(shape.match(line) for shape in _CNAB_SHAPES):
        return "cnab"
    first = sample.removeprefix(codecs.BOM_UTF8).lstrip()
    if first.startswith(b"{"):
        return "jsonl"
    return "json" if re.match(rb"\[\s*\{", first) else "text"


def _is_binary(sample: bytes) -> bool:
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(sample) + 8


def bom_encoding(sample: bytes) -> str | None:
    r"""Return the codec that a byte order mark announces, or None.

    >>> bom_encoding(b"\xef\xbb\xbfa;b"), bom_encoding(b"a;b")
    ('utf-8', None)
    """
    return next((codec for bom, codec in _BOMS if sample.startswith(bom)), None)


def declared_codec(encoding: str) -> str:
    """Return the codec of a configured encoding; raise `SettingError` for one we do not read.

    >>> declared_codec("Latin-1")
    'cp1252'
    """
    codec = ENCODINGS.get(encoding.strip().lower().replace("_", "-"))
    if codec is None:
        problem = f"[intake] encoding '{encoding}' is not known"
        raise SettingError(problem, f"use one of {', '.join(sorted(ENCODINGS))}")
    return codec


def sniff_delimiter(lines: Sequence[str]) -> str | None:
    """Return the delimiter that cuts most of the lines like the first one; None: one column.

    A delimiter counts where at least half of the lines agree with the first.

    >>> sniff_delimiter(["nome;valor", "Ana;1,50", "Rui;2,75"])
    ';'
    >>> sniff_delimiter(["ana@example.com", "rui@example.com"]) is None
    True
    """
    best = (0, 0)
    chosen = None
    for delimiter in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        alike = sum(width == widths[0] for width in widths)
        score = (alike, widths[0])
        if widths[0] > 1 and 2 * alike >= len(widths) and score > best:
            best, chosen = score, delimiter
    return chosen


def looks_like_data(header: Sequence[str]) -> bool:
    """Tell whether a first row is data and not column names.

    An address or eight digits are never part of a column's name.

    >>> looks_like_data(["ana@example.com"]), looks_like_data(["00012345", "Ana"])
    (True, True)
    >>> looks_like_data(["e-mail", "valor 2026"])
    False
    """
    return any("@" in cell or sum(map(str.isdigit, cell)) > _MOST_DIGITS for cell in header)


_REFUSALS: Final = {
    "cnab": (
        "is a CNAB file (bank remittance or return), which names no e-mail columns",
        "export the portfolio as CSV or XLSX, or name its positions under [intake] fixed",
    ),
    "json": ("is one JSON array", "write one object a line (JSON lines)"),
    "xls": ("is an XLS file of before 2007", "save it as XLSX or CSV"),
    "binary": (
        "is not a table of text (binary data)",
        (
            "give CSV, XLSX, Parquet, JSON lines or fixed-width text; UTF-16 without a mark needs"
            ' encoding = "utf-16-le" under [intake]'
        ),
    ),
}


def refuse_format(source: str, kind: str) -> InputRefusedError:
    """Return the refusal of a kind of file that holds no portfolio.

    >>> refuse_format("x.rem", "json").remedy
    'write one object a line (JSON lines)'
    """
    problem, remedy = _REFUSALS[kind]
    return InputRefusedError(f"'{source}' {problem}", remedy)
