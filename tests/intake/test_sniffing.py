"""What the first bytes of a file say."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from checks.errors import SettingError
from data.intake.sniffing import declared_codec, sniff_delimiter, sniff_format
from data.intake.text_lines import detect_codec

FORMATS = {
    "a zip container": (b"PK\x03\x04xxxx", "xlsx"),
    "Parquet": (b"PAR1\x15\x04", "parquet"),
    "XLS of before 2007": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    "CSV": (b"nome;email\n", "text"),
    "UTF-16": ("nome;email\n".encode("utf-16"), "text"),
    "JSON lines": (b'{"email": "a@x.example"}\n', "jsonl"),
    "JSON lines behind a mark": (b'\xef\xbb\xbf{"email": 1}\n', "jsonl"),
    "JSON array": (b'[{"email": "a@x.example"}]', "json"),
    "CNAB 240": (b"00100000         20112345".ljust(240) + b"\r\n", "cnab"),
    "CNAB 400": (b"01REMESSA01COBRANCA".ljust(400) + b"\r\n", "cnab"),
    "CNAB 400 return": (b"02RETORNO01COBRANCA".ljust(400) + b"\n", "cnab"),
    "a line of 240 that is no CNAB": (b"nome;email".ljust(240) + b"\r\n", "text"),
    "noise": (hashlib.shake_256(b"noise").digest(65_536), "binary"),
    "one NUL in text": (b"nome;email\nAna\0;a@x.example\n", "text"),
}


@pytest.mark.parametrize(("sample", "expected"), FORMATS.values(), ids=FORMATS.keys())
def test_formats_are_told_by_content(sample: bytes, expected: str) -> None:
    assert sniff_format(sample) == expected


ENCODINGS = {
    "ASCII": (b"nome\nAna\n", "utf-8"),
    "UTF-8": ("nome\nJosé\n".encode(), "utf-8"),
    "UTF-8 with mark": ("nome\nJosé\n".encode("utf-8-sig"), "utf-8"),
    "Latin-1": ("nome\nJosé\n".encode("latin-1"), "cp1252"),
    "cp1252 with its own quotes": ("nome\n“José”\n".encode("cp1252"), "cp1252"),
    "UTF-16": ("nome\nJosé\n".encode("utf-16"), "utf-16"),
    "UTF-8 with one bad row": (("nome\n" + "José\n" * 9).encode() + b"Jos\xe9\n", "utf-8"),
}


@pytest.mark.parametrize(("content", "codec"), ENCODINGS.values(), ids=ENCODINGS.keys())
def test_encodings_are_found(tmp_path: Path, content: bytes, codec: str) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    assert detect_codec(path) == codec


def test_an_encoding_we_do_not_read_is_named_with_those_we_do() -> None:
    with pytest.raises(SettingError, match="cp1252"):
        declared_codec("rot13")


DELIMITERS = {
    "semicolon with decimal commas": (["a;b", "1,5;2,5"], ";"),
    "comma": (["a,b", '"1,5",2'], ","),
    "tab": (["a\tb", "1\t2"], "\t"),
    "bar": (["a|b", "1|2"], "|"),
    "semicolons inside commas": (["id,email", '1,"a@x;b@y"'], ","),
    "one column": (["email", "a@x.example"], None),
    "one column, two addresses in its first row": (["a@x; b@y", "c@z", "d@z", "e@z"], None),
}


@pytest.mark.parametrize(("lines", "expected"), DELIMITERS.values(), ids=DELIMITERS.keys())
def test_delimiters_are_what_most_lines_agree_on(lines: list[str], expected: str | None) -> None:
    assert sniff_delimiter(lines) == expected
