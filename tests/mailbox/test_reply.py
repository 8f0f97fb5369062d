"""The reply parser takes RFC 5321 replies and nothing else, however the bytes arrive."""

from __future__ import annotations

import re
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mailbox.reply import (
    REPLY_LINES,
    Reply,
    ReplyError,
    ReplyFault,
    ReplyParser,
    readable,
    reply_of_diagnostic,
)


def parse(data: bytes) -> Reply | None:
    return ReplyParser().feed(data)


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (b"250 ok\r\n", 250, "ok"),
        (b"250\r\n", 250, ""),
        (b"250 \r\n", 250, ""),
        (b"550-5.1.1 no\r\n550 5.1.1 user\r\n", 550, "5.1.1 no 5.1.1 user"),
        (b"250-\r\n250 x\r\n", 250, "x"),
        (b"550 a\x00b\r\n", 550, "a?b"),
        (b"550 \xff\xfe\xc3(\r\n", 550, r"\xff\xfe\xc3("),
        (b"550 \x1b[2J\x1b]0;x\x07 a\rb \xe2\x80\xae\r\n", 550, "?[2J?]0;x? a?b ?"),
        (b"220 " + b"x" * 506 + b"\r\n", 220, "x" * 506),  # the RFC's longest line
        (b"220 " + b"x" * 994 + b"\r\n", 220, "x" * 994),  # beyond it, as real hosts write
    ],
)
def test_a_reply_is_read_and_its_text_made_harmless(data: bytes, code: int, text: str) -> None:
    reply = parse(data)
    assert reply is not None
    assert (reply.code, reply.text) == (code, text)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"250 ok\n", ReplyFault.MALFORMED_LINE),  # LF alone
        (b"250 ok\r\r\n", ReplyFault.MALFORMED_LINE),
        (b"250-a\r\n250 b\n", ReplyFault.MALFORMED_LINE),  # mixed endings
        (b"250ok\r\n", ReplyFault.MALFORMED_LINE),
        (b"25\r\n", ReplyFault.MALFORMED_LINE),
        (b"2500 ok\r\n", ReplyFault.MALFORMED_LINE),
        (b"+25 x\r\n", ReplyFault.MALFORMED_LINE),
        (b"2_5 x\r\n", ReplyFault.MALFORMED_LINE),
        (b" 25 x\r\n", ReplyFault.MALFORMED_LINE),
        (b"000 x\r\n", ReplyFault.MALFORMED_LINE),
        (b"150 x\r\n", ReplyFault.MALFORMED_LINE),
        (b"650 x\r\n", ReplyFault.MALFORMED_LINE),
        (b"999 x\r\n", ReplyFault.MALFORMED_LINE),
        ("٢٥٠ x\r\n".encode(), ReplyFault.MALFORMED_LINE),  # Arabic digits
        (b"\r\n", ReplyFault.MALFORMED_LINE),
        (b"250\tok\r\n", ReplyFault.MALFORMED_LINE),
        (b"SSH-2.0-OpenSSH_9.7\r\n", ReplyFault.MALFORMED_LINE),
        (b"HTTP/1.1 400 Bad Request\r\n", ReplyFault.MALFORMED_LINE),
        (b"550-no\r\n250 yes\r\n", ReplyFault.MIXED_CODES),
        (b"250-yes\r\n550 no\r\n", ReplyFault.MIXED_CODES),
        (b"250 ok\r\n250 injected\r\n", ReplyFault.LEFT_OVER),
        (b"250 ok\r\n2", ReplyFault.LEFT_OVER),
        (b"2" * 5_000, ReplyFault.LINE_TOO_LONG),
        (b"250 " + b"x" * 8_187 + b"\r\n", ReplyFault.LINE_TOO_LONG),
        (b"220-x\r\n" * REPLY_LINES, ReplyFault.TOO_MANY_LINES),
        ((b"220-" + b"x" * 500 + b"\r\n") * 17, ReplyFault.REPLY_TOO_LONG),
        (b"x" * 70_000, ReplyFault.SESSION_TOO_LONG),
    ],
)
def test_anything_else_is_a_fault(data: bytes, fault: ReplyFault) -> None:
    with pytest.raises(ReplyError) as caught:
        parse(data)
    assert caught.value.fault is fault


def test_the_byte_cap_holds_over_a_whole_session() -> None:
    parser = ReplyParser()
    line = b"250 " + b"x" * 900 + b"\r\n"
    with pytest.raises(ReplyError) as caught:
        deque((parser.feed(line) for _ in range(100)), maxlen=0)
    assert caught.value.fault is ReplyFault.SESSION_TOO_LONG


@pytest.mark.parametrize(
    ("line", "enhanced"),
    [
        (b"550 5.1.1 no", "5.1.1"),
        (b"550 #5.1.0 Address rejected.", "5.1.0"),
        (b"550 5.1.1", "5.1.1"),
        (b"550 5.1.10 no", "5.1.10"),
        (b"550 2.1.5 no", None),  # another class than the code's
        (b"450 5.1.1 no", None),
        (b"550 5.1.1.1 no", None),  # an address or a version, not a code
        (b"550 no 5.1.1", None),  # RFC 2034: it leads the text
        (b"550 5.1.1234 no", None),
    ],
)
def test_an_enhanced_code_counts_only_where_it_belongs(line: bytes, enhanced: str | None) -> None:
    reply = parse(line + b"\r\n")
    assert reply is not None
    assert reply.enhanced == enhanced


def reference(data: bytes) -> tuple[str, int, int]:
    """Read the first reply of `data` slowly: (outcome, code, lines)."""
    codes: list[bytes] = []
    rest = data
    while b"\n" in rest:
        line, _, rest = rest.partition(b"\n")
        if not re.fullmatch(rb"[2-5][0-5][0-9](?:[ -](?:.*[^\r])?)?\r", line, re.DOTALL):
            return "fault", 0, 0
        codes.append(line[:3])
        if set(codes) != {line[:3]}:
            return "fault", 0, 0
        if line[3:4] != b"-":
            return ("fault", 0, 0) if rest else ("reply", int(line[:3]), len(codes))
    return "more", 0, 0


PIECES = st.lists(
    st.sampled_from([b"250", b"550", b"25", b"999", b"-", b" ", b"ok", b"\r\n", b"\n", b"\r"])
    | st.binary(max_size=3),
    max_size=12,
).map(b"".join)


@given(data=PIECES, cut=st.integers(0, 40))
def test_the_parser_agrees_with_a_slow_reading_however_bytes_are_cut(data: bytes, cut: int) -> None:
    parser, outcome = ReplyParser(), ("more", 0, 0)
    try:
        for part in (data[:cut], data[cut:]):
            reply = parser.feed(part)
            if reply is not None and outcome[0] == "reply":
                outcome = ("fault", 0, 0)
            elif reply is not None:
                outcome = ("reply", reply.code, len(reply.lines))
            elif part and outcome[0] == "reply":
                outcome = ("fault", 0, 0)
    except ReplyError:
        outcome = ("fault", 0, 0)
    assert outcome == reference(data)


@given(st.binary(max_size=200))
def test_no_bytes_leave_a_control_character_in_the_text(raw: bytes) -> None:
    assert readable(raw).isprintable() or readable(raw) == ""
    assert len(readable(raw)) <= 4 * len(raw)


@pytest.mark.parametrize(
    ("diagnostic", "code", "enhanced"),
    [
        ("550 5.1.1 user unknown", 550, "5.1.1"),
        ("550-5.1.1 user 550 5.1.1 unknown", 550, "5.1.1"),
        ("421", 421, None),
    ],
)
def test_a_quoted_reply_is_read(diagnostic: str, code: int, enhanced: str | None) -> None:
    reply = reply_of_diagnostic(diagnostic)
    assert reply is not None
    assert (reply.code, reply.enhanced) == (code, enhanced)


@pytest.mark.parametrize("diagnostic", ["", "no code", "999 x", "5.1.1 user unknown"])
def test_a_diagnostic_without_a_code_is_no_reply(diagnostic: str) -> None:
    assert reply_of_diagnostic(diagnostic) is None
