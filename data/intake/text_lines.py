"""Bytes to lines of text: strict decoding, bounded memory, every fault named by its line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from checks.errors import InputRefusedError
from data.intake.limits import MAX_RECORD_BYTES, MIB
from data.intake.sniffing import bom_encoding

_BLOCK: Final = 4 * MIB
_ENOUGH_LINES: Final = 1_000


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines without their ends, blank ones included; `faults` maps a place to a reason.

    A faulty line stands as an empty text. `last` says that no block follows.
    """

    lines: list[str]
    faults: dict[int, str] = field(default_factory=dict)
    last: bool = False


def read_lines(path: Path, codec: str) -> Iterator[LineBlock]:
    """Return the file's lines in blocks of about 4 MiB; ends are LF, CR LF or CR.

    A line with undecodable bytes, a NUL or more than 64 KiB is a fault; none is altered.
    """
    with path.open("rb") as handle:
        blocks = _whole_lines(_utf8_blocks(handle, codec))
        line_codec = "utf-8" if codec.startswith("utf-16") else codec
        for block, last in blocks:
            yield _to_block(block, line_codec, last=last)


def _utf8_blocks(handle: BinaryIO, codec: str) -> Iterator[bytes]:
    """Return raw blocks; UTF-16, whose line ends are no bytes, as UTF-8; no byte order mark."""
    decoder = codecs.getincrementaldecoder(codec)() if codec.startswith("utf-16") else None
    first = True
    while True:
        block = handle.read(_BLOCK)
        if decoder is not None:
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                problem = "the file is not valid UTF-16"
                raise InputRefusedError(problem, "export it again as UTF-8") from None
            utf8 = text.removeprefix("\ufeff" if first else "").encode()
        else:
            utf8 = block.removeprefix(codecs.BOM_UTF8) if first else block
        first = False
        if utf8:
            yield utf8
        if not block:
            return


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut at line ends; of an endless line only as much is kept as proves it too long."""
    rest = b""
    for block in blocks:
        buffer = rest + block
        # a CR at the very end may be the first half of CR LF
        cut = max(buffer.rfind(b"\n"), buffer.rfind(b"\r", 0, len(buffer) - 1)) + 1
        rest = buffer[cut:]
        if len(rest) > MAX_RECORD_BYTES:
            rest = rest[: MAX_RECORD_BYTES + 1] + (b"\r" if rest.endswith(b"\r") else b"")
        if cut:
            yield buffer[:cut], False
    yield rest, True


def _to_block(block: bytes, codec: str, *, last: bool) -> LineBlock:
    try:
        text = block.decode(codec)
    except UnicodeDecodeError:
        return _decode_one_by_one(block, codec, last=last)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    if "\0" not in text and max(map(len, lines), default=0) <= MAX_RECORD_BYTES:
        return LineBlock(lines, last=last)
    return _without_faults(lines, {}, last=last)


def _decode_one_by_one(block: bytes, codec: str, *, last: bool) -> LineBlock:
    lines, faults = [], {}
    for place, line in enumerate(block.splitlines()):
        try:
            lines.append(line.decode(codec))
        except UnicodeDecodeError:
            lines.append("")
            faults[place] = "too_long" if len(line) > MAX_RECORD_BYTES else "bad_bytes"
    return _without_faults(lines, faults, last=last)


def _without_faults(lines: list[str], faults: dict[int, str], *, last: bool) -> LineBlock:
    for place, line in enumerate(lines):
        if len(line) > MAX_RECORD_BYTES:
            faults[place] = "too_long"
        elif "\0" in line:
            faults[place] = "nul_character"
    return LineBlock(
        ["" if place in faults else line for place, line in enumerate(lines)],
        faults,
        last=last,
    )


def detect_codec(path: Path) -> str:
    """Return the codec that fits the file: by its mark, else UTF-8, else cp1252.

    In a Latin-1 file next to no accented line is valid UTF-8 by chance, so a file where more
    such lines are valid than not is UTF-8 with some bad rows.
    """
    with path.open("rb") as handle:
        marked = bom_encoding(handle.read(4))
        if marked is not None:
            return marked
        handle.seek(0)
        valid = invalid = 0
        for block, _ in _whole_lines(_utf8_blocks(handle, "utf-8")):
            if block.isascii():
                continue
            for line in block.splitlines():
                if line.isascii():
                    continue
                if _is_utf8(line):
                    valid += 1
                else:
                    invalid += 1
            if valid + invalid >= _ENOUGH_LINES:
                break
    return "utf-8" if valid >= invalid else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
