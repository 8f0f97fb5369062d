"""Mailboxes as one file: cut into messages line by line, whatever stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

MESSAGE_BYTES: Final = 256 * 1024
"""As much of a message is read; reports stand before the message they return."""

POSTMARK_LINE: Final = b"From - Thu Jan  1 00:00:00 1970\n"

_LINE_BYTES: Final = 64 * 1024
_POSTMARK: Final = re.compile(rb"From [^\r\n]{0,200}\d\d:\d\d[^\r\n]{0,60}\r?\n")  # RFC 4155
_QUOTED: Final = re.compile(rb">+From ")
_NEEDS_QUOTE: Final = re.compile(rb"^(>*From )", re.MULTILINE)


def split_mbox(file: BinaryIO) -> Iterator[bytes]:
    r"""Return the messages of an mbox (RFC 4155, and "mboxrd" quoting), each cut at 256 KiB.

    >>> import io
    >>> lines = POSTMARK_LINE + b"To: a\n\n>From here\n\n" + POSTMARK_LINE + b"To: b\n"
    >>> list(split_mbox(io.BytesIO(lines)))
    [b'To: a\n\nFrom here\n\n', b'To: b\n']
    """
    message = bytearray()
    begun, after_blank = False, True
    while line := file.readline(_LINE_BYTES):
        if after_blank and _POSTMARK.match(line):
            if begun:
                yield bytes(message)
            message.clear()
            begun = True
        elif len(message) < MESSAGE_BYTES:
            message += line[1:] if _QUOTED.match(line) else line
        after_blank = line in {b"\n", b"\r\n"}
    if begun:
        yield bytes(message)


def mbox_entry(message: bytes) -> bytes:
    r"""Return a message as it stands in an mbox.

    >>> mbox_entry(b"To: a\n\nFrom here")
    b'From - Thu Jan  1 00:00:00 1970\nTo: a\n\n>From here\n\n'
    """
    return POSTMARK_LINE + _NEEDS_QUOTE.sub(rb">\1", message[:MESSAGE_BYTES]) + b"\n\n"
